//! The table of the fraud check: frauds stopped and good customers troubled, by scene, before and after feedback.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment};

use super::shop::{HISTORY_DAYS, Protected};
use crate::cli::{
    replay::figures::Judged,
    style::{Style, paragraph},
};

/// What happened in one scene, or in all.
#[derive(Default)]
struct Counts {
    frauds: usize,
    genuine: usize,
    /// Frauds stopped and genuine events troubled, without feedback and with it.
    stopped: [usize; 2],
    troubled: [usize; 2],
}

impl Counts {
    fn add(&mut self, blind: Judged, learning: Judged) {
        self.frauds += usize::from(blind.fraud);
        self.genuine += usize::from(!blind.fraud);
        for (at, one) in [blind, learning].into_iter().enumerate() {
            let to = if one.fraud { &mut self.stopped } else { &mut self.troubled };
            to[at] += usize::from(one.stopped);
        }
    }
}

/// The table, what it means, and where its events come from.
pub(super) fn table(protected: &Protected, style: &Style) -> String {
    let (mut scenes, mut all): (BTreeMap<&str, Counts>, _) = (BTreeMap::new(), Counts::default());
    for ((row, blind), learning) in protected.rows.iter().zip(&protected.blind).zip(&protected.learning) {
        scenes.entry(&row.scene).or_default().add(*blind, *learning);
        all.add(*blind, *learning);
    }
    let mut table = style.table(&["scene", "events", "frauds", "stopped", "fed back", "troubled", "fed back"]);
    for (scene, counts) in scenes.iter().map(|(scene, counts)| (*scene, counts)).chain([("all", &all)]) {
        let of_frauds = counts.stopped.map(|count| share(count, counts.frauds, 0));
        let of_genuine = counts.troubled.map(|count| share(count, counts.genuine, 2));
        let figures = [(counts.frauds + counts.genuine).to_string(), counts.frauds.to_string()];
        let figures = figures.into_iter().chain(of_frauds).chain(of_genuine);
        let right = figures.map(|text| Cell::new(text).set_alignment(CellAlignment::Right));
        table.add_row([Cell::new(scene)].into_iter().chain(right));
    }
    let legend = format!(
        "stopped: of the frauds, those challenged, reviewed or denied. troubled: of good customers' events, the same. \
         fed back: the same when each fraud is reported a day later, and counts from then on; before it, no outcome \
         was ever reported. Both had {} events of {HISTORY_DAYS} days as history. These people and frauds are made up (riskport simulate), of \
         rings and speeds that the model was not trained on: nothing here says how many real frauds would be stopped.",
        protected.history
    );
    let title = style.bold("\nFraud stopped, good customers troubled: before and after feedback");
    format!("{title}\n{}\n  {}", table.trim_fmt(), paragraph(&legend, 2))
}

/// A share in percent; a dash when there is nothing to have a share of.
#[allow(clippy::cast_precision_loss, reason = "counts of a few thousand events")]
fn share(part: usize, whole: usize, places: usize) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.places$} %", part as f64 * 100.0 / whole as f64) }
}
