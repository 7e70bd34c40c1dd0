//! Reads the case files: messages of any method as TOML, which unlike JSON can say NaN and infinity.

use std::collections::BTreeMap;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, Value};
use serde::Deserialize;

use crate::support::{descriptors, now, wire};

const FILES: &[&str] = &[
    include_str!("../../cases/inputs/credit.toml"),
    include_str!("../../cases/inputs/decision.toml"),
    include_str!("../../cases/inputs/fraud.toml"),
    include_str!("../../cases/inputs/fraud_policy.toml"),
    include_str!("../../cases/inputs/inference.toml"),
    include_str!("../../cases/inputs/pricing.toml"),
    include_str!("../../cases/inputs/risk.toml"),
    include_str!("../../cases/inputs/tenant.toml"),
];

#[derive(Deserialize)]
struct File {
    method: Vec<Method>,
}

/// A method with a valid message and the ways to spoil it.
#[derive(Deserialize)]
pub struct Method {
    pub name: String,
    base: toml::Table,
    /// The messages that follow, of a method that takes a stream to answer once.
    #[serde(default)]
    then: Vec<toml::Table>,
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The row of the bad-input table.
    pub row: u32,
    #[serde(default)]
    set: toml::Table,
    #[serde(default)]
    unset: Vec<String>,
    #[serde(default)]
    long: BTreeMap<String, usize>,
    #[serde(default)]
    many: BTreeMap<String, usize>,
    /// The fields that the refusal names: these and no others.
    pub violated: Vec<String>,
}

pub fn read() -> Vec<Method> {
    FILES.iter().flat_map(|text| toml::from_str::<File>(text).unwrap().method).collect()
}

impl Method {
    /// The valid message, with those that follow it, each in its frame.
    pub fn valid(&self) -> Vec<u8> {
        self.body(&self.message().encode_to_vec())
    }

    /// A first message, with those that follow it, each in its frame.
    pub fn body(&self, first: &[u8]) -> Vec<u8> {
        let then = self.then.iter().map(|members| wire::frame(&self.filled(members).encode_to_vec()));
        then.fold(wire::frame(first), |body, frame| [body, frame].concat())
    }

    /// The message as a case spoils it.
    pub fn spoiled(&self, case: &Case) -> Vec<u8> {
        let mut message = self.message();
        for path in &case.unset {
            unset(&mut message, path);
        }
        for (path, length) in &case.long {
            let text = format!("kanarie{}", "x".repeat(length - "kanarie".len()));
            set(&mut message, path, &text.into());
        }
        for (path, count) in &case.many {
            many(&mut message, path, *count);
        }
        for (path, value) in &case.set {
            set(&mut message, path, value);
        }
        message.encode_to_vec()
    }

    /// The valid message.
    pub fn message(&self) -> DynamicMessage {
        self.filled(&self.base)
    }

    fn filled(&self, members: &toml::Table) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptors::method(&self.name).input());
        members.iter().for_each(|(path, value)| set(&mut message, path, value));
        message
    }
}

fn field(message: &DynamicMessage, name: &str) -> FieldDescriptor {
    let descriptor = message.descriptor();
    descriptor.get_field_by_name(name).unwrap_or_else(|| panic!("no field {name} in {}", descriptor.full_name()))
}

/// Sets the field at a path. A table sets what it holds, and leaves the rest of the message as it was.
fn set(message: &mut DynamicMessage, path: &str, value: &toml::Value) {
    if message.descriptor().full_name() == "google.protobuf.Struct" {
        let fields = message.get_field_by_name_mut("fields").and_then(Value::as_map_mut).unwrap();
        fields.insert(MapKey::String(path.to_owned()), Value::Message(dynamic(value)));
        return;
    }
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if let Some(rest) = rest {
        set(inner(message, name), rest, value);
        return;
    }
    let field = field(message, name);
    match value {
        toml::Value::Table(members) => {
            let inner = message.get_field_mut(&field).as_message_mut().unwrap();
            members.iter().for_each(|(name, value)| set(inner, name, value));
        }
        toml::Value::Array(items) => {
            let items = items.iter().map(|item| scalar(&field, item)).collect();
            message.set_field(&field, Value::List(items));
        }
        value => message.set_field(&field, scalar(&field, value)),
    }
}

/// Takes the field at a path out.
fn unset(message: &mut DynamicMessage, path: &str) {
    match path.split_once('.') {
        Some((outer, rest)) => unset(inner(message, outer), rest),
        None => message.clear_field_by_name(path),
    }
}

