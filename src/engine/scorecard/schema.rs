//! Holds features against a scorecard's schema, and finds each characteristic's points.

use super::load::{Binned, Bins, Scorecard};
use crate::domain::{
    features::{FeatureValue, Features, shown},
    refusal::Violations,
};

/// What a characteristic gives for an applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Points {
    pub points: i32,
    pub missing: bool,
}

impl Scorecard {
    /// Finds the points of every characteristic, in the model's order.
    ///
    /// # Errors
    /// Every feature that is unknown, of another type, out of range, or missing where it must not be: all at once.
    pub(super) fn points_of(&self, features: &Features) -> Result<Vec<Points>, Violations> {
        let mut violations = Violations::default();
        for (name, _) in features.iter() {
            if !self.characteristics.iter().any(|one| one.name == name) {
                violations.add(format!("features.{}", shown(name)), "is not a feature of the model");
            }
        }
        let mut points = Vec::with_capacity(self.characteristics.len());
        for one in &self.characteristics {
            match one.points_of(features.get(&one.name)) {
                Ok(found) => points.push(found),
                Err(why) => violations.add(format!("features.{}", one.name), why),
            }
        }
        if violations.is_empty() { Ok(points) } else { Err(violations) }
    }
}

impl Binned {
    fn points_of(&self, value: Option<&FeatureValue>) -> Result<Points, String> {
        let points = match (value, &self.bins) {
            (None, _) => {
                return match self.missing {
                    Some(points) => Ok(Points { points, missing: true }),
                    None => Err("is required by the model".to_owned()),
                };
            }
            (Some(FeatureValue::Number(number)), Bins::Number(bins)) => {
                let (min, max) = self.range;
                if !(min..=max).contains(number) {
                    return Err(format!("must be {min} to {max}"));
                }
                bins.iter().find(|(below, _)| number < below).map(|(_, points)| *points)
            }
            (Some(FeatureValue::Text(text)), Bins::Category(bins)) => {
                bins.iter().find(|(value, _)| value == text).map(|(_, points)| *points)
            }
            (Some(FeatureValue::Flag(flag)), Bins::Flag(no, yes)) => Some(if *flag { *yes } else { *no }),
            (Some(_), Bins::Number(_)) => return Err("must be a number".to_owned()),
            (Some(_), Bins::Category(_)) => return Err("must be a text".to_owned()),
            (Some(_), Bins::Flag(..)) => return Err("must be true or false".to_owned()),
        };
        match points {
            Some(points) => Ok(Points { points, missing: false }),
            None => Err("is not one of the model's values".to_owned()),
        }
    }
}
