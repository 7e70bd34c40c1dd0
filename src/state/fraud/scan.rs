//! Looks back through the events of one entity, and makes all its features in one pass.

use super::{
    entities::{EntityId, EntityTable},
    marks::Marks,
    records::{Record, Records},
    vector::{FeatureVector, flag, whole},
};
use crate::domain::fraud::{Currency, ENTITY_KINDS, EntityKind, EntityLayout, Event, WINDOWS, WINDOWS_US};

/// The longest window, in microseconds.
pub(super) const LONGEST_US: i64 = WINDOWS_US[WINDOWS - 1];

/// What is counted in each window by itself: a longer window is the sum of those up to it.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    count: u32,
    in_scene: u32,
    with_amount: u32,
    sum: i128,
    largest: Option<i64>,
    frauds: u32,
    became_known: u32,
}

/// What is known of the entity together with one other of the event.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The other's kind.
    pub kind: EntityKind,
    /// Where its features begin.
    start: usize,
    /// Whether the event has one of the kind, and the id that it is known by.
    present: bool,
    id: Option<EntityId>,
    /// Events with it in 30 days.
    pub count: u32,
    /// The last of them.
    last: Option<i64>,
    /// Whether others of the kind were seen with the entity.
    pub others: bool,
}

impl Pair {
    /// Seconds since it was last seen, at a time.
    pub fn seconds_since(&self, at: i64) -> Option<f64> {
        self.last.map(|last| seconds(at, last))
    }
}

/// One pass over an entity's events.
pub(super) struct Scan<'a> {
    kind: EntityKind,
    layout: &'a EntityLayout,
    at: i64,
    amount: Option<(Currency, i64)>,
    scene: &'a crate::domain::fraud::Scene,
    hour: u8,
    weekday: u8,
    most: usize,
    buckets: [Bucket; WINDOWS],
    distinct: Vec<[u32; WINDOWS]>,
    pub pairs: Vec<Pair>,
    first: Option<i64>,
    last: Option<i64>,
    confirmed: bool,
    near_hour: u32,
    on_weekday: u32,
    sum_of_squares: i128,
    truncated: bool,
}

impl<'a> Scan<'a> {
    /// A pass for one kind of entity of an event, whose known entities are `ids`.
    pub fn new(
        event: &'a Event,
        ids: &[Option<EntityId>; ENTITY_KINDS],
        kind: EntityKind,
        layout: &'a EntityLayout,
        most: usize,
    ) -> Self {
        let pair = |(other, start): &(EntityKind, usize)| Pair {
            kind: *other,
            start: *start,
            present: event.entity(*other).is_some(),
            id: ids.get(other.index()).copied().flatten(),
            count: 0,
            last: None,
            others: false,
        };
        Self {
            kind,
            layout,
            at: event.occurred.micros(),
            amount: event.amount.map(|amount| (amount.currency, amount.minor)),
            scene: &event.scene,
            hour: event.local.hour,
            weekday: event.local.weekday,
            most,
            buckets: [Bucket::default(); WINDOWS],
            distinct: vec![[0; WINDOWS]; layout.distinct.len()],
            pairs: layout.pairs.iter().map(pair).collect(),
            first: None,
            last: None,
            confirmed: false,
            near_hour: 0,
            on_weekday: 0,
            sum_of_squares: 0,
            truncated: false,
        }
    }

    /// Looks back through the entity's events.
    pub fn run(&mut self, id: EntityId, records: &Records, entities: &EntityTable, marks: &mut Marks) {
        let at = self.at;
        self.confirmed = entities.fraud_at(id, at).is_some_and(|known| known > at.saturating_sub(LONGEST_US));
        let scene = records.scene_of(self.scene);
        let layout = self.layout;
        marks.begin();
        for (seen, (_, record)) in entities.before(id, at, records).enumerate() {
            let Some(window) = window_of(at, record.occurred) else { break };
            if seen >= self.most {
                self.truncated = true;
                break;
            }
            self.count(record, window, scene);
            // The latest meeting of a counterpart comes first, and it is the one that counts.
            for ((other, _), windows) in layout.distinct.iter().zip(&mut self.distinct) {
                if let Some(other) = record.entities.get(other.index()).copied().flatten()
                    && marks.mark(other)
                    && let Some(count) = windows.get_mut(window)
                {
                    *count += 1;
                }
            }
        }
    }

    fn count(&mut self, record: &Record, window: usize, scene: Option<u16>) {
        self.first = Some(record.occurred);
        self.last = self.last.or(Some(record.occurred));
        self.near_hour += u32::from(near(record.hour, self.hour));
        self.on_weekday += u32::from(record.weekday == self.weekday);
        let fraud = record.labels.fraud_at(self.at);
        if let Some(bucket) = fraud.and_then(|known| window_of(self.at, known)).and_then(|at| self.buckets.get_mut(at))
        {
            bucket.became_known += 1;
        }
        let Some(bucket) = self.buckets.get_mut(window) else { return };
        bucket.count += 1;
        bucket.in_scene += u32::from(record.is_of_scene(scene));
        bucket.frauds += u32::from(fraud.is_some());
        if self.amount.is_some_and(|(currency, _)| record.currency == Some(currency)) {
            let amount = i128::from(record.amount);
            bucket.with_amount += 1;
            bucket.sum += amount;
            bucket.largest = bucket.largest.max(Some(record.amount));
            self.sum_of_squares = self.sum_of_squares.saturating_add(amount.saturating_mul(amount));
        }
        for pair in &mut self.pairs {
            match record.entities.get(pair.kind.index()).copied().flatten() {
                Some(other) if Some(other) == pair.id => {
                    pair.count += 1;
                    pair.last = pair.last.or(Some(record.occurred));
                }
                Some(_) => pair.others = true,
                None => {}
            }
        }
    }

