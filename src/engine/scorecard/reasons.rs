//! Why a score is not higher: the largest shortfalls against the best attribute.
//!
//! The best attribute is the yardstick, not the average one: what an applicant lost is then never negative, adds up
//! exactly to the best score the model can give, and does not move when the population does.

use super::{
    load::{Binned, Scorecard},
    schema::Points,
};
use crate::domain::credit::{Language, Reason};

/// How many reasons an answer gives at most: what Regulation B's commentary (12 CFR 1002.9) finds useful to a person.
pub(in crate::engine) const MAX_REASONS: usize = 4;

impl Scorecard {
    /// The largest shortfalls, largest first, ties in the model's order; and the sum of those not listed.
    pub(super) fn reasons(&self, points: &[Points], language: Language) -> (Vec<Reason>, i32) {
        let mut lost: Vec<(i32, &Binned, &Points)> = self
            .characteristics
            .iter()
            .zip(points)
            .map(|(one, got)| (one.best - got.points, one, got))
            .filter(|(points_lost, ..)| *points_lost > 0)
            .collect();
        lost.sort_by_key(|(points_lost, ..)| std::cmp::Reverse(*points_lost));
        let other = lost.iter().skip(MAX_REASONS).map(|(points_lost, ..)| points_lost).sum();
        let reason = |(points_lost, one, got): (i32, &Binned, &Points)| {
            let (code, sentence) = one.reason.told(&one.name, got.missing, language);
            Reason { code, sentence, characteristic: one.name.clone(), points_lost }
        };
        (lost.into_iter().take(MAX_REASONS).map(reason).collect(), other)
    }
}
