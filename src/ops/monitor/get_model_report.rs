//! Makes the report of a version from the counts of a period.

use std::{sync::Arc, time::Duration};

use super::{compare::VersionComparison, reading::ReadScore};
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::{ModelId, TenantId},
        model::{Model, VersionNumber},
        monitor::{Alarm, CellTally, Day, Dimension, Part, Tally, VersionKey},
        refusal::{Obstacle, Refusal},
        tags::Tag,
    },
    engine::{
        monitor::{BandResult, CalibrationCheck, Discrimination, Drift, Rates, ScoreScale, bands, drifts, rates},
        statistics::{AdverseImpact, Share, adverse_impact},
    },
    ops::{App, read_models::may_see, served_model::load_version},
    state::ServedVersion,
};

/// How long a report waits for decisions to be counted before it is made without the rest.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most alarms of a report.
const MAX_ALARMS: i64 = 50;
/// The fewest reported actions of a group that others are held against.
const FEW_ACTIONS: u64 = 30;

/// Which report to make.
pub struct ReportQuery {
    /// The model.
    pub model: ModelId,
    /// Its version; nothing for the champion.
    pub version: Option<VersionNumber>,
    /// From this day to before that one.
    pub days: (Day, Day),
    /// Only decisions of this segment.
    pub segment: Option<Tag>,
    /// A period of the version's own decisions to compare with, in place of its training profile.
    pub baseline: Option<(Day, Day)>,
    /// The probability from which on a subject is taken for a bad one.
    pub cutoff: Option<f64>,
}

/// A version that is reported on.
pub struct Reported {
    /// The version as decisions name it.
    pub key: VersionKey,
    /// The version, loaded.
    pub version: Arc<ServedVersion>,
}

/// How a version has done.
pub struct ModelReport {
    /// The version.
    pub reported: Reported,
    /// Whether it was evaluated as a shadow only.
    pub shadow: bool,
    /// Whether it is compared with a period of its own, and not with its training profile.
    pub against_baseline: bool,
    /// Whether everything is in it that was there when it was asked for.
    pub complete: bool,
    /// The counts that the figures were made of.
    pub counts: Tally,
    /// How scores fell.
    pub score_drift: Drift,
    /// How features fell.
    pub feature_drift: Vec<Drift>,
    /// How well scores tell bad from good.
    pub discrimination: Option<Discrimination>,
    /// How well probabilities agree with what happened.
    pub calibration: Option<CalibrationCheck>,
    /// What became of each band, best first.
    pub bands: Vec<BandResult>,
    /// Against the challenger and the shadows.
    pub comparisons: Vec<VersionComparison>,
    /// Approvals by group, most decisions first.
    pub groups: Vec<GroupResult>,
    /// The newest alarms.
    pub alarms: Vec<Alarm>,
}

/// What became of the decisions on one group.
pub struct GroupResult {
    /// The tag; empty for those beyond the most that are told apart.
    pub group: String,
    /// What became of them.
    pub rates: Rates,
    /// How their approvals compare with those of the reference; nothing without actions on either side.
    pub impact: Option<AdverseImpact>,
    /// Whether others are held against it.
    pub reference: bool,
}

impl Reported {
    /// How its scores are read.
    #[must_use]
    pub fn scale(&self) -> ScoreScale {
        ScoreScale::of(self.version.model.manifest(), self.version.model.gives_probabilities())
    }
}