    /// Writes the features.
    pub fn write(&self, vector: &mut FeatureVector) {
        let layout = self.layout;
        let totals = cumulative(&self.buckets);
        for (window, total) in totals.iter().enumerate() {
            vector.set(layout.count + window, f64::from(total.count));
            if let Some(start) = layout.scene {
                vector.set(start + window, f64::from(total.in_scene));
            }
            if let (Some(start), true) = (layout.amounts, self.amount.is_some()) {
                vector.set(start + window, whole(total.sum));
                if total.with_amount > 0 {
                    vector.set(start + WINDOWS + window, whole(total.sum) / f64::from(total.with_amount));
                }
                if let Some(largest) = total.largest {
                    vector.set(start + 2 * WINDOWS + window, whole(i128::from(largest)));
                }
            }
            if let Some(start) = layout.feedback {
                vector.set(start + window, f64::from(total.became_known));
                if total.count > 0 {
                    vector.set(start + WINDOWS + window, f64::from(total.frauds) / f64::from(total.count));
                }
            }
        }
        for ((_, start), windows) in layout.distinct.iter().zip(&self.distinct) {
            let mut sum = 0;
            for (window, count) in windows.iter().enumerate() {
                sum += count;
                vector.set(start + window, f64::from(sum));
            }
        }
        if let Some(first) = self.first {
            vector.set(layout.since, seconds(self.at, first));
        }
        if let Some(last) = self.last {
            vector.set(layout.since + 1, seconds(self.at, last));
        }
        vector.set(layout.since + 2, flag(self.last.is_none()));
        if let Some(start) = layout.feedback {
            vector.set(start + 2 * WINDOWS, flag(self.confirmed));
        }
        if let (Some(start), Some(total)) = (layout.habits, totals.last()) {
            self.write_habits(start, total, vector);
        }
        for pair in self.pairs.iter().filter(|pair| pair.present) {
            vector.set(pair.start, f64::from(pair.count));
            if let Some(since) = pair.seconds_since(self.at) {
                vector.set(pair.start + 1, since);
            }
            vector.set(pair.start + 2, flag(pair.count == 0));
        }
        if let Some(cut) = vector.truncated_mut().entities.get_mut(self.kind.index()) {
            *cut = self.truncated;
        }
    }

    fn write_habits(&self, start: usize, total: &Bucket, vector: &mut FeatureVector) {
        if total.count > 0 {
            vector.set(start, f64::from(self.near_hour) / f64::from(total.count));
            vector.set(start + 1, f64::from(self.on_weekday) / f64::from(total.count));
        }
        let (Some((_, amount)), Some(largest)) = (self.amount, total.largest) else { return };
        let (amount, count) = (whole(i128::from(amount)), f64::from(total.with_amount));
        let mean = whole(total.sum) / count;
        if mean > 0.0 {
            vector.set(start + 2, amount / mean);
        }
        if largest > 0 {
            vector.set(start + 3, amount / whole(i128::from(largest)));
        }
        // n times the sum of squares minus the square of the sum, in whole numbers: nothing cancels.
        let spread = i128::from(total.with_amount)
            .saturating_mul(self.sum_of_squares)
            .saturating_sub(total.sum.saturating_mul(total.sum));
        if total.with_amount >= 3 && spread > 0 {
            vector.set(start + 4, (amount - mean) / (whole(spread).sqrt() / count));
        }
    }
}

/// The shortest window that reaches back to a time; nothing when none does.
pub(super) fn window_of(at: i64, then: i64) -> Option<usize> {
    let age = at.saturating_sub(then);
    if age < 0 { None } else { WINDOWS_US.iter().position(|window| age < *window) }
}

fn seconds(at: i64, then: i64) -> f64 {
    whole(i128::from(at.saturating_sub(then))) / 1e6
}

/// Whether two hours of the day are at most one apart.
const fn near(one: u8, other: u8) -> bool {
    matches!(one.abs_diff(other), 0 | 1 | 23)
}

fn cumulative(buckets: &[Bucket; WINDOWS]) -> [Bucket; WINDOWS] {
    let mut so_far = Bucket::default();
    buckets.map(|one| {
        so_far = Bucket {
            count: so_far.count + one.count,
            in_scene: so_far.in_scene + one.in_scene,
            with_amount: so_far.with_amount + one.with_amount,
            sum: so_far.sum + one.sum,
            largest: so_far.largest.max(one.largest),
            frauds: so_far.frauds + one.frauds,
            became_known: so_far.became_known + one.became_known,
        };
        so_far
    })
}
