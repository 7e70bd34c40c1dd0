//! What a scorecard file says of itself, in the terms of a manifest.

use super::load::{Binned, Bins, Scorecard};
use crate::domain::model::{
    Band, Calibration, FeatureKind, FeatureSpec, Manifest, MissingPolicy, Scale, Scaling, Target,
};

impl Scorecard {
    /// Fills in what the file says: features, target, calibration, and scaling.
    pub(in crate::engine) fn fill_in(&self, manifest: &mut Manifest) {
        manifest.features = self.characteristics.iter().map(feature_of).collect();
        manifest.target =
            Some(Target { definition: self.target.definition.clone(), horizon_months: self.target.horizon_months });
        // The file's intercept is added to the log odds of good, a manifest's to those of the event.
        manifest.calibration =
            Calibration::Platt { intercept: 0.0 - self.calibration.intercept, slope: self.calibration.slope };
        let band = |one: &super::file::Band| Band { band: one.band.clone(), min_score: one.min_score };
        manifest.scaling = Some(Scaling {
            scale: Scale::LogOdds {
                base_score: self.scaling.base_score,
                base_odds: self.scaling.base_odds,
                pdo: self.scaling.pdo,
            },
            min_score: self.scaling.min_score,
            max_score: self.scaling.max_score,
            bands: self.bands.iter().map(band).collect(),
        });
    }

    /// The bounds between the attributes of the number at a place, rising; nothing for what is no number.
    pub(in crate::engine) fn attribute_cuts(&self, at: usize) -> Option<Vec<f64>> {
        match &self.characteristics.get(at)?.bins {
            Bins::Number(bins) => {
                Some(bins.iter().map(|(below, _)| *below).filter(|below| below.is_finite()).collect())
            }
            Bins::Category(_) | Bins::Flag(..) => None,
        }
    }
}

fn feature_of(from: &Binned) -> FeatureSpec {
    let (kind, values) = match &from.bins {
        Bins::Number(_) => (FeatureKind::Number, Vec::new()),
        Bins::Category(bins) => (FeatureKind::Category, bins.iter().map(|(value, _)| value.clone()).collect()),
        Bins::Flag(..) => (FeatureKind::Flag, Vec::new()),
    };
    // A scorecard lets a range stand with any type; it means something for numbers only.
    let bound = |bound: f64| Some(bound).filter(|bound| bound.is_finite() && kind == FeatureKind::Number);
    FeatureSpec {
        name: from.name.clone(),
        input: None,
        kind,
        min: bound(from.range.0),
        max: bound(from.range.1),
        values,
        missing: if from.missing.is_some() { MissingPolicy::Accept } else { MissingPolicy::Refuse },
        description: from.description.clone(),
        reason: Some(from.reason.clone()),
    }
}
