//! When a movement is an alarm.

use super::{ChiSquare, Psi, real};

/// The least movement that is worth an alarm, in PSI beyond chance. What is smaller may be real with enough observations, and
/// is too small to act on.
pub const MIN_EXCESS: f64 = 0.05;

/// When a movement of the score or of a feature is an alarm: it is more than chance at this look by both tests of
/// [`Psi`], and large enough to matter.
///
/// The share of false alarms is kept over everything that is looked at together and over all looks, for ever: the level is
/// divided by the number of tests (Bonferroni), and look k spends alpha / (k (k + 1)) of it, which adds up to alpha.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftRule {
    alpha: f64,
    tests: u32,
}

impl DriftRule {
    /// The rule that raises a false alarm in at most a share `alpha` of the models that it watches, each with so many `tests`:
    /// the score and its features. Nothing unless alpha is above 0 and below 1, and there is a test.
    #[must_use]
    pub fn new(alpha: f64, tests: u32) -> Option<Self> {
        (alpha > 0.0 && alpha < 1.0 && tests > 0).then_some(Self { alpha, tests })
    }

    /// The level of one test at a look, the first of which is 1.
    #[must_use]
    pub fn alpha_at(&self, look: u32) -> f64 {
        let look = real(u64::from(look.max(1)));
        self.alpha / f64::from(self.tests) / (look * (look + 1.0))
    }

    /// Whether the movement is an alarm at a look, the first of which is 1.
    #[must_use]
    pub fn is_raised(&self, psi: &Psi, look: u32) -> bool {
        let is_significant = |test: ChiSquare| test.p < self.alpha_at(look);
        psi.homogeneity.is_some_and(is_significant)
            && psi.freeman_tukey.is_some_and(is_significant)
            && psi.movement.value >= MIN_EXCESS
    }
}
