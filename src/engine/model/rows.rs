//! Rows: features in the manifest's order, as numbers. A number stands as it is, a flag is 1 or 0, a category its place in
//! the manifest's list, and what is missing is NaN.

use std::collections::HashMap;

use super::{Body, Bound, Model, Prediction, card};
use crate::domain::{
    features::{FeatureValue, Features, shown},
    model::{FeatureKind, FeatureSpec, Manifest, MissingPolicy},
    refusal::{MAX_VIOLATIONS, Violations},
};

/// The place of each text of each category, for finding it.
#[allow(clippy::cast_precision_loss, reason = "a category has at most 1000 texts")]
pub(super) fn places(manifest: &Manifest) -> Vec<HashMap<String, f64>> {
    let places =
        |one: &FeatureSpec| one.values.iter().enumerate().map(|(at, text)| (text.clone(), at as f64)).collect();
    manifest.features.iter().map(places).collect()
}

impl Model {
    /// What is wrong with features for this model: every one that is unknown, of another type, out of range, or missing
    /// where it must not be.
    #[must_use]
    pub fn misfits(&self, features: &Features) -> Violations {
        self.row_of(features).err().unwrap_or_default()
    }

    /// The row of features.
    ///
    /// # Errors
    /// See [`Self::misfits`].
    pub fn row_of(&self, features: &Features) -> Result<Vec<f64>, Violations> {
        let mut violations = Violations::default();
        // Counting takes a search for each feature, naming the unknown ones one for each pair: only when there are any.
        let known = self.manifest.features.iter().filter(|one| features.get(&one.name).is_some()).count();
        if known < features.iter().count() {
            for (name, _) in features.iter().filter(|(name, _)| !self.has_feature(name)) {
                violations.add(format!("features.{}", shown(name)), "is not a feature of the model");
            }
        }
        let mut row = Vec::with_capacity(self.manifest.features.len());
        for (one, places) in self.manifest.features.iter().zip(&self.places) {
            match number_of(one, places, features.get(&one.name)) {
                Ok(number) => row.push(number),
                Err(why) => violations.add(format!("features.{}", one.name), why),
            }
        }
        if violations.is_empty() { Ok(row) } else { Err(violations) }
    }

    fn has_feature(&self, name: &str) -> bool {
        self.manifest.features.iter().any(|one| one.name == name)
    }

    /// What is wrong with rows that lie one after the other: each cell as `rows[{row}].{feature}`.
    #[must_use]
    pub fn check_rows(&self, rows: &[f64]) -> Violations {
        let mut violations = Violations::default();
        let width = self.manifest.features.len();
        if !rows.len().is_multiple_of(width) {
            violations.add("rows", format!("must have {width} values each"));
            return violations;
        }
        for (at, row) in rows.chunks_exact(width).enumerate() {
            for (one, value) in self.manifest.features.iter().zip(row) {
                if let Err(why) = check_cell(one, *value) {
                    violations.add(format!("rows[{at}].{}", one.name), why);
                }
            }
            if violations.as_slice().len() >= MAX_VIOLATIONS {
                break;
            }
        }
        violations
    }

    /// Predicts for rows that lie one after the other: the same bits as [`Self::evaluate`] gives for the same features.
    ///
    /// # Errors
    /// See [`Self::check_rows`]; or `rows[{row}]`, when the model's output for it is not finite.
    pub fn predict(&self, rows: &[f64]) -> Result<Vec<Prediction>, Violations> {
        let mut violations = self.check_rows(rows);
        if !violations.is_empty() {
            return Err(violations);
        }
        let width = self.manifest.features.len();
        let predictions: Vec<Prediction> = match &self.body {
            Body::Scorecard(card) => {
                let each = rows.chunks_exact(width).map(|row| card::predict(card, &self.features_of(row)));
                each.collect::<Result<_, _>>()?
            }
            Body::Predictor(bound) => {
                let inputs: Vec<f64> = rows.chunks_exact(width).flat_map(|row| bound.inputs_of(row)).collect();
                bound.predictor.raw_batch(&inputs).into_iter().map(|raw| self.prediction(bound, raw)).collect()
            }
        };
        for (at, _) in predictions.iter().enumerate().filter(|(_, one)| !one.is_finite()) {
            violations.add(format!("rows[{at}]"), NOT_FINITE);
        }
        if violations.is_empty() { Ok(predictions) } else { Err(violations) }
    }

