//! A scorecard file as a model: what it adds up on is points, and a verdict's raw output is the log odds of default that
//! they stand for.

use super::{Body, Prediction};
use crate::{
    domain::{
        credit::{CreditScore, Language},
        features::Features,
        model::{Calibration, Manifest, ModelKind},
        refusal::Violations,
        risk::{Explanation, FeatureContribution, Points, RiskReason, RiskVerdict},
    },
    engine::{Link, Scorecard},
};

/// Whether a file means to be a scorecard: it is a text that begins as a JSON object, and names the format.
pub(super) fn is_scorecard(file: &[u8]) -> bool {
    file.trim_ascii_start().starts_with(b"{")
        && std::str::from_utf8(file).is_ok_and(|text| text.contains("\"riskport.scorecard/"))
}

/// Loads a scorecard, and fills in what it says of itself. A manifest that was filled in before is taken again.
pub(super) fn load(file: &[u8], mut manifest: Manifest) -> Result<(Manifest, Body), Violations> {
    let mut violations = Violations::default();
    if manifest.kind != ModelKind::Credit {
        violations.add("manifest.kind", "must be credit for a scorecard file");
    }
    let card = match Scorecard::load(file) {
        Ok(card) => card,
        Err(error) => {
            violations.join(manifest.check_words());
            violations.add("file", error.to_string());
            return Err(violations);
        }
    };
    let given = manifest.clone();
    card.fill_in(&mut manifest);
    for (field, differs) in [
        ("manifest.features", !given.features.is_empty() && given.features != manifest.features),
        ("manifest.target", given.target.is_some() && given.target != manifest.target),
        ("manifest.calibration", given.calibration != Calibration::None && given.calibration != manifest.calibration),
        ("manifest.scaling", given.scaling.is_some() && given.scaling != manifest.scaling),
    ] {
        if differs {
            violations.add(field, "must be absent, or what the scorecard file says");
        }
    }
    violations.join(manifest.check());
    if violations.is_empty() { Ok((manifest, Body::Scorecard(Box::new(card)))) } else { Err(violations) }
}

/// The log odds of default that points stand for, before calibration.
fn raw_of(card: &Scorecard, points: i32) -> f64 {
    0.0 - card.ln_odds_good(points)
}

/// What points add to the log odds of default.
fn raw_share(card: &Scorecard, points: i32) -> f64 {
    (0.0 - f64::from(points)) / card.factor()
}

fn prediction_of(card: &Scorecard, score: &CreditScore) -> Prediction {
    let raw = raw_of(card, score.score - score.clamp_points);
    let prediction = Link::Logistic { steepness: 1.0 }.apply(raw);
    Prediction { raw, prediction, probability: Some(score.probability_of_default) }
}

pub(super) fn predict(card: &Scorecard, features: &Features) -> Result<Prediction, Violations> {
    Ok(prediction_of(card, &card.score(features, Language::English)?))
}

pub(super) fn verdict(card: &Scorecard, features: &Features, language: Language) -> Result<RiskVerdict, Violations> {
    let score = card.score(features, language)?;
    let Prediction { raw, prediction, probability } = prediction_of(card, &score);
    let contribution = |one: crate::domain::credit::Contribution| FeatureContribution {
        feature: one.characteristic,
        value: raw_share(card, one.points),
        missing: one.missing,
    };
    let reason = |one: crate::domain::credit::Reason| RiskReason {
        code: one.code,
        sentence: one.sentence,
        feature: one.characteristic,
        contribution: f64::from(one.points_lost) / card.factor(),
    };
    let explanation = Explanation {
        base: raw_of(card, score.base_points),
        contributions: score.contributions.into_iter().map(contribution).collect(),
        reasons: score.reasons.into_iter().map(reason).collect(),
        other: f64::from(score.other_points_lost) / card.factor(),
    };
    Ok(RiskVerdict {
        raw,
        prediction,
        probability,
        points: Some(Points { score: score.score, clamp_points: score.clamp_points, band: score.band }),
        explanation: Some(explanation),
    })
}
