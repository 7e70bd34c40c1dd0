//! What is promised, what was measured of it, and whether that is enough.

use std::fmt;

use serde::Serialize;

use crate::cli::load::spread::Spread;

/// What a figure must not pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
    /// Nothing is promised: it is only told.
    Told,
}

/// How much a figure depends on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A count or a share of a count: a promise that holds on any machine, in every round.
    Count,
    /// A time, a rate, a size: it is promised of a quiet machine, and the median of the rounds counts.
    Timing,
}

/// One promise of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Promise {
    scenario: &'static str,
    name: String,
    kind: Kind,
    bound: Bound,
    #[serde(skip)]
    decimals: usize,
}

impl Promise {
    /// A count that must hold in every round.
    pub(super) fn count(scenario: &'static str, name: impl Into<String>, bound: Bound) -> Self {
        Self { scenario, name: name.into(), kind: Kind::Count, bound, decimals: 0 }
    }

    /// A time, rate or size whose median must hold.
    pub(super) fn timing(scenario: &'static str, name: impl Into<String>, bound: Bound, decimals: usize) -> Self {
        Self { scenario, name: name.into(), kind: Kind::Timing, bound, decimals }
    }

    /// Something that is only told.
    pub(super) fn told(scenario: &'static str, name: impl Into<String>, decimals: usize) -> Self {
        Self::timing(scenario, name, Bound::Told, decimals)
    }

    /// With so many decimals.
    pub(super) fn decimals(self, decimals: usize) -> Self {
        Self { decimals, ..self }
    }
}

/// A promise with its figures, one a round.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    promise: Promise,
    rounds: Vec<f64>,
}

/// Whether a promise was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It was.
    Met,
    /// It was not.
    Missed,
    /// Nothing was promised.
    Told,
}

impl Row {
    fn verdict(&self) -> Verdict {
        let Some(Spread { median, least, most }) = Spread::of(self.rounds.iter().copied()) else {
            return Verdict::Missed;
        };
        let (low, high) = match self.promise.kind {
            Kind::Count => (least, most),
            Kind::Timing => (median, median),
        };
        let met = match self.promise.bound {
            Bound::Told => return Verdict::Told,
            Bound::AtMost(bound) => high <= bound,
            Bound::AtLeast(bound) => low >= bound,
        };
        if met { Verdict::Met } else { Verdict::Missed }
    }

    fn figure(&self) -> String {
        let spread = Spread::of(self.rounds.iter().copied());
        spread.map_or_else(
            || "nothing".to_owned(),
            |spread| match self.rounds.len() {
                1 => format!("{:.*}", self.promise.decimals, spread.median),
                _ => spread.told(self.promise.decimals),
            },
        )
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "at most {bound}"),
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
            Self::Told => Ok(()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::Told => "",
        })
    }
}

/// All promises in the order in which their first figures came.
#[derive(Debug, Default)]
pub(super) struct Board {
    rows: Vec<Row>,
}

impl Board {
    /// Adds a round's figure to a promise.
    pub(super) fn add(&mut self, promise: Promise, figure: f64) {
        match self.rows.iter_mut().find(|row| row.promise == promise) {
            Some(row) => row.rounds.push(figure),
            None => self.rows.push(Row { promise, rounds: vec![figure] }),
        }
    }

    /// The rows of a scenario: name, figure, bound, verdict.
    pub(super) fn lines(&self, scenario: &str) -> impl Iterator<Item = [String; 4]> {
        self.rows.iter().filter(move |row| row.promise.scenario == scenario).map(|row| {
            [row.promise.name.clone(), row.figure(), row.promise.bound.to_string(), row.verdict().to_string()]
        })
    }

    /// How many promises of a kind were missed.
    pub(super) fn missed(&self, kind: Kind) -> usize {
        self.rows.iter().filter(|row| row.promise.kind == kind && row.verdict() == Verdict::Missed).count()
    }

    /// Everything, for a program.
    pub(super) fn json(&self) -> Vec<serde_json::Value> {
        let row = |row: &Row| {
            let spread = Spread::of(row.rounds.iter().copied());
            serde_json::json!({
                "row": row,
                "median": spread.map(|spread| spread.median),
                "verdict": row.verdict(),
            })
        };
        self.rows.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(promise: &Promise, figures: &[f64]) -> String {
        let mut board = Board::default();
        for figure in figures {
            board.add(promise.clone(), *figure);
        }
        board.lines("s").next().map(|[.., verdict]| verdict).unwrap_or_default()
    }

    #[test]
    fn a_count_must_hold_in_every_round_and_a_time_by_its_median() {
        let count = Promise::count("s", "failed", Bound::AtMost(0.0));
        assert_eq!(verdict(&count, &[0.0, 0.0, 0.0]), "met");
        assert_eq!(verdict(&count, &[0.0, 1.0, 0.0]), "MISSED");
        let share = Promise::count("s", "success", Bound::AtLeast(99.9));
        assert_eq!(verdict(&share, &[100.0, 99.8, 100.0]), "MISSED");
        let time = Promise::timing("s", "p99", Bound::AtMost(100.0), 1);
        assert_eq!(verdict(&time, &[90.0, 900.0, 80.0]), "met");
        assert_eq!(verdict(&time, &[101.0, 900.0, 80.0]), "MISSED");
        assert_eq!(verdict(&Promise::told("s", "memory", 0), &[1e9]), "");
    }

    #[test]
    fn what_was_missed_is_counted_by_kind() {
        let mut board = Board::default();
        board.add(Promise::count("s", "failed", Bound::AtMost(0.0)), 2.0);
        board.add(Promise::timing("s", "p99", Bound::AtMost(1.0), 0), 2.0);
        board.add(Promise::timing("s", "p50", Bound::AtMost(9.0), 0), 2.0);
        assert_eq!((board.missed(Kind::Count), board.missed(Kind::Timing)), (1, 1));
    }
}
