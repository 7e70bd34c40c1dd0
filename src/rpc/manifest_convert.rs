//! Manifests between the contract and the domain. Here it is only made sure that every message says which thing it is; the
//! rules of a manifest are held by whoever loads the model.

use super::{
    parse::known_enum,
    profile_convert,
    proto::{
        credit,
        risk::{self as proto, calibration::Method, score_scaling::Scale as ProtoScale},
    },
};
use crate::domain::{
    model::{
        Band, Calibration, FeatureKind, FeatureSpec, Manifest, Metric, MissingPolicy, ModelCard, ModelKind, ReasonText,
        Scale, Scaling, Target,
    },
    refusal::Violations,
};

/// The most features, isotonic points or values that are even looked at; the rules allow fewer.
const MAX_LOOKED_AT: usize = 10_000;

/// A message as a manifest. Where a part does not say what it is, that is noted, and something stands in its place that
/// breaks no rule: so that all else that is wrong can be told as well.
pub(super) fn manifest(from: proto::ModelManifest, violations: &mut Violations) -> Manifest {
    let kind = violations.take("header.manifest.kind", required_kind(from.kind));
    let features = if from.features.len() > MAX_LOOKED_AT {
        violations.add("header.manifest.features", "must have at most 256 entries");
        Vec::new()
    } else {
        let numbered = from.features.into_iter().enumerate();
        numbered.map(|(at, one)| feature(&format!("header.manifest.features[{at}]"), one, violations)).collect()
    };
    let scaling = from.scaling.map(|scaling| scaling_of(scaling, violations));
    Manifest {
        title: from.title,
        kind: kind.unwrap_or(ModelKind::Generic),
        features,
        target: from.target.map(|one| Target { definition: one.definition, horizon_months: one.horizon_months }),
        calibration: from.calibration.map_or(Calibration::None, |one| calibration_of(one, violations)),
        // Which way its points go is the kind's to say.
        scaling: scaling.filter(|_| kind.is_some()),
        card: from.card.map(card).unwrap_or_default(),
        profile: from.profile.map(|one| profile_convert::profile(one, violations)),
    }
}

fn required_kind(number: i32) -> Result<ModelKind, String> {
    known_enum::<proto::ModelKind>(number).and_then(|one| kind(one).ok_or_else(|| "is required".to_owned()))
}

fn feature(field: &str, from: proto::FeatureSpec, violations: &mut Violations) -> FeatureSpec {
    let kind = known_enum::<proto::FeatureType>(from.r#type).and_then(|one| match one {
        proto::FeatureType::Unspecified => Err("is required".to_owned()),
        proto::FeatureType::Number => Ok(FeatureKind::Number),
        proto::FeatureType::Category => Ok(FeatureKind::Category),
        proto::FeatureType::Flag => Ok(FeatureKind::Flag),
    });
    let missing = known_enum::<proto::MissingPolicy>(from.missing).map(|one| match one {
        proto::MissingPolicy::Unspecified | proto::MissingPolicy::Refuse => MissingPolicy::Refuse,
        proto::MissingPolicy::Accept => MissingPolicy::Accept,
    });
    let (kind, missing) =
        (violations.take(&format!("{field}.type"), kind), violations.take(&format!("{field}.missing"), missing));
    let known = kind.is_some();
    FeatureSpec {
        name: from.name,
        input: (!from.input.is_empty()).then_some(from.input),
        kind: kind.unwrap_or(FeatureKind::Number),
        min: from.min.filter(|_| known),
        max: from.max.filter(|_| known),
        values: if known { from.values } else { Vec::new() },
        missing: missing.unwrap_or_default(),
        description: from.description,
        reason: from.reason.map(|one| ReasonText { code: one.code, en: one.en, zh: one.zh }),
    }
}

fn calibration_of(from: proto::Calibration, violations: &mut Violations) -> Calibration {
    match from.method {
        Some(Method::Platt(one)) => Calibration::Platt { intercept: one.intercept, slope: one.slope },
        Some(Method::Isotonic(one)) => Calibration::Isotonic {
            points: one.points.into_iter().map(|point| (point.prediction, point.probability)).collect(),
        },
        None => {
            violations.add("header.manifest.calibration.method", "is required");
            Calibration::None
        }
    }
}

fn scaling_of(from: proto::ScoreScaling, violations: &mut Violations) -> Scaling {
    let scale = match from.scale {
        Some(ProtoScale::LogOdds(one)) => {
            Scale::LogOdds { base_score: one.base_score, base_odds: one.base_odds, pdo: one.pdo }
        }
        Some(ProtoScale::Linear(one)) => Scale::Linear { at_zero: one.at_zero, at_one: one.at_one },
        None => {
            violations.add("header.manifest.scaling.scale", "is required");
            Scale::LogOdds { base_score: 0.0, base_odds: 1.0, pdo: 1.0 }
        }
    };
    let bands = from.bands.into_iter().map(|one| Band { band: one.band, min_score: one.min_score }).collect();
    Scaling { scale, min_score: from.min_score, max_score: from.max_score, bands }
}

