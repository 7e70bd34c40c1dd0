//! A batch of decisions or labels, counted and not yet written.

use std::collections::BTreeMap;

use crate::{
    domain::{
        monitor::{Counted, Day, Dimension, Part, Scored, Tally, TallyKey, VersionKey},
        refusal::Refusal,
        time::Timestamp,
    },
    ops::App,
    store::{RevisedTally, RevisedWatch},
};

/// What a batch adds to the counts and windows.
#[derive(Default)]
pub(super) struct Batch {
    tallies: BTreeMap<TallyKey, Tally>,
    watched: BTreeMap<VersionKey, Watched>,
}

/// What a batch adds to the window of one version.
#[derive(Default)]
pub(super) struct Watched {
    /// Decisions, by the bins of score and features.
    pub drift: Tally,
    /// Decisions that were labelled for the first time, by step of the score.
    pub labels: Tally,
}

/// What became of a decision: whether the partner approved, and whether it turned out bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub approved: Option<bool>,
    pub bad: Option<bool>,
}

impl Batch {
    /// How many rows the batch will write.
    pub fn rows(&self) -> usize {
        self.tallies.len() + self.watched.len()
    }

    /// Counts a decision that a version answered, and gives how many the version's window has of this batch.
    pub fn count_answer(&mut self, version: &VersionKey, dimensions: &[Dimension], day: Day, one: &Counted) -> i64 {
        for dimension in dimensions {
            self.tally(version, Part::Answered, dimension, day).count(one);
        }
        let drift = &mut self.watched.entry(version.clone()).or_default().drift;
        drift.count_bins(one);
        drift.decisions
    }

    /// Counts a decision that a shadow was evaluated beside.
    pub fn count_shadow(&mut self, version: &VersionKey, day: Day, one: &Counted) {
        self.tally(version, Part::Shadow, &Dimension::All, day).count(one);
    }

    /// Counts what became of a decision, in place of what was counted of it before.
    pub fn count_label(
        &mut self,
        version: &VersionKey,
        part: Part,
        dimensions: &[Dimension],
        day: Day,
        scored: &Scored,
        (before, now): (Label, Label),
    ) {
        for dimension in dimensions {
            let tally = self.tally(version, part, dimension, day);
            tally.count_label(scored, before.approved, before.bad, -1);
            tally.count_label(scored, now.approved, now.bad, 1);
        }
        if part == Part::Answered && before.bad.is_none() && now.bad.is_some() {
            self.watched.entry(version.clone()).or_default().labels.count_label(scored, None, now.bad, 1);
        }
    }

    fn tally(&mut self, version: &VersionKey, part: Part, dimension: &Dimension, day: Day) -> &mut Tally {
        let key = TallyKey { version: version.clone(), part, dimension: dimension.clone(), day };
        self.tallies.entry(key).or_default()
    }

    /// Adds the batch to what is stored: the rows to write, each with the revision that it was made of.
    pub async fn revise(&self, app: &App, at: Timestamp) -> Result<(Vec<RevisedTally>, Vec<RevisedWatch>), Refusal> {
        let mut tallies = Vec::with_capacity(self.tallies.len());
        for (key, added) in &self.tallies {
            let (revision, mut tally) = app.store.find_tally(key).await?.unwrap_or_default();
            tally.add(added);
            tallies.push(RevisedTally { key: key.clone(), revision, tally });
        }
        let mut watches = Vec::with_capacity(self.watched.len());
        for (version, added) in &self.watched {
            let (revision, watch) = app.store.find_watch(version).await?.unwrap_or_default();
            let (watch, alarms) = app.watch_on(version, watch, added, Day::of(at)).await;
            watches.push(RevisedWatch { version: version.clone(), revision, watch, alarms });
        }
        Ok((tallies, watches))
    }
}
