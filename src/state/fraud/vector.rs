//! The features of one event.

use super::scan::Pair;
use crate::domain::{
    features::FeatureValue,
    fraud::{Catalogue, ENTITY_KINDS, EntityKind, Event, FeatureType, WINDOWS},
};

/// What a limit kept features from seeing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Truncated {
    /// By [`EntityKind::index`]: it has more events in 30 days than are looked at.
    pub entities: [bool; ENTITY_KINDS],
    /// The linked cluster is larger than what is looked at.
    pub relations: bool,
    /// The tenant has more events in 30 days than are kept.
    pub events: bool,
}

impl Truncated {
    /// Whether anything was cut.
    #[must_use]
    pub fn any(&self) -> bool {
        self.relations || self.events || self.entities.contains(&true)
    }

    /// What was cut, by name.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let kinds = EntityKind::ALL.into_iter().zip(self.entities).filter(|(_, cut)| *cut).map(|(kind, _)| kind.name());
        let relations = self.relations.then_some("relations");
        kinds.chain(relations).chain(self.events.then_some("events"))
    }
}

/// Every feature of one event, in the order of the catalogue; NaN is a missing one.
#[derive(Debug, Clone)]
pub struct FeatureVector {
    values: Vec<f64>,
    truncated: Truncated,
}

impl FeatureVector {
    /// The features that the event itself gives; all others are missing still.
    pub(super) fn of(event: &Event, catalogue: &Catalogue) -> Self {
        let mut vector = Self { values: vec![f64::NAN; catalogue.features().len()], truncated: Truncated::default() };
        if let Some(amount) = event.amount {
            vector.set(catalogue.event, whole(i128::from(amount.minor)));
        }
        vector.set(catalogue.event + 1, f64::from(event.local.hour));
        vector.set(catalogue.event + 2, f64::from(event.local.weekday));
        vector.set(catalogue.event + 3, flag(event.local.weekday >= 5));
        vector.set(catalogue.event + 4, f64::from(event.scene.number()));
        vector
    }

    pub(super) fn from_parts(values: Vec<f64>, truncated: Truncated) -> Self {
        Self { values, truncated }
    }

    pub(super) fn set(&mut self, at: usize, value: f64) {
        if let Some(place) = self.values.get_mut(at) {
            *place = value;
        }
    }

    pub(super) fn truncated_mut(&mut self) -> &mut Truncated {
        &mut self.truncated
    }

    /// Whether the elements of the person go together, from what is known of the account with each.
    pub(super) fn set_identity(&mut self, catalogue: &Catalogue, event: &Event, pairs: &[Pair]) {
        let at = event.occurred.micros();
        let pair_of = |kind: EntityKind| pairs.iter().find(|pair| pair.kind == kind);
        let (mut matches, mut mismatches) = (0_u8, 0_u8);
        for (kind, start) in &catalogue.identity {
            let Some(pair) = pair_of(*kind).filter(|_| event.entity(*kind).is_some()) else { continue };
            let code = match (pair.count, pair.others) {
                (1.., _) => 0,
                (0, true) => 1,
                (0, false) => 2,
            };
            matches += u8::from(code == 0);
            mismatches += u8::from(code == 1);
            self.set(*start, f64::from(code));
            if let Some(seconds) = pair.seconds_since(at) {
                self.set(start + 1, seconds / 86_400.0);
            }
        }
        if event.entity(EntityKind::Account).is_some() {
            self.set(catalogue.identity_counts, f64::from(matches));
            self.set(catalogue.identity_counts + 1, f64::from(mismatches));
        }
        for (kind, start) in &catalogue.shared {
            let distinct = catalogue.entities.get(kind.index()).map(|layout| layout.distinct.as_slice());
            let accounts = distinct.unwrap_or_default().iter().find(|(other, _)| *other == EntityKind::Account);
            if let Some(accounts) = accounts.and_then(|(_, windows)| self.value(windows + WINDOWS - 1)) {
                let own = pair_of(*kind).is_some_and(|pair| pair.count > 0);
                self.set(*start, accounts - flag(own));
            }
        }
    }

    /// A feature by its place; nothing when it is missing.
    #[must_use]
    pub fn value(&self, at: usize) -> Option<f64> {
        self.values.get(at).copied().filter(|value| !value.is_nan())
    }

    /// All features in the order of the catalogue; NaN is a missing one.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// What a limit kept them from seeing.
    #[must_use]
    pub const fn truncated(&self) -> &Truncated {
        &self.truncated
    }

    /// A feature as models and callers take it.
    #[must_use]
    pub fn feature(&self, at: usize) -> Option<FeatureValue> {
        let value = self.value(at)?;
        Some(match Catalogue::get().features().get(at)?.kind {
            FeatureType::Int | FeatureType::Double => FeatureValue::Number(value),
            FeatureType::Flag => FeatureValue::Flag(value > 0.5),
            FeatureType::Category(texts) => FeatureValue::Text((*texts.get(place(value))?).to_owned()),
        })
    }

    /// The features that are there, by name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, FeatureValue)> {
        let defs = Catalogue::get().features().iter().enumerate();
        defs.filter_map(|(at, def)| self.feature(at).map(|value| (def.name.as_str(), value)))
    }
}

/// The place of a category in its list.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a category is a small whole number")]
fn place(value: f64) -> usize {
    value as usize
}

/// A whole number as a feature: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "sums of money beyond 2^53 minor units are rounded, as every double is")]
pub(super) fn whole(value: i128) -> f64 {
    value as f64
}

pub(super) const fn flag(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}
