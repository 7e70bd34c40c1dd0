//! Exports what was known before each event of a period, to train models on.

use std::sync::Arc;

use super::{
    App,
    replay_log::{LogReplay, Period, Seen},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        fraud::{Catalogue, FraudLabel, Scene},
        refusal::{Refusal, Violations},
        time::Timestamp,
    },
};

/// Which features to export, by their places in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportColumns(Arc<[usize]>);

impl ExportColumns {
    /// Takes features by name; none takes all.
    ///
    /// # Errors
    /// Every name that is no feature's, as `features[n]`, or that there are more than the catalogue has.
    pub fn parse(names: &[String]) -> Result<Self, Violations> {
        let catalogue = Catalogue::get();
        let known = catalogue.features().len();
        if names.is_empty() {
            return Ok(Self((0..known).collect()));
        }
        let mut violations = Violations::default();
        if names.len() > known {
            violations.add("features", format!("must be at most {known}"));
            return Err(violations);
        }
        let find = |(at, name): (usize, &String)| {
            let found = catalogue.index_of(name);
            let found = found.ok_or_else(|| "is not a feature of events; ListFeatures lists them".to_owned());
            violations.take(&format!("features[{at}]"), found)
        };
        let columns: Vec<usize> = names.iter().enumerate().filter_map(find).collect();
        if violations.is_empty() { Ok(Self(columns.into())) } else { Err(violations) }
    }
}

/// What was known before an event.
#[derive(Debug, Clone)]
pub struct ExportedEvent {
    /// The partner's id of it.
    pub request_id: String,
    /// What the customer was doing.
    pub scene: Scene,
    /// When.
    pub occurred: Timestamp,
    /// The features asked for; NaN is a missing one.
    pub values: Vec<f64>,
    /// What it turned out to be.
    pub label: Option<FraudLabel>,
    /// Whether a limit cut its features.
    pub truncated: bool,
}

/// An export on its way.
pub struct FeatureExport {
    replay: LogReplay,
    columns: Arc<[usize]>,
}

/// Begins an export.
///
/// # Errors
/// See `FraudCheckService.ExportFeatures` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn export_features(
    app: &Arc<App>,
    permit: &Permit<mark::FraudExport>,
    period: Period,
    columns: ExportColumns,
) -> Result<FeatureExport, Refusal> {
    Ok(FeatureExport { replay: LogReplay::begin(app, permit.tenant(), period).await?, columns: columns.0 })
}

impl FeatureExport {
    /// The features in the order of the values.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let features = Catalogue::get().features();
        self.columns.iter().filter_map(|at| features.get(*at)).map(|feature| feature.name.as_str())
    }

    /// Entries that were read, and that there are to read.
    #[must_use]
    pub fn progress(&self) -> (i64, i64) {
        self.replay.progress()
    }

    /// The next events, perhaps none; nothing at the end.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn next(&mut self) -> Result<Option<Vec<ExportedEvent>>, Refusal> {
        let columns = Arc::clone(&self.columns);
        self.replay.next(move |seen| exported(&seen, &columns)).await
    }
}

fn exported(seen: &Seen<'_>, columns: &[usize]) -> ExportedEvent {
    ExportedEvent {
        request_id: seen.request_id.to_owned(),
        scene: seen.event.scene.clone(),
        occurred: seen.event.occurred,
        values: columns.iter().map(|at| seen.features.value(*at).unwrap_or(f64::NAN)).collect(),
        label: seen.label,
        truncated: seen.features.truncated().any(),
    }
}