/// Makes a report of a version that the caller may use, on the caller's own decisions.
///
/// # Errors
/// See `RiskModelService.GetModelReport` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_model_report(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    query: &ReportQuery,
    read_score: ReadScore,
) -> Result<ModelReport, Refusal> {
    let tenant = permit.tenant();
    let model = app.store.find_model(tenant, &query.model).await?.ok_or(Refusal::NotFound("model"))?;
    let champion = || model.lineup.champion.ok_or(Refusal::Precondition(Obstacle::NoChampion));
    let number = query.version.map_or_else(champion, Ok)?;
    let reported = app.reported(tenant, &model, number).await?;
    // What could not be counted now, for the database takes no writes, is left out, and the report says so.
    let complete = app.count_decisions(read_score, PATIENCE, 0).await.unwrap_or(false);
    let dimension = query.segment.clone().map_or(Dimension::All, |segment| Dimension::Segment(Some(segment)));
    let sum = async |part, days| app.store.sum_tallies(&reported.key, part, &dimension, days).await;
    let answered = sum(Part::Answered, query.days).await?;
    let as_shadow = if answered.is_none() { sum(Part::Shadow, query.days).await? } else { None };
    let shadow = as_shadow.is_some();
    let counts = answered.or(as_shadow).unwrap_or_default();
    let part = if shadow { Part::Shadow } else { Part::Answered };
    let baseline = match query.baseline {
        Some(days) => Some(sum(part, days).await?.unwrap_or_default()),
        None => None,
    };
    let manifest = reported.version.model.manifest();
    let (score_drift, feature_drift) = drifts(manifest, reported.version.binning(), &counts, baseline.as_ref());
    let bands = manifest.scaling.as_ref().map(|scaling| bands(scaling, &counts)).unwrap_or_default();
    let scale = reported.scale();
    Ok(ModelReport {
        shadow,
        against_baseline: baseline.is_some(),
        complete,
        score_drift,
        feature_drift: if shadow { Vec::new() } else { feature_drift },
        discrimination: scale.discrimination(&counts),
        calibration: scale.calibration(&counts),
        bands,
        comparisons: app.comparisons(tenant, &model, &reported, &counts, query, read_score).await?,
        groups: app.groups(&reported.key, query.days).await?,
        alarms: app.store.list_newest_alarms(&reported.key, MAX_ALARMS).await?,
        counts,
        reported,
    })
}

impl App {
    /// A version of a model, as the tenant's decisions name it.
    async fn reported(&self, tenant: &TenantId, model: &Model, number: VersionNumber) -> Result<Reported, Refusal> {
        // A partner sees versions of the platform that took part in the traffic only.
        let seen = self.store.find_model_version(tenant, &model.name.model, number).await?;
        let seen = seen.filter(|one| may_see(tenant, one)).ok_or(Refusal::NotFound("model version"))?;
        let version = load_version(self, &seen.name, number).await?;
        let key = VersionKey {
            tenant: tenant.clone(),
            model: model.name.model.clone(),
            version: number.get(),
            manifest_digest: version.model.manifest_digest().to_owned(),
        };
        Ok(Reported { key, version })
    }

    /// The version against the challenger and the shadows that there are now.
    async fn comparisons(
        &self,
        tenant: &TenantId,
        model: &Model,
        reported: &Reported,
        counts: &Tally,
        query: &ReportQuery,
        read_score: ReadScore,
    ) -> Result<Vec<VersionComparison>, Refusal> {
        let challenger = model.lineup.challenger.map(|one| (one.version, false));
        let shadows = model.lineup.shadows.iter().map(|version| (*version, true));
        let mut comparisons = Vec::new();
        for (number, shadow) in challenger.into_iter().chain(shadows) {
            if number.get() != reported.key.version {
                let other = self.reported(tenant, model, number).await?;
                let how = (query.days, query.cutoff, read_score);
                comparisons.push(self.compare(reported, other, shadow, counts, how).await?);
            }
        }
        Ok(comparisons)
    }

    /// Approvals by group.
    async fn groups(&self, version: &VersionKey, days: (Day, Day)) -> Result<Vec<GroupResult>, Refusal> {
        let sums = self.store.sum_tallies_by_group(version, Part::Answered, days).await?;
        let mut groups: Vec<(String, Rates, Share)> = Vec::new();
        for (group, tally) in sums {
            let sum = |of: fn(&CellTally) -> i64| u64::try_from(tally.cells.values().map(of).sum::<i64>()).unwrap_or(0);
            let (approved, refused) = (sum(|cell| cell.approved), sum(|cell| cell.refused));
            groups.push((group, rates(tally.cells.values()), Share { count: approved, total: approved + refused }));
        }
        groups.sort_by_key(|(_, rates, _)| std::cmp::Reverse(rates.decisions));
        let rate = |rates: &Rates| rates.approval.map_or(0.0, |approval| approval.value);
        let eligible = groups.iter().enumerate().filter(|(_, (_, _, share))| share.total >= FEW_ACTIONS);
        let reference = eligible.max_by(|(_, (_, one, _)), (_, (_, other, _))| rate(one).total_cmp(&rate(other)));
        let reference = reference.map(|(at, (_, _, share))| (at, *share));
        let result = |(at, (group, rates, share)): (usize, (String, Rates, Share))| {
            let impact = reference.and_then(|(_, reference)| adverse_impact(share, reference).ok());
            GroupResult { group, rates, impact, reference: reference.is_some_and(|(first, _)| first == at) }
        };
        Ok(groups.into_iter().enumerate().map(result).collect())
    }
}
