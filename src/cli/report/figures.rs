//! Figures as a person reads them: never without what they rest on.

use prost_types::Timestamp;

use crate::{
    cli::money::count,
    rpc::proto::risk::{Estimate, ScoreUnit},
};

/// The seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// A figure with its interval: `0.767 [0.741, 0.793]`.
pub(super) fn estimate(of: &Estimate) -> String {
    match (of.low, of.high) {
        (Some(low), Some(high)) => format!("{:.3} [{low:.3}, {high:.3}]", of.value),
        _ => format!("{:.3}", of.value),
    }
}

/// A share with its interval: `12.3 % [10.1, 14.9]`; a dash when there is none.
pub(super) fn share(of: Option<&Estimate>) -> String {
    match of {
        None => "-".to_owned(),
        Some(Estimate { value, low: Some(low), high: Some(high), .. }) => {
            format!("{} [{:.1}, {:.1}]", percent(*value), low * 100.0, high * 100.0)
        }
        Some(one) => percent(one.value),
    }
}

/// A share: `12.3 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A figure that may be absent, to three decimals.
pub(super) fn decimals(figure: Option<f64>) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.3}"))
}

/// How often chance gives as much.
pub(super) fn chance(p_value: Option<f64>) -> String {
    match p_value {
        None => "-".to_owned(),
        Some(p_value) if p_value < 0.000_1 => "< 0.0001".to_owned(),
        Some(p_value) => format!("{p_value:.4}"),
    }
}

/// A share of counts; none of none is 0.
#[allow(clippy::cast_precision_loss, reason = "a share for a person")]
pub(super) fn part_of(part: i64, all: i64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// So many of something: `1 decision`, `2,000 decisions`.
pub(super) fn so_many(number: i64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A score in its unit.
pub(super) fn score(score: f64, unit: ScoreUnit) -> String {
    match unit {
        ScoreUnit::Points => format!("{score:.0}"),
        ScoreUnit::Probability => format!("{:.2} %", score * 100.0),
        ScoreUnit::Amount | ScoreUnit::Unspecified => format!("{score:.2}"),
    }
}

/// A period by its first and its last day.
pub(super) fn period(start: Option<Timestamp>, end: Option<Timestamp>) -> String {
    let day = |time: Timestamp| time.to_string().get(..10).unwrap_or_default().to_owned();
    let (start, end) = (start.unwrap_or_default(), end.unwrap_or_default());
    let last = Timestamp { seconds: end.seconds - DAY_SECONDS, nanos: 0 };
    let days = (end.seconds - start.seconds) / DAY_SECONDS;
    if days == 1 {
        format!("{} (UTC)", day(start))
    } else {
        format!("{} to {} ({days} days, UTC)", day(start), day(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_say_what_they_rest_on() {
        let whole = Estimate { value: 0.25, low: Some(0.2), high: Some(0.3), decisions: 9 };
        assert_eq!(estimate(&whole), "0.250 [0.200, 0.300]");
        assert_eq!(share(Some(&whole)), "25.0 % [20.0, 30.0]");
        assert_eq!(share(Some(&Estimate { low: None, ..whole })), "25.0 %");
        assert_eq!([chance(Some(0.03)), chance(Some(1e-9)), chance(None)], ["0.0300", "< 0.0001", "-"]);
        assert_eq!(
            (so_many(1, "decision"), so_many(2_000, "decision")),
            ("1 decision".into(), "2,000 decisions".into())
        );
    }

    #[test]
    fn a_period_is_told_by_its_days() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        assert_eq!(period(at(0), at(DAY_SECONDS)), "1970-01-01 (UTC)");
        assert_eq!(period(at(0), at(3 * DAY_SECONDS)), "1970-01-01 to 1970-01-03 (3 days, UTC)");
    }
}
