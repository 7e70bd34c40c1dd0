//! The rules of a manifest that need no model file.

use std::collections::HashSet;

use super::{Calibration, FeatureKind, FeatureSpec, Manifest, MissingPolicy, ModelCard, ModelKind, ReasonText, Target};
use crate::domain::{features::MAX_FEATURES, refusal::Violations, text};

/// The largest figure of a scaling or calibration, and its inverse the smallest that must be above 0: far beyond what a
/// model has, and near enough that no probability becomes a NaN on the way.
pub(super) const MAX_FIGURE: f64 = 1e9;
/// The most texts of a category.
const MAX_VALUES: usize = 1_000;
/// The most points of an isotonic calibration.
const MAX_ISOTONIC_POINTS: usize = 1_000;
/// The most figures of a card.
const MAX_METRICS: usize = 32;

impl Manifest {
    /// Every field that breaks a rule, by its path in the contract. A category without texts is let pass here, for a model
    /// file may list them; an engine that has the file knows.
    #[must_use]
    pub fn check(&self) -> Violations {
        let mut violations = self.check_words();
        check_features(&mut violations, &self.features);
        match &self.target {
            Some(target) => check_target(&mut violations, target),
            None if self.kind == ModelKind::Credit => {
                violations.add("manifest.target", "is required for a credit model");
            }
            None => {}
        }
        check_calibration(&mut violations, &self.calibration);
        match &self.scaling {
            Some(scaling) => scaling.check(&mut violations, self.kind),
            None if self.kind == ModelKind::Credit => {
                violations.add("manifest.scaling", "is required for a credit model");
            }
            None => {}
        }
        if let Some(profile) = &self.profile {
            profile.check(&mut violations, &self.features);
        }
        violations
    }

    /// Every field that breaks a rule, of those that no model file says itself: the title and the card.
    #[must_use]
    pub fn check_words(&self) -> Violations {
        let mut violations = Violations::default();
        violations.take("manifest.title", text::plain(&self.title, 1, 200));
        check_card(&mut violations, &self.card);
        violations
    }

    /// Whether every request that fits another manifest fits this one too: it is of the same kind, has the same features
    /// of the same types, and is nowhere stricter. Both must be as their loaded models have them, filled in from the file.
    #[must_use]
    pub fn takes_requests_of(&self, other: &Self) -> bool {
        let takes = |theirs: &FeatureSpec| self.features.iter().any(|ours| ours.takes_values_of(theirs));
        self.kind == other.kind && self.features.len() == other.features.len() && other.features.iter().all(takes)
    }
}

impl FeatureSpec {
    fn takes_values_of(&self, other: &Self) -> bool {
        let range = |one: &Self| (one.min.unwrap_or(f64::NEG_INFINITY), one.max.unwrap_or(f64::INFINITY));
        let ((min, max), (their_min, their_max)) = (range(self), range(other));
        self.name == other.name
            && self.kind == other.kind
            && min <= their_min
            && max >= their_max
            && (self.missing == MissingPolicy::Accept || other.missing == MissingPolicy::Refuse)
            && (self.values == other.values || other.values.iter().all(|value| self.values.contains(value)))
    }
}

/// Notes a number that is not finite, or too large.
pub(super) fn check_figure(violations: &mut Violations, field: &str, value: f64) {
    if !(-MAX_FIGURE..=MAX_FIGURE).contains(&value) {
        violations.add(field, "must be -1e9 to 1e9");
    }
}

fn check_features(violations: &mut Violations, features: &[FeatureSpec]) {
    if features.is_empty() || features.len() > MAX_FEATURES {
        violations.add("manifest.features", format!("must have 1 to {MAX_FEATURES} entries"));
        return;
    }
    let (mut names, mut codes) = (HashSet::new(), HashSet::new());
    for (at, one) in features.iter().enumerate() {
        let part = format!("manifest.features[{at}]");
        let name = format!("{part}.name");
        violations.take(&name, text::token(&one.name, 1, 64, "_"));
        if !names.insert(one.name.as_str()) {
            violations.add(name, "another feature has that name");
        }
        if let Some(input) = &one.input {
            violations.take(&format!("{part}.input"), text::plain(input, 1, 256));
        }
        violations.take(&format!("{part}.description"), text::plain(&one.description, 0, 300));
        check_range(violations, &part, one);
        check_values(violations, &part, one);
        check_reason(violations, &part, one);
        if !codes.insert(one.reason_text().into_owned().code) {
            violations.add(format!("{part}.reason.code"), "another feature has that reason code");
        }
    }
}

fn check_range(violations: &mut Violations, part: &str, one: &FeatureSpec) {
    for (bound, value) in [("min", one.min), ("max", one.max)] {
        let Some(value) = value else { continue };
        if one.kind != FeatureKind::Number {
            violations.add(format!("{part}.{bound}"), "is for numbers only");
        } else if !value.is_finite() {
            violations.add(format!("{part}.{bound}"), "must be a finite number");
        }
    }
    if one.min.zip(one.max).is_some_and(|(min, max)| min > max) {
        violations.add(format!("{part}.max"), "must not be below min");
    }
}

