//! Training profiles between the contract and the domain. Their rules are held by whoever loads the model.

use super::proto::risk as proto;
use crate::domain::{
    model::{FeatureKind, FeatureProfile, FeatureSpec, NumberProfile, TrainingProfile},
    refusal::Violations,
};

/// The most features or bins that are even looked at; the rules allow fewer.
const MAX_LOOKED_AT: usize = 10_000;

/// A message as a profile. Counts below 0 are noted.
pub(super) fn profile(from: proto::TrainingProfile, violations: &mut Violations) -> TrainingProfile {
    let part = "header.manifest.profile";
    if from.features.len() > MAX_LOOKED_AT {
        violations.add(format!("{part}.features"), "must have at most 256 entries");
    }
    let features = from.features.into_iter().take(MAX_LOOKED_AT).enumerate();
    TrainingProfile {
        rows: count(&format!("{part}.rows"), from.rows, violations),
        scores: number(&format!("{part}.scores"), from.scores.unwrap_or_default(), violations),
        features: features.map(|(at, one)| feature(&format!("{part}.features[{at}]"), one, violations)).collect(),
    }
}

fn number(part: &str, from: proto::NumberProfile, violations: &mut Violations) -> NumberProfile {
    NumberProfile { below: from.below, rows: counts(&format!("{part}.rows"), &from.rows, violations) }
}

fn feature(part: &str, from: proto::FeatureProfile, violations: &mut Violations) -> FeatureProfile {
    let missing = count(&format!("{part}.missing_rows"), from.missing_rows, violations);
    let NumberProfile { below, rows } = match from.number {
        Some(given) => {
            if !from.value_rows.is_empty() {
                violations.add(format!("{part}.value_rows"), "must be empty for a number");
            }
            number(&format!("{part}.number"), given, violations)
        }
        None => NumberProfile {
            below: Vec::new(),
            rows: counts(&format!("{part}.value_rows"), &from.value_rows, violations),
        },
    };
    FeatureProfile { feature: from.feature, below, rows, missing }
}

fn counts(field: &str, from: &[i64], violations: &mut Violations) -> Vec<u64> {
    if from.len() > MAX_LOOKED_AT {
        violations.add(field, "has too many entries");
        return Vec::new();
    }
    from.iter().map(|one| count(field, *one, violations)).collect()
}

fn count(field: &str, from: i64, violations: &mut Violations) -> u64 {
    u64::try_from(from).unwrap_or_else(|_| {
        violations.add(field, "must not be negative");
        0
    })
}

/// A profile as the contract has it; also what the command line sends.
pub(super) fn message(from: &TrainingProfile, specs: &[FeatureSpec]) -> proto::TrainingProfile {
    let number = |below: &[f64], rows: &[u64]| proto::NumberProfile { below: below.to_vec(), rows: proto_counts(rows) };
    let is_number = |name: &str| specs.iter().any(|one| one.name == name && one.kind == FeatureKind::Number);
    let feature = |one: &FeatureProfile| {
        // A scorecard's features stand in its file, and not in a manifest that is yet to be sent.
        let as_number = is_number(&one.feature) || !one.below.is_empty();
        proto::FeatureProfile {
            feature: one.feature.clone(),
            number: as_number.then(|| number(&one.below, &one.rows)),
            value_rows: if as_number { Vec::new() } else { proto_counts(&one.rows) },
            missing_rows: proto_count(one.missing),
        }
    };
    proto::TrainingProfile {
        rows: proto_count(from.rows),
        scores: Some(number(&from.scores.below, &from.scores.rows)),
        features: from.features.iter().map(feature).collect(),
    }
}

fn proto_counts(from: &[u64]) -> Vec<i64> {
    from.iter().map(|one| proto_count(*one)).collect()
}

fn proto_count(from: u64) -> i64 {
    i64::try_from(from).unwrap_or(i64::MAX)
}
