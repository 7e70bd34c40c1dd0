//! The rules of a scaling.

use super::{
    Band, ModelKind, Scale, Scaling,
    check::{MAX_FIGURE, check_figure},
};
use crate::domain::{refusal::Violations, text};

/// The largest score, and its negative the lowest.
const MAX_SCORE: i32 = 1_000_000;
/// The most bands.
const MAX_BANDS: usize = 64;

impl Scaling {
    pub(super) fn check(&self, violations: &mut Violations, kind: ModelKind) {
        match &self.scale {
            Scale::LogOdds { base_score, base_odds, pdo } => {
                check_figure(violations, "manifest.scaling.log_odds.base_score", *base_score);
                for (name, value) in [("base_odds", base_odds), ("pdo", pdo)] {
                    if !(1.0 / MAX_FIGURE..=MAX_FIGURE).contains(value) {
                        violations.add(format!("manifest.scaling.log_odds.{name}"), "must be 1e-9 to 1e9");
                    }
                }
            }
            Scale::Linear { at_zero, at_one } => {
                check_figure(violations, "manifest.scaling.linear.at_zero", *at_zero);
                check_figure(violations, "manifest.scaling.linear.at_one", *at_one);
                // A credit score is higher for the safer, every other for the riskier.
                let wrong = match kind {
                    ModelKind::Credit => (at_one >= at_zero).then_some("must be below at_zero for a credit model"),
                    _ => (at_one <= at_zero).then_some("must be above at_zero, but for a credit model"),
                };
                if let Some(rule) = wrong.filter(|_| at_one.is_finite()) {
                    violations.add("manifest.scaling.linear.at_one", rule);
                }
            }
        }
        for (name, score) in [("min_score", self.min_score), ("max_score", self.max_score)] {
            if !(-MAX_SCORE..=MAX_SCORE).contains(&score) {
                violations.add(format!("manifest.scaling.{name}"), "must be -1000000 to 1000000");
            }
        }
        if self.min_score >= self.max_score {
            violations.add("manifest.scaling.max_score", "must be above min_score");
        }
        check_bands(violations, &self.bands, self.min_score);
    }
}

fn check_bands(violations: &mut Violations, bands: &[Band], min_score: i32) {
    let field = "manifest.scaling.bands";
    if bands.is_empty() || bands.len() > MAX_BANDS {
        violations.add(field, format!("must have 1 to {MAX_BANDS} entries"));
        return;
    }
    for (at, band) in bands.iter().enumerate() {
        violations.take(&format!("{field}[{at}].band"), text::token(&band.band, 1, 16, "+-"));
        if at > 0 && bands[at - 1].min_score <= band.min_score {
            violations.add(format!("{field}[{at}].min_score"), "must be below that of the band before");
        } else if at + 1 == bands.len() && band.min_score != min_score {
            violations.add(format!("{field}[{at}].min_score"), "must be the lowest score, for it is the last band");
        }
    }
}