fn check_values(violations: &mut Violations, part: &str, one: &FeatureSpec) {
    let field = format!("{part}.values");
    if one.kind != FeatureKind::Category {
        if !one.values.is_empty() {
            violations.add(field, "is for categories only");
        }
        return;
    }
    if one.values.len() > MAX_VALUES {
        violations.add(field, format!("must have at most {MAX_VALUES} entries"));
        return;
    }
    let mut known = HashSet::new();
    for (at, value) in one.values.iter().enumerate() {
        let field = format!("{field}[{at}]");
        violations.take(&field, text::plain(value, 1, 64));
        if !known.insert(value.as_str()) {
            violations.add(field, "stands twice");
        }
    }
}

fn check_reason(violations: &mut Violations, part: &str, one: &FeatureSpec) {
    let Some(reason) = &one.reason else {
        if one.reason_text().code.ends_with(ReasonText::MISSING_SUFFIX) {
            violations.add(format!("{part}.reason"), "is required: a code made of the name would end in _MISSING");
        }
        return;
    };
    let code = format!("{part}.reason.code");
    let capitals =
        text::token(&reason.code, 1, 64, "_").is_ok() && !reason.code.bytes().any(|one| one.is_ascii_lowercase());
    // Answers give such a code to missing values; a second meaning would break the promise that codes are unique.
    if !capitals || reason.code.ends_with(ReasonText::MISSING_SUFFIX) {
        violations.add(code, "must be 1 to 64 of capitals, digits and _, and must not end in _MISSING");
    }
    violations.take(&format!("{part}.reason.en"), text::plain(&reason.en, 1, 300));
    violations.take(&format!("{part}.reason.zh"), text::plain(&reason.zh, 1, 300));
}

fn check_target(violations: &mut Violations, target: &Target) {
    violations.take("manifest.target.definition", text::plain(&target.definition, 1, 1_000));
    if !(1..=1_200).contains(&target.horizon_months) {
        violations.add("manifest.target.horizon_months", "must be 1 to 1200");
    }
}

fn check_calibration(violations: &mut Violations, calibration: &Calibration) {
    match calibration {
        Calibration::None => {}
        Calibration::Platt { intercept, slope } => {
            check_figure(violations, "manifest.calibration.platt.intercept", *intercept);
            if !(*slope > 0.0 && *slope <= MAX_FIGURE) {
                violations.add("manifest.calibration.platt.slope", "must be above 0 and at most 1e9");
            }
        }
        Calibration::Isotonic { points } => check_isotonic(violations, points),
    }
}

fn check_isotonic(violations: &mut Violations, points: &[(f64, f64)]) {
    let field = "manifest.calibration.isotonic.points";
    if !(2..=MAX_ISOTONIC_POINTS).contains(&points.len()) {
        violations.add(field, format!("must have 2 to {MAX_ISOTONIC_POINTS} entries"));
        return;
    }
    let mut before: Option<(f64, f64)> = None;
    for (at, (prediction, probability)) in points.iter().enumerate() {
        let (below, least) = before.unwrap_or((f64::NEG_INFINITY, 0.0));
        if prediction.abs() > MAX_FIGURE || !prediction.is_finite() {
            violations.add(format!("{field}[{at}].prediction"), "must be -1e9 to 1e9");
        } else if *prediction <= below {
            violations.add(format!("{field}[{at}].prediction"), "must be above that of the point before");
        }
        if !(0.0..=1.0).contains(probability) {
            violations.add(format!("{field}[{at}].probability"), "must be 0 to 1");
        } else if *probability < least {
            violations.add(format!("{field}[{at}].probability"), "must not be below that of the point before");
        }
        before = Some((*prediction, *probability));
    }
}

fn check_card(violations: &mut Violations, card: &ModelCard) {
    for (name, value) in [
        ("intended_use", &card.intended_use),
        ("training_data", &card.training_data),
        ("limitations", &card.limitations),
        ("owner", &card.owner),
        ("licence", &card.licence),
    ] {
        violations.take(&format!("manifest.card.{name}"), text::plain(value, 0, 2_000));
    }
    if card.metrics.len() > MAX_METRICS {
        violations.add("manifest.card.metrics", format!("must have at most {MAX_METRICS} entries"));
        return;
    }
    for (at, metric) in card.metrics.iter().enumerate() {
        violations.take(&format!("manifest.card.metrics[{at}].name"), text::plain(&metric.name, 1, 100));
        if !metric.value.is_finite() {
            violations.add(format!("manifest.card.metrics[{at}].value"), "must be a finite number");
        }
    }
}
