//! The figures of a report, made of counts.

use super::{Binning, Bins};
use crate::{
    domain::{
        model::{Manifest, ModelKind, Scaling},
        monitor::{CellTally, Counts, ScoreUnit, Tally},
    },
    engine::statistics::{
        Auc, CalibrationRow, CalibrationTable, Cell, Cells, Estimate, Ks, Psi, Share, SquaredErrors, auc, brier,
        calibration_table, ks, proportion, psi,
    },
};

/// Into how many groups labelled decisions are put to see how probabilities agree with what happened.
const GROUPS: i64 = 10;

/// How a version's scores are read: in which unit, and which way risk rises.
#[derive(Debug, Clone, Copy)]
pub struct ScoreScale {
    /// The unit of its scores.
    pub unit: ScoreUnit,
    /// Whether the safer have the higher score.
    pub safer_is_higher: bool,
}

/// How something fell, against a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The feature; empty for the score.
    pub feature: String,
    /// What falls in each bin.
    pub labels: Vec<String>,
    /// The decisions in each bin.
    pub actual: Vec<u64>,
    /// The reference's rows in each bin; nothing without a reference.
    pub reference: Option<Vec<u64>>,
    /// How far it has moved; nothing without a reference, or without decisions.
    pub psi: Option<Psi>,
}

/// How well scores tell bad from good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discrimination {
    /// The area under the ROC curve.
    pub auc: Auc,
    /// The largest distance.
    pub ks: Ks,
}

/// How well probabilities agree with what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationCheck {
    /// The Brier score.
    pub brier: Estimate,
    /// The least risky and the riskiest score of each group.
    pub ranges: Vec<(f64, f64)>,
    /// The groups, predicted and observed.
    pub table: CalibrationTable,
}

/// What became of one band.
#[derive(Debug, Clone, PartialEq)]
pub struct BandResult {
    /// The band.
    pub band: String,
    /// The lowest score in it.
    pub min_score: i32,
    /// What became of it.
    pub rates: Rates,
}

/// What became of some decisions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// How many there were.
    pub decisions: u64,
    /// The share approved of those whose action was reported; nothing when none was.
    pub approval: Option<Estimate>,
    /// The share of bad ones of the labelled; nothing when there are none.
    pub bad: Option<Estimate>,
}

impl ScoreScale {
    /// How the scores of a version with this manifest are read. `probability` says whether it gives probabilities.
    #[must_use]
    pub fn of(manifest: &Manifest, probability: bool) -> Self {
        let unit = match (&manifest.scaling, probability) {
            (Some(_), _) => ScoreUnit::Points,
            (None, true) => ScoreUnit::Probability,
            (None, false) => ScoreUnit::Amount,
        };
        Self { unit, safer_is_higher: unit == ScoreUnit::Points && manifest.kind == ModelKind::Credit }
    }

    fn risk(self, step: i32) -> f64 {
        let score = self.unit.score_of(step);
        if self.safer_is_higher { -score } else { score }
    }

    /// The score of a risk that [`Self::cells`] gave.
    #[must_use]
    pub fn score_of_risk(self, risk: f64) -> f64 {
        if self.safer_is_higher { -risk } else { risk }
    }

    /// Labelled counts by rising risk; nothing when nothing is labelled.
    #[must_use]
    pub fn cells(self, tally: &Tally) -> Option<Cells> {
        let cell = |(step, cell): (&i32, &CellTally)| Cell {
            value: self.risk(*step),
            good: count(cell.good),
            bad: count(cell.bad),
        };
        Cells::new(tally.cells.iter().map(cell).collect()).ok()
    }

    /// How well the scores tell bad from good; nothing unless both are there.
    #[must_use]
    pub fn discrimination(self, tally: &Tally) -> Option<Discrimination> {
        let cells = self.cells(tally)?;
        Some(Discrimination { auc: auc(&cells).ok()?, ks: ks(&cells).ok()? })
    }

