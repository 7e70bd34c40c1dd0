//! A version against another that stands beside it: the challenger, with subjects of its own, or a shadow, on the same ones.

use super::{get_model_report::Reported, reading::ReadScore};
use crate::{
    domain::{
        monitor::{Day, Dimension, Part, Scored, Tally},
        refusal::Refusal,
    },
    engine::{
        monitor::ScoreScale,
        statistics::{Agreement, Difference, Estimate, McNemar, Pair, agreement, auc_difference, mcnemar, paired_auc},
    },
    ops::App,
};

/// The most labelled pairs that two versions are compared on.
const MAX_PAIRS: i64 = 10_000;

/// A version against another.
pub struct VersionComparison {
    /// The other.
    pub other: Reported,
    /// Whether it is a shadow.
    pub shadow: bool,
    /// The other's decisions in the period.
    pub decisions: u64,
    /// The other's AUC on all its labelled decisions.
    pub auc: Option<Estimate>,
    /// The other's AUC less this version's.
    pub difference: Option<Difference>,
    /// On the pairs; of a shadow.
    pub pairs: Option<PairAgreement>,
}

/// How two versions agree on the same subjects.
pub struct PairAgreement {
    /// How many pairs there are.
    pub pairs: u64,
    /// The probability from which on a subject is taken for a bad one.
    pub cutoff: f64,
    /// Taken for bad by neither, by the other only, by this version only, by both.
    pub table: [[u64; 2]; 2],
    /// Cohen's kappa among it.
    pub agreement: Agreement,
    /// Who is right where they disagree.
    pub right: McNemar,
}

/// A pair as it was read.
struct ReadPair {
    this: Scored,
    other: Scored,
    bad: bool,
}

impl App {
    /// Compares a version with one that stands beside it.
    pub(super) async fn compare(
        &self,
        this: &Reported,
        other: Reported,
        shadow: bool,
        tally: &Tally,
        (days, cutoff, read_score): ((Day, Day), Option<f64>, ReadScore),
    ) -> Result<VersionComparison, Refusal> {
        let part = if shadow { Part::Shadow } else { Part::Answered };
        let others = self.store.sum_tallies(&other.key, part, &Dimension::All, days).await?.unwrap_or_default();
        let found = other.scale().discrimination(&others);
        let auc = found.map(|one| one.auc.estimate);
        let decisions = u64::try_from(others.decisions).unwrap_or(0);
        let mut comparison = VersionComparison { other, shadow, decisions, auc, difference: None, pairs: None };
        if shadow {
            let pairs = self.pairs(this, &comparison.other, days, read_score).await?;
            comparison.difference = paired_difference(this.scale(), comparison.other.scale(), &pairs);
            comparison.pairs = agreement_of(&pairs, cutoff);
        } else {
            let this = this.scale().discrimination(tally);
            comparison.difference = found.zip(this).map(|(other, this)| auc_difference(&other.auc, &this.auc));
        }
        Ok(comparison)
    }

    async fn pairs(
        &self,
        this: &Reported,
        other: &Reported,
        days: (Day, Day),
        read_score: ReadScore,
    ) -> Result<Vec<ReadPair>, Refusal> {
        let versions = (this.key.version, other.key.version);
        let period = (days.0.start(), days.1.start());
        let key = &this.key;
        let stored = self.store.list_labelled_pairs(&key.tenant, &key.model, versions, period, MAX_PAIRS).await?;
        let pair = |one: crate::store::LabelledPair| {
            let (this, other) = (read_score(one.kind, &one.reply)?, read_score(one.kind, &one.other_reply)?);
            Some(ReadPair { this, other, bad: one.bad })
        };
        Ok(stored.into_iter().filter_map(pair).collect())
    }
}

fn paired_difference(this: ScoreScale, other: ScoreScale, pairs: &[ReadPair]) -> Option<Difference> {
    let risk = |scale: ScoreScale, one: &Scored| if scale.safer_is_higher { -one.score() } else { one.score() };
    let pairs: Vec<Pair> = pairs
        .iter()
        .map(|pair| Pair { first: risk(other, &pair.other), second: risk(this, &pair.this), bad: pair.bad })
        .collect();
    paired_auc(&pairs).ok().map(|found| found.difference)
}

#[allow(clippy::cast_precision_loss, reason = "at most ten thousand pairs")]
fn agreement_of(pairs: &[ReadPair], cutoff: Option<f64>) -> Option<PairAgreement> {
    let both: Vec<(f64, f64, bool)> =
        pairs.iter().filter_map(|pair| Some((pair.this.probability?, pair.other.probability?, pair.bad))).collect();
    let bad = both.iter().filter(|(_, _, bad)| *bad).count();
    let cutoff = cutoff.unwrap_or(bad as f64 / both.len().max(1) as f64);
    let mut table = [[0_u64; 2]; 2];
    let (mut only_this, mut only_other) = (0, 0);
    for (this, other, bad) in &both {
        let (this, other) = (*this >= cutoff, *other >= cutoff);
        table[usize::from(this)][usize::from(other)] += 1;
        match (this == *bad, other == *bad) {
            (true, false) => only_this += 1,
            (false, true) => only_other += 1,
            _ => {}
        }
    }
    let pairs = both.len() as u64;
    Some(PairAgreement {
        pairs,
        cutoff,
        table,
        agreement: agreement(&table.map(Vec::from)).ok()?,
        right: mcnemar(only_this, only_other, pairs).ok()?,
    })
}
