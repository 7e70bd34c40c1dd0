//! Stub.
#![allow(missing_docs)]
use crate::domain::{model::*, features::Features, credit::*, risk::*, refusal::Violations};
pub struct Model(Manifest);
pub struct Prediction { pub raw: f64, pub prediction: f64, pub probability: Option<f64> }
impl Model {
    pub fn load(_: &[u8], m: Manifest) -> Result<Self, Violations> { Ok(Self(m)) }
    pub fn manifest(&self) -> &Manifest { &self.0 }
    pub fn format(&self) -> &'static str { "" }
    pub fn digest(&self) -> &str { "" }
    pub fn manifest_digest(&self) -> &str { "" }
    pub fn engine_version(&self) -> &'static str { "" }
    pub fn misfits(&self, _: &Features) -> Violations { Violations::default() }
    pub fn evaluate(&self, _: &Features, _: Language) -> Result<RiskVerdict, Violations> { Err(Violations::default()) }
    pub fn credit_score(&self, _: &Features, _: Language) -> Result<CreditScore, Violations> { Err(Violations::default()) }
    pub fn gives_credit_scores(&self) -> bool { false }
    pub fn reproduce(&self, _: &[(Features, f64)], _: f64) -> Result<Reproduction, Violations> { Err(Violations::default()) }
    pub fn check_rows(&self, _: &[f64]) -> Violations { Violations::default() }
    pub fn predict(&self, _: &[f64]) -> Vec<Prediction> { Vec::new() }
}
