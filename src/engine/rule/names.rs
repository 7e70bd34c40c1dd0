//! What the names of a condition stand for.

use super::{AttributeKind, Fault, Schema, check::Type, program::Field};
use crate::domain::{
    features::shown,
    fraud::{Catalogue, EntityKind, FeatureType},
};

/// The names of `event.` and `model.` with what they stand for.
const EVENT: [(&str, Field, Type); 6] = [
    ("scene", Field::Scene, Type::Text),
    ("amount_minor", Field::Amount, Type::Int),
    ("currency", Field::Currency, Type::Text),
    ("time", Field::Time, Type::Time),
    ("hour", Field::Hour, Type::Int),
    ("weekday", Field::Weekday, Type::Int),
];
const MODEL: [(&str, Field, Type); 1] = [("score", Field::Score, Type::Int)];
/// The longest name to which the nearest one is looked for.
const MAX_COMPARED: usize = 64;

/// What `group.name` stands for, and its type.
pub(super) fn field(schema: &Schema, group: &str, name: &str, at: usize) -> Result<(Field, Type), Fault> {
    let listed = |known: &[(&str, Field, Type)]| {
        let found = known.iter().find(|(known, ..)| *known == name).map(|(_, field, of)| (field.clone(), *of));
        found.ok_or_else(|| unknown(group, name, at, known.iter().map(|(known, ..)| *known)))
    };
    match group {
        "event" => listed(&EVENT),
        "model" => listed(&MODEL),
        "f" => {
            let features = Catalogue::get().features();
            let place = Catalogue::get().index_of(name);
            let Some((place, feature)) = place.and_then(|place| Some((place, features.get(place)?))) else {
                return Err(unknown(group, name, at, features.iter().map(|feature| feature.name.as_str())));
            };
            let of = match feature.kind {
                FeatureType::Int => Type::Int,
                FeatureType::Double => Type::Double,
                FeatureType::Flag => Type::Bool,
                FeatureType::Category(_) => Type::Text,
            };
            Ok((Field::Feature(place, feature.kind), of))
        }
        "attr" => {
            let Some(kind) = schema.attributes.get(name) else {
                return Err(unknown(group, name, at, schema.attributes.keys().map(String::as_str)));
            };
            let of = match kind {
                AttributeKind::Number => Type::Double,
                AttributeKind::Text => Type::Text,
                AttributeKind::Flag => Type::Bool,
            };
            Ok((Field::Attribute(name.into(), *kind), of))
        }
        "entity" => {
            let Some(kind) = EntityKind::from_name(name) else {
                return Err(unknown(group, name, at, EntityKind::ALL.into_iter().map(EntityKind::name)));
            };
            Ok((Field::Entity(kind), Type::Entity(kind)))
        }
        "lists" => Err(Fault::new(at, format!("lists.{} may only stand on the right of 'in'", shown(name)))),
        _ => Err(Fault::new(
            at,
            format!("{}.{} is unknown: expected event., model., f., attr. or entity.", shown(group), shown(name)),
        )),
    }
}

/// The slot of a list, and what it holds.
pub(super) fn list(schema: &Schema, name: &str, at: usize) -> Result<(usize, EntityKind), Fault> {
    let found = schema.lists.iter().enumerate().find(|(_, (known, _))| known == name);
    let found = found.map(|(slot, (_, kind))| (slot, *kind));
    found.ok_or_else(|| unknown("lists", name, at, schema.lists.iter().map(|(known, _)| known.as_str())))
}

/// The refusal of a name, with the nearest known one.
fn unknown<'a>(group: &str, name: &str, at: usize, known: impl Iterator<Item = &'a str>) -> Fault {
    let is = format!("{group}.{} is unknown", shown(name));
    Fault::new(
        at,
        match nearest(name, known) {
            Some(nearest) => format!("{is}: the nearest name is {group}.{nearest}"),
            None => is,
        },
    )
}

/// The known name that the fewest changed, added or left out letters make of a name; nothing when none is like it.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    // What is left out at the end counts as one.
    let distance = |known: &str| if known.starts_with(name) { 1 } else { changes(name, known) };
    let (changes, nearest) = known.map(|known| (distance(known), known)).min_by_key(|(changes, _)| *changes)?;
    (changes <= 2.max(name.len() / 3)).then_some(nearest)
}

/// The Levenshtein distance of two names, by its usual table of which one row is kept.
fn changes(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, one) in from.bytes().enumerate() {
        let (mut diagonal, mut left) = (above, above + 1);
        for (cell, other) in row.iter_mut().skip(1).zip(to.bytes()) {
            let changed = diagonal + usize::from(one != other);
            diagonal = *cell;
            left = changed.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