fn card(from: proto::ModelCard) -> ModelCard {
    ModelCard {
        intended_use: from.intended_use,
        training_data: from.training_data,
        limitations: from.limitations,
        owner: from.owner,
        licence: from.licence,
        metrics: from.metrics.into_iter().map(|one| Metric { name: one.name, value: one.value }).collect(),
    }
}

/// A manifest as the contract has it; also what the command line sends.
#[must_use]
pub fn message(from: &Manifest) -> proto::ModelManifest {
    proto::ModelManifest {
        title: from.title.clone(),
        kind: proto_kind(from.kind) as i32,
        features: from.features.iter().map(proto_feature).collect(),
        target: from
            .target
            .as_ref()
            .map(|one| credit::Target { definition: one.definition.clone(), horizon_months: one.horizon_months }),
        calibration: proto_calibration(&from.calibration),
        scaling: from.scaling.as_ref().map(proto_scaling),
        card: Some(proto_card(&from.card)),
        profile: from.profile.as_ref().map(|profile| profile_convert::message(profile, &from.features)),
    }
}

fn proto_feature(from: &FeatureSpec) -> proto::FeatureSpec {
    let kind = match from.kind {
        FeatureKind::Number => proto::FeatureType::Number,
        FeatureKind::Category => proto::FeatureType::Category,
        FeatureKind::Flag => proto::FeatureType::Flag,
    };
    let missing = match from.missing {
        MissingPolicy::Refuse => proto::MissingPolicy::Refuse,
        MissingPolicy::Accept => proto::MissingPolicy::Accept,
    };
    proto::FeatureSpec {
        name: from.name.clone(),
        input: from.input.clone().unwrap_or_default(),
        r#type: kind as i32,
        min: from.min,
        max: from.max,
        values: from.values.clone(),
        missing: missing as i32,
        description: from.description.clone(),
        reason: from.reason.as_ref().map(|one| proto::ReasonText {
            code: one.code.clone(),
            en: one.en.clone(),
            zh: one.zh.clone(),
        }),
    }
}

fn proto_calibration(from: &Calibration) -> Option<proto::Calibration> {
    let method = match from {
        Calibration::None => return None,
        Calibration::Platt { intercept, slope } => {
            Method::Platt(proto::PlattCalibration { intercept: *intercept, slope: *slope })
        }
        Calibration::Isotonic { points } => {
            let point = |(prediction, probability): &(f64, f64)| proto::IsotonicPoint {
                prediction: *prediction,
                probability: *probability,
            };
            Method::Isotonic(proto::IsotonicCalibration { points: points.iter().map(point).collect() })
        }
    };
    Some(proto::Calibration { method: Some(method) })
}

fn proto_scaling(from: &Scaling) -> proto::ScoreScaling {
    let scale = match from.scale {
        Scale::LogOdds { base_score, base_odds, pdo } => {
            ProtoScale::LogOdds(proto::LogOddsScale { base_score, base_odds, pdo })
        }
        Scale::Linear { at_zero, at_one } => ProtoScale::Linear(proto::LinearScale { at_zero, at_one }),
    };
    let band = |one: &Band| proto::ScoreBand { band: one.band.clone(), min_score: one.min_score };
    proto::ScoreScaling {
        scale: Some(scale),
        min_score: from.min_score,
        max_score: from.max_score,
        bands: from.bands.iter().map(band).collect(),
    }
}

fn proto_card(from: &ModelCard) -> proto::ModelCard {
    proto::ModelCard {
        intended_use: from.intended_use.clone(),
        training_data: from.training_data.clone(),
        limitations: from.limitations.clone(),
        owner: from.owner.clone(),
        licence: from.licence.clone(),
        metrics: from
            .metrics
            .iter()
            .map(|one| proto::CardMetric { name: one.name.clone(), value: one.value })
            .collect(),
    }
}

/// What a model is for; nothing for an unspecified kind.
pub(super) fn kind(kind: proto::ModelKind) -> Option<ModelKind> {
    match kind {
        proto::ModelKind::Unspecified => None,
        proto::ModelKind::Credit => Some(ModelKind::Credit),
        proto::ModelKind::Fraud => Some(ModelKind::Fraud),
        proto::ModelKind::Pricing => Some(ModelKind::Pricing),
        proto::ModelKind::Generic => Some(ModelKind::Generic),
    }
}

/// What a model is for, as the contract has it.
pub(super) fn proto_kind(kind: ModelKind) -> proto::ModelKind {
    match kind {
        ModelKind::Credit => proto::ModelKind::Credit,
        ModelKind::Fraud => proto::ModelKind::Fraud,
        ModelKind::Pricing => proto::ModelKind::Pricing,
        ModelKind::Generic => proto::ModelKind::Generic,
    }
}
