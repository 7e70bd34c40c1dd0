//! What a simulation came to: events and frauds, by scene and by pattern.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets::NOTHING};

use super::event::{FraudPattern, SimulatedEvent};
use crate::domain::fraud::Scene;

/// Counts of events, by scene and by pattern.
#[derive(Debug, Default)]
pub struct Tally {
    /// Events and frauds, by scene.
    scenes: BTreeMap<Scene, (u64, u64)>,
    patterns: BTreeMap<FraudPattern, u64>,
}

impl Tally {
    /// Counts an event.
    pub fn add(&mut self, event: &SimulatedEvent) {
        let (events, frauds) = self.scenes.entry(event.scene.clone()).or_default();
        *events += 1;
        *frauds += u64::from(event.fraud.is_some());
        if let Some(pattern) = event.fraud {
            *self.patterns.entry(pattern).or_default() += 1;
        }
    }

    /// Events and frauds, in all.
    #[must_use]
    pub fn total(&self) -> (u64, u64) {
        self.scenes.values().fold((0, 0), |(events, frauds), one| (events + one.0, frauds + one.1))
    }

    /// Events and frauds of a scene.
    #[must_use]
    pub fn scene(&self, scene: &Scene) -> (u64, u64) {
        self.scenes.get(scene).copied().unwrap_or_default()
    }

    /// Frauds of a pattern.
    #[must_use]
    pub fn pattern(&self, pattern: FraudPattern) -> u64 {
        self.patterns.get(&pattern).copied().unwrap_or_default()
    }

    /// The tables that a person reads.
    #[must_use]
    pub fn tables(&self) -> String {
        let mut scenes = table(&["SCENE", "EVENTS", "FRAUDS", "SHARE"]);
        for scene in Scene::STANDARD {
            let (events, frauds) = self.scene(&scene);
            scenes.add_row([Cell::new(&scene), number(events), number(frauds), share(frauds, events)]);
        }
        let (events, frauds) = self.total();
        scenes.add_row([Cell::new("all"), number(events), number(frauds), share(frauds, events)]);
        let mut patterns = table(&["PATTERN", "FRAUDS", "SHARE OF ALL"]);
        for pattern in FraudPattern::ALL {
            let count = self.pattern(pattern);
            patterns.add_row([Cell::new(pattern.name()), number(count), share(count, events)]);
        }
        format!("{}\n\n{}", scenes.trim_fmt(), patterns.trim_fmt())
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

fn number(count: u64) -> Cell {
    Cell::new(count).set_alignment(CellAlignment::Right)
}

/// A part of a whole in percent, with two places.
fn share(part: u64, whole: u64) -> Cell {
    let hundredths = (part.saturating_mul(20_000) + whole).checked_div(whole.saturating_mul(2)).unwrap_or(0);
    Cell::new(format!("{}.{:02} %", hundredths / 100, hundredths % 100)).set_alignment(CellAlignment::Right)
}
