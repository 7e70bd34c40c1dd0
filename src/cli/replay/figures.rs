//! How well scores find frauds: area under the ROC curve, average precision, and recall at 1 % false positives.

/// What one event was scored, and what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) struct Judged {
    /// The higher, the riskier.
    pub score: f64,
    /// Whether it was fraud.
    pub fraud: bool,
    /// Whether it was stopped: challenged, reviewed or denied.
    pub stopped: bool,
}

/// How well frauds were found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) struct Figures {
    /// Events.
    pub events: usize,
    /// Frauds among them.
    pub frauds: usize,
    /// The chance that a fraud has a higher score than a genuine event, ties counted half (Hanley and `McNeil`, 1982).
    pub auc: f64,
    /// The mean of precision over frauds in the order of scores: the sum over thresholds of the gain in recall times the
    /// precision there, without interpolation.
    pub average_precision: f64,
    /// The share of frauds above the lowest score that at most 1 % of genuine events reach.
    pub recall_at_1: f64,
    /// The share of frauds that were stopped.
    pub stopped_frauds: f64,
    /// The share of genuine events that were stopped.
    pub stopped_genuine: f64,
}

/// The false positives at which recall is told, of all genuine events.
const FALSE_POSITIVES: f64 = 0.01;

/// The figures of some events; nothing when there is no fraud among them, or nothing but.
pub(in crate::cli) fn figures(mut judged: Vec<Judged>) -> Option<Figures> {
    let frauds = judged.iter().filter(|one| one.fraud).count();
    let genuine = judged.len() - frauds;
    if frauds == 0 || genuine == 0 {
        return None;
    }
    judged.sort_unstable_by(|one, other| other.score.total_cmp(&one.score));
    let (mut found, mut false_alarms) = (0_usize, 0_usize);
    let (mut pairs, mut precision, mut recall_at_1) = (0.0, 0.0, 0.0);
    // Events of one score stand or fall together.
    for tied in judged.chunk_by(|one, other| one.score.total_cmp(&other.score).is_eq()) {
        let hits = tied.iter().filter(|one| one.fraud).count();
        let misses = tied.len() - hits;
        pairs += number(hits) * (number(genuine - false_alarms) - number(misses) / 2.0);
        found += hits;
        false_alarms += misses;
        precision += number(hits) * number(found) / number(found + false_alarms);
        if number(false_alarms) <= FALSE_POSITIVES * number(genuine) {
            recall_at_1 = number(found) / number(frauds);
        }
    }
    let stopped = |fraud: bool| number(judged.iter().filter(|one| one.fraud == fraud && one.stopped).count());
    Some(Figures {
        events: judged.len(),
        frauds,
        auc: pairs / (number(frauds) * number(genuine)),
        average_precision: precision / number(frauds),
        recall_at_1,
        stopped_frauds: stopped(true) / number(frauds),
        stopped_genuine: stopped(false) / number(genuine),
    })
}

#[allow(clippy::cast_precision_loss, reason = "counts of events, far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked by hand, and with scikit-learn's `roc_auc_score` and `average_precision_score`.
    #[test]
    fn figures_are_those_of_the_definitions() {
        let scores = [(0.9, true), (0.8, false), (0.7, true), (0.7, false), (0.2, false), (0.1, true)];
        let judged = scores.map(|(score, fraud)| Judged { score, fraud, stopped: score > 0.75 });
        let figures = figures(judged.into()).unwrap();
        assert!((figures.auc - 4.5 / 9.0).abs() < 1e-12, "{figures:?}");
        let precision = (1.0 + 2.0 / 4.0 + 3.0 / 6.0) / 3.0;
        assert!((figures.average_precision - precision).abs() < 1e-12, "{figures:?}");
        assert!((figures.recall_at_1 - 1.0 / 3.0).abs() < 1e-12, "{figures:?}");
        assert!((figures.stopped_frauds - 1.0 / 3.0).abs() < 1e-12);
        assert!((figures.stopped_genuine - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn without_frauds_there_are_no_figures() {
        assert_eq!(figures(vec![Judged { score: 1.0, fraud: false, stopped: false }]), None);
        assert_eq!(figures(Vec::new()), None);
    }
}
