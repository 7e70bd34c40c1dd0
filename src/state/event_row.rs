//! How the row of a model of fraud follows from the features of an event.

use super::fraud::FeatureVector;
use crate::domain::{
    fraud::{Catalogue, FeatureType},
    model::{FeatureKind, FeatureSpec, Manifest, MissingPolicy, ModelKind},
};

/// Of each feature of a model, what it is of an event.
pub struct EventRow(Vec<Cell>);

/// One cell of a row.
struct Cell {
    /// Its place in the catalogue of events' features.
    at: usize,
    /// Of a category, the place in the model's list of each text of the catalogue's; empty for other features.
    places: Vec<f64>,
}

impl EventRow {
    /// How the row of a model follows. Nothing when it cannot score events: it is of another kind, gives no score within
    /// 0-1,000, or has a feature that events have not, or that may not be missing or is bounded.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let scored = manifest.scaling.as_ref().is_some_and(|one| one.min_score >= 0 && one.max_score <= 1_000);
        let fits = manifest.kind == ModelKind::Fraud && scored;
        fits.then(|| manifest.features.iter().map(Cell::of).collect::<Option<_>>()).flatten().map(Self)
    }

    /// The row of a model for what is known before an event, in the manifest's order; NaN is missing.
    #[must_use]
    pub fn row(&self, vector: &FeatureVector) -> Vec<f64> {
        self.0.iter().map(|cell| cell.value(vector)).collect()
    }
}

impl Cell {
    fn of(spec: &FeatureSpec) -> Option<Self> {
        let catalogue = Catalogue::get();
        let at = catalogue.index_of(&spec.name)?;
        let (kind, texts): (_, &[&str]) = match catalogue.features().get(at)?.kind {
            FeatureType::Int | FeatureType::Double => (FeatureKind::Number, &[]),
            FeatureType::Flag => (FeatureKind::Flag, &[]),
            FeatureType::Category(texts) => (FeatureKind::Category, texts),
        };
        let bounded = spec.min.is_some() || spec.max.is_some() || spec.missing == MissingPolicy::Refuse;
        if spec.kind != kind || bounded {
            return None;
        }
        let place = |text: &&str| spec.values.iter().position(|value| value == *text).map(number);
        Some(Self { at, places: texts.iter().map(place).collect::<Option<_>>()? })
    }

    fn value(&self, vector: &FeatureVector) -> f64 {
        match vector.value(self.at) {
            None => f64::NAN,
            Some(value) if self.places.is_empty() => value,
            Some(value) => self.places.get(place(value)).copied().unwrap_or(f64::NAN),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a category has at most 1000 texts")]
fn number(place: usize) -> f64 {
    place as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place is a small whole number")]
fn place(value: f64) -> usize {
    value as usize
}
