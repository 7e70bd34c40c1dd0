//! The training profile: how features and scores fell in training, which later decisions are compared with.

use serde::{Deserialize, Serialize};

use super::{FeatureKind, FeatureSpec};
use crate::domain::refusal::Violations;

/// The most cuts of one number.
pub const MAX_CUTS: usize = 49;
/// The most rows of a profile, so that no sum of them can pass 64 bits.
const MAX_ROWS: u64 = 1_000_000_000;

/// How features and scores fell in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingProfile {
    /// How many rows there were.
    pub rows: u64,
    /// How the scores fell: points before they are clamped, or probabilities, or predictions.
    pub scores: NumberProfile,
    /// How features fell, in the manifest's order; not all need be here.
    #[serde(default)]
    pub features: Vec<FeatureProfile>,
}

/// How numbers fell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberProfile {
    /// Where the bins are cut, rising: a bin takes what is below its cut and not below the one before.
    pub below: Vec<f64>,
    /// The rows in each bin: one more than cuts.
    pub rows: Vec<u64>,
}

/// How one feature fell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureProfile {
    /// Its name.
    pub feature: String,
    /// Of a number: where its bins are cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<f64>,
    /// The rows in each bin of a number; of each text of a category, in the schema's order; or of false and true of a flag.
    pub rows: Vec<u64>,
    /// The rows in which it was missing.
    #[serde(default)]
    pub missing: u64,
}

impl TrainingProfile {
    /// Notes every field that breaks a rule, by its path in the contract.
    pub(super) fn check(&self, violations: &mut Violations, features: &[FeatureSpec]) {
        let part = "manifest.profile";
        if !(1..=MAX_ROWS).contains(&self.rows) {
            violations.add(format!("{part}.rows"), format!("must be 1 to {MAX_ROWS}"));
        }
        let scores = format!("{part}.scores");
        check_cuts(violations, &scores, &self.scores.below);
        check_rows(violations, &scores, &self.scores.rows, self.scores.below.len() + 1);
        self.check_sum(violations, &format!("{scores}.rows"), &self.scores.rows, 0);
        let mut from = 0;
        for (at, one) in self.features.iter().enumerate() {
            let field = format!("{part}.features[{at}]");
            let Some(found) = features.iter().skip(from).position(|spec| spec.name == one.feature) else {
                violations.add(format!("{field}.feature"), "must be a feature of the manifest, in its order");
                continue;
            };
            from += found + 1;
            one.check(violations, &field, &features[from - 1]);
            self.check_sum(violations, &format!("{field}.missing_rows"), &one.rows, one.missing);
        }
    }

    fn check_sum(&self, violations: &mut Violations, field: &str, rows: &[u64], missing: u64) {
        let sum = rows.iter().try_fold(missing, |sum, rows| sum.checked_add(*rows));
        if sum != Some(self.rows) {
            violations.add(field, "all rows together must be the profile's");
        }
    }
}

impl FeatureProfile {
    fn check(&self, violations: &mut Violations, field: &str, spec: &FeatureSpec) {
        let (rows, bins) = match spec.kind {
            FeatureKind::Number => {
                check_cuts(violations, &format!("{field}.number"), &self.below);
                ("number", self.below.len() + 1)
            }
            FeatureKind::Category => ("value_rows", spec.values.len()),
            FeatureKind::Flag => ("value_rows", 2),
        };
        if spec.kind != FeatureKind::Number && !self.below.is_empty() {
            violations.add(format!("{field}.number"), "is for numbers only");
        }
        check_rows(violations, &format!("{field}.{rows}"), &self.rows, bins);
    }
}

fn check_cuts(violations: &mut Violations, part: &str, below: &[f64]) {
    let field = format!("{part}.below");
    if below.len() > MAX_CUTS {
        violations.add(field, format!("must have at most {MAX_CUTS} entries"));
    } else if below.iter().any(|cut| !cut.is_finite()) || below.windows(2).any(|pair| pair[0] >= pair[1]) {
        violations.add(field, "must be finite numbers, rising");
    }
}

fn check_rows(violations: &mut Violations, part: &str, rows: &[u64], bins: usize) {
    if rows.len() != bins {
        violations.add(format!("{part}.rows"), format!("must have {bins} entries"));
    }
}
