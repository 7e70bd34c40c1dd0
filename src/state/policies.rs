//! STANDIN
use crate::{
    domain::{
        fraud::{EntityKind, Event},
        ids::ModelId,
        time::Timestamp,
    },
    engine::CompiledPolicy,
};
use std::sync::Arc;
/// P
pub struct ServedPolicy {
    /// n
    pub name: String,
    /// d
    pub digest: String,
    /// p
    pub policy: CompiledPolicy,
    /// m
    pub model: Option<ModelId>,
    /// l
    pub lists: Vec<Arc<ServedList>>,
}
/// L
pub struct ServedList;
impl ServedList {
    /// n
    #[must_use]
    pub fn name(&self) -> &'static str {
        ""
    }
    /// k
    #[must_use]
    pub fn kind(&self) -> EntityKind {
        EntityKind::Ip
    }
    /// r
    #[must_use]
    pub fn revision(&self) -> i64 {
        0
    }
    /// h
    #[must_use]
    pub fn holds(&self, _: &Event, _: Timestamp) -> bool {
        false
    }
}
