//! Where values are cut into bins: as the training profile says, or else by what the schema says of them.

use crate::domain::model::{FeatureKind, FeatureProfile, FeatureSpec, Manifest};

/// Into how many parts a range is cut where there is no profile.
const PARTS: u32 = 10;
/// Where probabilities are cut where there is no profile.
const PROBABILITY_CUTS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5];

/// The bins of a version's scores and features.
#[derive(Debug, Clone, PartialEq)]
pub struct Binning {
    /// Of scores, which are never missing.
    pub scores: Bins,
    /// Of each feature, in the manifest's order.
    pub features: Vec<Bins>,
}

/// The bins of one thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Bins {
    /// Neither the profile nor the schema says where to cut.
    None,
    /// Numbers: a bin takes what is below its cut and not below the one before; the last takes the rest.
    Cuts(Vec<f64>),
    /// The texts of a category, or false and true.
    Values(Vec<String>),
}

impl Bins {
    /// How many bins there are, the one for missing values among them; none for what is not cut.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Cuts(cuts) => cuts.len() + 2,
            Self::Values(values) => values.len() + 1,
        }
    }

    /// The bin of a value; the last one when it is missing, that is NaN. Not for what is not cut.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the place in a list of texts")]
    pub fn bin(&self, value: f64) -> usize {
        match self {
            _ if value.is_nan() => self.count().saturating_sub(1),
            Self::None => 0,
            Self::Cuts(cuts) => cuts.partition_point(|cut| value >= *cut),
            Self::Values(_) => value as usize,
        }
    }

    /// What falls in each bin, for people; the last is `missing`.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = match self {
            Self::None => return Vec::new(),
            Self::Values(values) => values.clone(),
            Self::Cuts(cuts) => {
                let first = cuts.first().map(|cut| format!("< {cut}"));
                let between = cuts.windows(2).map(|pair| format!("{} - {}", pair[0], pair[1]));
                let last = cuts.last().map_or_else(|| "any".to_owned(), |cut| format!(">= {cut}"));
                first.into_iter().chain(between).chain([last]).collect()
            }
        };
        labels.push("missing".to_owned());
        labels
    }
}

impl Binning {
    /// The bins that a manifest says.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let profile = manifest.profile.as_ref();
        let scores = match (profile, &manifest.scaling) {
            (Some(profile), _) => profile.scores.below.clone(),
            (None, Some(scaling)) => equal_parts(f64::from(scaling.min_score), f64::from(scaling.max_score)),
            (None, None) => PROBABILITY_CUTS.into(),
        };
        let profile_of = |spec: &FeatureSpec| profile?.features.iter().find(|one| one.feature == spec.name);
        let features = manifest.features.iter().map(|spec| feature_bins(spec, profile_of(spec))).collect();
        Self { scores: Bins::Cuts(scores), features }
    }
}

fn feature_bins(spec: &FeatureSpec, profile: Option<&FeatureProfile>) -> Bins {
    match (spec.kind, profile, spec.min.zip(spec.max)) {
        (FeatureKind::Category, ..) => Bins::Values(spec.values.clone()),
        (FeatureKind::Flag, ..) => Bins::Values(["false", "true"].map(str::to_owned).into()),
        (FeatureKind::Number, Some(profile), _) => Bins::Cuts(profile.below.clone()),
        (FeatureKind::Number, None, Some((min, max))) => Bins::Cuts(equal_parts(min, max)),
        (FeatureKind::Number, None, None) => Bins::None,
    }
}

/// The cuts of a range into equal parts.
fn equal_parts(min: f64, max: f64) -> Vec<f64> {
    let mut cuts: Vec<f64> = (1..PARTS)
        .map(|at| min + (max - min) * (f64::from(at) / f64::from(PARTS)))
        .filter(|cut| cut.is_finite())
        .collect();
    // A range that is narrower than its numbers can tell apart has fewer.
    cuts.dedup();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_in_the_bin_below_whose_cut_it_is() {
        let bins = Bins::Cuts(vec![3.0, 7.5]);
        let placed = [2.9, 3.0, 7.4, 7.5, 1e9, f64::NAN].map(|value| bins.bin(value));
        assert_eq!(placed, [0, 1, 1, 2, 2, 3]);
        assert_eq!(bins.labels(), ["< 3", "3 - 7.5", ">= 7.5", "missing"]);
        let flags = Bins::Values(["false", "true"].map(str::to_owned).into());
        assert_eq!([0.0, 1.0, f64::NAN].map(|value| flags.bin(value)), [0, 1, 2]);
    }
}
