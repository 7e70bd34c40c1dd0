//! Features between `google.protobuf.Struct` and the domain.

use prost_types::{Struct, Value, value::Kind};

use crate::domain::{
    features::{FeatureValue, Features, MAX_FEATURES, shown},
    refusal::Violations,
};

/// Reads features; null means missing. Every value that cannot be a feature is noted.
pub(super) fn features(from: Option<Struct>, violations: &mut Violations) -> Features {
    features_at("features", from, violations)
}

/// As [`features`], of a field with another path.
pub(super) fn features_at(path: &str, from: Option<Struct>, violations: &mut Violations) -> Features {
    let mut features = Features::default();
    let fields = from.unwrap_or_default().fields;
    // The count comes first: it bounds the work that the rest can cause.
    if fields.len() > MAX_FEATURES {
        violations.add(path, format!("must have at most {MAX_FEATURES} entries"));
        return features;
    }
    for (name, value) in fields {
        let value = match value.kind {
            Some(Kind::NullValue(_)) => continue,
            Some(Kind::NumberValue(number)) => Ok(FeatureValue::Number(number)),
            Some(Kind::StringValue(text)) => Ok(FeatureValue::Text(text)),
            Some(Kind::BoolValue(flag)) => Ok(FeatureValue::Flag(flag)),
            Some(Kind::StructValue(_) | Kind::ListValue(_)) => {
                Err("must be a number, a text, true or false".to_owned())
            }
            None => Err("must have a value".to_owned()),
        };
        if let Err(rule) = value.and_then(|value| features.insert(&name, value)) {
            violations.add(format!("{path}.{}", shown(&name)), rule);
        }
    }
    features
}

/// Features as the contract has them; also what the command line sends.
#[must_use]
pub fn proto_struct(features: &Features) -> Struct {
    struct_of(features.iter().map(|(name, value)| (name.to_owned(), value.clone())))
}

/// Features by name as the contract has them.
pub(super) fn struct_of(features: impl Iterator<Item = (String, FeatureValue)>) -> Struct {
    let kind = |value| match value {
        FeatureValue::Number(number) => Kind::NumberValue(number),
        FeatureValue::Text(text) => Kind::StringValue(text),
        FeatureValue::Flag(flag) => Kind::BoolValue(flag),
    };
    Struct { fields: features.map(|(name, value)| (name, Value { kind: Some(kind(value)) })).collect() }
}