    /// The features of a row that was checked.
    fn features_of(&self, row: &[f64]) -> Features {
        let mut features = Features::default();
        for (one, value) in self.manifest.features.iter().zip(row).filter(|(_, value)| !value.is_nan()) {
            let value = match one.kind {
                FeatureKind::Number => FeatureValue::Number(*value),
                FeatureKind::Flag => FeatureValue::Flag(*value != 0.0),
                FeatureKind::Category => FeatureValue::Text(place(one, *value).cloned().unwrap_or_default()),
            };
            // A checked value keeps the limits of features.
            let _ = features.insert(&one.name, value);
        }
        features
    }
}

/// What is said of an output that is infinite or NaN.
pub(super) const NOT_FINITE: &str = "the model's output for these values is not a finite number";

impl Bound {
    /// The row in the order and the codes of the file.
    pub(super) fn inputs_of(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        self.feature_of.iter().map(|&at| match &self.codes[at] {
            Some(codes) if !row[at].is_nan() => code_at(codes, row[at]),
            _ => row[at],
        })
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place is a small whole number")]
fn code_at(codes: &[f64], place: f64) -> f64 {
    codes.get(place as usize).copied().unwrap_or(f64::NAN)
}

/// The text at a place in a category's list; nothing when there is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number from 0")]
fn place(one: &FeatureSpec, value: f64) -> Option<&String> {
    if value >= 0.0 && value.fract() == 0.0 { one.values.get(value as usize) } else { None }
}

/// The number of a feature's value, or why it does not fit.
fn number_of(one: &FeatureSpec, places: &HashMap<String, f64>, value: Option<&FeatureValue>) -> Result<f64, String> {
    match (value, one.kind) {
        (None, _) => check_cell(one, f64::NAN).map(|()| f64::NAN),
        (Some(FeatureValue::Number(number)), FeatureKind::Number) => check_cell(one, *number).map(|()| *number),
        (Some(FeatureValue::Text(text)), FeatureKind::Category) => {
            places.get(text).copied().ok_or_else(|| "is not one of the model's values".to_owned())
        }
        (Some(FeatureValue::Flag(flag)), FeatureKind::Flag) => Ok(if *flag { 1.0 } else { 0.0 }),
        (Some(_), FeatureKind::Number) => Err("must be a number".to_owned()),
        (Some(_), FeatureKind::Category) => Err("must be a text".to_owned()),
        (Some(_), FeatureKind::Flag) => Err("must be true or false".to_owned()),
    }
}

/// Why a number in a row does not fit its feature.
fn check_cell(one: &FeatureSpec, value: f64) -> Result<(), String> {
    if value.is_nan() {
        return match one.missing {
            MissingPolicy::Accept => Ok(()),
            MissingPolicy::Refuse => Err("is required by the model".to_owned()),
        };
    }
    match one.kind {
        FeatureKind::Number if value.is_infinite() => Err("must be a finite number".to_owned()),
        FeatureKind::Number => {
            let (min, max) = (one.min.unwrap_or(f64::NEG_INFINITY), one.max.unwrap_or(f64::INFINITY));
            if (min..=max).contains(&value) { Ok(()) } else { Err(format!("must be {min} to {max}")) }
        }
        FeatureKind::Category if place(one, value).is_none() => Err("is not one of the model's values".to_owned()),
        FeatureKind::Flag if ![0.0, 1.0].contains(&value) => Err("must be 0 or 1".to_owned()),
        FeatureKind::Category | FeatureKind::Flag => Ok(()),
    }
}