    /// How well the probabilities agree with what happened; nothing without probabilities or labels.
    #[must_use]
    pub fn calibration(self, tally: &Tally) -> Option<CalibrationCheck> {
        if self.unit == ScoreUnit::Amount {
            return None;
        }
        let mut cells: Vec<(f64, &CellTally)> = tally
            .cells
            .iter()
            .filter(|(_, cell)| cell.labelled() > 0)
            .map(|(step, cell)| (self.risk(*step), cell))
            .collect();
        cells.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let labelled: i64 = cells.iter().map(|(_, cell)| cell.labelled()).sum();
        let (mut ranges, mut rows): (Vec<(f64, f64)>, Vec<CalibrationRow>) = (Vec::new(), Vec::new());
        let (mut before, mut group) = (0, 0);
        for (risk, cell) in &cells {
            // A cell belongs to the group in which its first decision lies, so that equal scores stay together.
            if rows.is_empty() || before * GROUPS / labelled > group {
                group = before * GROUPS / labelled;
                ranges.push((self.score_of_risk(*risk), 0.0));
                rows.push(CalibrationRow { n: 0, expected: 0.0, bad: 0 });
            }
            if let (Some(range), Some(row)) = (ranges.last_mut(), rows.last_mut()) {
                range.1 = self.score_of_risk(*risk);
                row.n += count(cell.labelled());
                row.expected += cell.probability_sum();
                row.bad += count(cell.bad);
            }
            before += cell.labelled();
        }
        let sum = |of: fn(&CellTally) -> f64| cells.iter().map(|(_, cell)| of(cell)).sum();
        let sums = SquaredErrors {
            n: count(labelled),
            squares: sum(CellTally::squared_sum),
            fourths: sum(CellTally::fourth_sum),
        };
        Some(CalibrationCheck { brier: brier(sums).ok()?, ranges, table: calibration_table(&rows).ok()? })
    }
}

/// How scores and features fell, against a baseline or else the training profile.
#[must_use]
pub fn drifts(manifest: &Manifest, binning: &Binning, tally: &Tally, baseline: Option<&Tally>) -> (Drift, Vec<Drift>) {
    let profile = manifest.profile.as_ref();
    let scores = match baseline {
        Some(baseline) => Some(counts(baseline.scores.as_ref(), &binning.scores)),
        // Scores are never missing.
        None => profile.map(|profile| profile.scores.rows.iter().copied().chain([0]).collect()),
    };
    let score = drift("", &binning.scores, tally.scores.as_ref(), scores);
    let features = manifest.features.iter().zip(&binning.features).enumerate();
    let features = features.filter(|(_, (_, bins))| **bins != Bins::None).map(|(at, (spec, bins))| {
        let reference = match baseline {
            Some(baseline) => Some(counts(baseline.features.get(at), bins)),
            None => profile
                .and_then(|profile| profile.features.iter().find(|one| one.feature == spec.name))
                .map(|one| one.rows.iter().copied().chain([one.missing]).collect()),
        };
        drift(&spec.name, bins, tally.features.get(at), reference)
    });
    (score, features.collect())
}

fn drift(feature: &str, bins: &Bins, actual: Option<&Counts>, reference: Option<Vec<u64>>) -> Drift {
    let actual = counts(actual, bins);
    let psi = reference.as_ref().and_then(|reference| psi(reference, &actual).ok());
    Drift { feature: feature.to_owned(), labels: bins.labels(), actual, reference, psi }
}

/// Counts of each bin; none were counted in bins that are not there.
fn counts(counts: Option<&Counts>, bins: &Bins) -> Vec<u64> {
    let counted = counts.map(|counts| counts.bins.as_slice()).unwrap_or_default();
    (0..bins.count()).map(|bin| counted.get(bin).copied().map_or(0, count)).collect()
}

/// What became of each band, best first.
#[must_use]
pub fn bands(scaling: &Scaling, tally: &Tally) -> Vec<BandResult> {
    let band_of = |step: i32| {
        let score = step.clamp(scaling.min_score, scaling.max_score);
        scaling.bands.iter().position(|band| score >= band.min_score)
    };
    let each = scaling.bands.iter().enumerate().map(|(at, band)| {
        let cells = tally.cells.iter().filter(|(step, _)| band_of(**step) == Some(at)).map(|(_, cell)| cell);
        BandResult { band: band.band.clone(), min_score: band.min_score, rates: rates(cells) }
    });
    each.collect()
}

/// What became of decisions.
pub fn rates<'a>(cells: impl Iterator<Item = &'a CellTally>) -> Rates {
    let mut sum = [0_i64; 5];
    for cell in cells {
        for (sum, more) in sum.iter_mut().zip([cell.decisions, cell.approved, cell.refused, cell.good, cell.bad]) {
            *sum += more;
        }
    }
    let [decisions, approved, refused, good, bad] = sum.map(count);
    let share = |part, other| proportion(Share { count: part, total: part + other }).ok();
    Rates { decisions, approval: share(approved, refused), bad: share(bad, good) }
}

/// A count as it is told; none is below 0 in stored counts.
fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
