//! Parsing that several services share.

use prost_types::Timestamp as ProtoTimestamp;

use super::proto::credit;
use crate::domain::{
    credit::Language,
    ids::TenantId,
    refusal::{Refusal, Violations},
    tags::{Tag, Tags},
    text,
    time::Timestamp,
};

/// The id after a resource name's prefix, for example of `decisions/{id}`.
pub(super) fn resource<T>(
    name: &str,
    prefix: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    let id = name.strip_prefix(prefix).ok_or_else(|| format!("must begin with {prefix}"))?;
    parse(id).map_err(|rule| format!("the id after {prefix} {rule}"))
}

/// The tenant that a resource name is of; nothing for `tenants/-`, which is all of them.
pub(super) fn tenant_or_all(field: &str, name: &str) -> Result<Option<TenantId>, Refusal> {
    if name == "tenants/-" {
        return Ok(None);
    }
    resource(name, "tenants/", TenantId::parse).map(Some).map_err(|rule| Violations::one(field, rule))
}

/// A value of an enum; numbers that this version does not know are refused, not taken for the default.
pub(super) fn known_enum<E: TryFrom<i32>>(value: i32) -> Result<E, String> {
    E::try_from(value).map_err(|_| "must be a value that the contract names".to_owned())
}

/// A time that must be there.
pub(super) fn required_time(value: Option<ProtoTimestamp>) -> Result<Timestamp, String> {
    value.map_or_else(|| Err("is required".to_owned()), |time| Timestamp::from_parts(time.seconds, time.nanos))
}

/// A time that may be there.
pub(super) fn optional_time(
    field: &str,
    value: Option<ProtoTimestamp>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    violations.take(field, required_time(Some(value?)))
}

/// A time as the contract has it.
pub(super) fn proto_time(time: Timestamp) -> ProtoTimestamp {
    ProtoTimestamp { seconds: time.seconds(), nanos: time.subsec_nanos() }
}

/// The tags of a subject, each of which may be empty.
pub(super) fn tags(segment: &str, group: &str, violations: &mut Violations) -> Tags {
    let mut tag = |field, value: &str| {
        if value.is_empty() { None } else { violations.take(field, Tag::parse(value)) }
    };
    Tags { segment: tag("segment", segment), group: tag("group", group) }
}

/// Why something is asked for; may be empty.
pub(super) fn purpose(purpose: &str) -> Result<String, String> {
    if purpose.is_empty() { Ok(String::new()) } else { text::token(purpose, 1, 64, "._-") }
}

/// The language of an answer's sentences.
pub(super) fn language(language: i32) -> Result<Language, String> {
    known_enum::<credit::Language>(language).map(|one| match one {
        credit::Language::Unspecified | credit::Language::En => Language::English,
        credit::Language::Zh => Language::Chinese,
    })
}

/// So many of what a message repeats, or none: the count comes first, for it bounds the work that the rest can cause.
pub(super) fn at_most<T>(most: usize, field: &str, from: Vec<T>, violations: &mut Violations) -> Vec<T> {
    if from.len() <= most {
        return from;
    }
    violations.add(field, format!("must be at most {most}"));
    Vec::new()
}
