//! Watches a version: what a batch adds to its window, and the alarms that this raises.

use super::{batch::Watched, reading::load};
use crate::{
    domain::monitor::{Day, NewAlarm, VersionKey, Watch},
    engine::monitor::window,
    ops::App,
};

impl App {
    /// Adds a batch to the window of a version. One that the tenant has no more is not watched.
    pub(super) async fn watch_on(
        &self,
        version: &VersionKey,
        mut watch: Watch,
        added: &Watched,
        today: Day,
    ) -> (Watch, Vec<NewAlarm>) {
        let Some(served) = load(self, version).await else { return (watch, Vec::new()) };
        let manifest = served.model.manifest();
        let mut alarms = Vec::new();
        if added.drift.decisions > 0 {
            alarms = window::decided(&mut watch, &added.drift, today, manifest, served.binning());
        }
        if !added.labels.cells.is_empty() {
            alarms.extend(window::labelled(&mut watch, &added.labels, today, manifest));
        }
        (watch, alarms)
    }
}