/// The message in a field, or at a place in it: `rows` or `rows[0]`.
fn inner<'a>(message: &'a mut DynamicMessage, name: &str) -> &'a mut DynamicMessage {
    let (name, at) = match name.split_once('[') {
        Some((name, at)) => (name, Some(at.trim_end_matches(']').parse::<usize>().unwrap())),
        None => (name, None),
    };
    let field = field(message, name);
    let value = message.get_field_mut(&field);
    match at {
        Some(at) => value.as_list_mut().unwrap()[at].as_message_mut().unwrap(),
        None => value.as_message_mut().unwrap(),
    }
}

/// Puts so many entries into a repeated field, or into a struct.
fn many(message: &mut DynamicMessage, path: &str, count: usize) {
    let (outer, inner) = path.rsplit_once('.').unwrap_or(("", path));
    let mut target = message;
    for name in outer.split('.').filter(|name| !name.is_empty()) {
        target = self::inner(target, name);
    }
    let field = field(target, inner);
    if field.is_list() {
        let one = match field.kind() {
            Kind::String => Value::String("display_name".to_owned()),
            Kind::Int64 => Value::I64(1),
            Kind::Message(entry) => Value::Message(DynamicMessage::new(entry)),
            _ => Value::EnumNumber(1),
        };
        target.set_field(&field, Value::List(vec![one; count]));
    } else {
        let fields = target.get_field_mut(&field).as_message_mut().unwrap();
        (0..count).for_each(|at| set(fields, &format!("f{at}"), &toml::Value::Integer(1)));
    }
}

fn scalar(field: &FieldDescriptor, value: &toml::Value) -> Value {
    let integer = || value.as_integer().unwrap();
    match field.kind() {
        Kind::String => Value::String(value.as_str().unwrap().to_owned()),
        Kind::Bool => Value::Bool(value.as_bool().unwrap()),
        Kind::Int32 => Value::I32(integer().try_into().unwrap()),
        Kind::Int64 => Value::I64(integer()),
        Kind::Double => Value::F64(value.as_float().unwrap()),
        Kind::Bytes => Value::Bytes(value.as_str().unwrap().to_owned().into()),
        // What must have happened just now cannot stand in a file.
        Kind::Message(inner) if value.as_str() == Some("@now") => {
            Value::Message(DynamicMessage::decode(inner, now().encode_to_vec().as_slice()).unwrap())
        }
        Kind::Message(inner) => {
            let mut message = DynamicMessage::new(inner);
            value.as_table().unwrap().iter().for_each(|(name, value)| set(&mut message, name, value));
            Value::Message(message)
        }
        Kind::Enum(_) => Value::EnumNumber(integer().try_into().unwrap()),
        kind => panic!("{}: no way to write {kind:?} yet", field.name()),
    }
}

/// A value as `google.protobuf.Value`; `@null` and `@none` are what TOML has no word for.
fn dynamic(value: &toml::Value) -> DynamicMessage {
    use prost_types::{ListValue, Struct, Value as Proto, value::Kind as ProtoKind};
    fn proto(value: &toml::Value) -> Proto {
        #[expect(clippy::cast_precision_loss, reason = "the numbers in the case files are small")]
        let kind = match value {
            toml::Value::String(text) if text == "@none" => return Proto { kind: None },
            toml::Value::String(text) if text == "@null" => ProtoKind::NullValue(0),
            toml::Value::String(text) => ProtoKind::StringValue(text.clone()),
            toml::Value::Integer(number) => ProtoKind::NumberValue(*number as f64),
            toml::Value::Float(number) => ProtoKind::NumberValue(*number),
            toml::Value::Boolean(flag) => ProtoKind::BoolValue(*flag),
            toml::Value::Array(items) => ProtoKind::ListValue(ListValue { values: items.iter().map(proto).collect() }),
            toml::Value::Table(members) => ProtoKind::StructValue(Struct {
                fields: members.iter().map(|(name, value)| (name.clone(), proto(value))).collect(),
            }),
            toml::Value::Datetime(_) => panic!("a struct has no times"),
        };
        Proto { kind: Some(kind) }
    }
    let descriptor = descriptors::pool().get_message_by_name("google.protobuf.Value").unwrap();
    DynamicMessage::decode(descriptor, proto(value).encode_to_vec().as_slice()).unwrap()
}
