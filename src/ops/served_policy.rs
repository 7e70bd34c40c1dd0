//! STANDIN
use super::App;
use crate::{
    domain::{fraud::Scene, ids::TenantId, refusal::Refusal},
    engine::CompiledPolicy,
    state::ServedPolicy,
};
use std::sync::Arc;
#[allow(clippy::unused_async)]
pub(super) async fn served_policy(_: &App, _: &TenantId, _: &Scene) -> Result<Arc<ServedPolicy>, Refusal> {
    Ok(Arc::new(ServedPolicy {
        name: "fraudPolicies/platform/versions/1".to_owned(),
        digest: String::new(),
        policy: CompiledPolicy::new(),
        model: None,
        lists: vec![],
    }))
}
