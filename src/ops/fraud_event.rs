//! Turns an event as it comes in into the form that may be kept.

use crate::{
    domain::{
        fraud::{Amount, Currency, ENTITY_KINDS, EntityKind, Event, NewEvent, network_prefixes},
        zone::{TimeZone, local_at_offset},
    },
    vault::TenantKey,
};

/// The event with every entity as a keyed hash of the tenant's.
pub(super) fn hashed(new: &NewEvent, key: &TenantKey, zone: &TimeZone) -> Event {
    let mut entities = [None; ENTITY_KINDS];
    for (kind, value) in new.entities.iter() {
        if let Some(place) = entities.get_mut(kind.index()) {
            *place = Some(key.entity_key(kind, value));
        }
    }
    let ip = new.entities.get(EntityKind::Ip).and_then(|ip| ip.parse().ok());
    let networks = ip.map(network_prefixes).unwrap_or_default();
    Event {
        scene: new.scene.clone(),
        occurred: new.occurred,
        local: match new.utc_offset_minutes {
            Some(minutes) => local_at_offset(new.occurred, minutes),
            None => zone.local(new.occurred),
        },
        amount: new.amount.as_ref().map(|money| Amount { currency: Currency::of(money), minor: money.amount_minor }),
        entities,
        networks: networks.iter().map(|network| key.network_key(network)).collect(),
        attributes: new.attributes.clone(),
    }
}
