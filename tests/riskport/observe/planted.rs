//! Canaries: values that nobody sends by chance, each of which tells the field that it was put into.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};

/// What every text begins with; the number of the field follows, in four digits.
pub const TEXT: &str = "kanarie";
/// The first of the whole numbers: about 7.7e15, which a double holds exactly, with sixteen bits free for the field.
pub const WHOLE: i64 = (7_719_774_433_000_000 >> 16) << 16;
/// The first of the whole numbers of 32 bits.
pub const SHORT: i32 = 0x7719_0000;
/// The first of the fractions, which a credit limit may be; the last sixteen bits are free.
pub const FRACTION: u64 = 0x4169_E57D_AE2F_0000;
pub const IP: &str = "2001:db8:7719:7744";
pub const PHONE: &str = "+86 138 7719 7744";

/// How deep messages are walked into.
const DEPTH: usize = 6;

/// The fields that canaries were put into, by number.
#[derive(Default)]
pub struct Planted(Vec<String>);

impl Planted {
    /// The field of that number.
    pub fn field(&self, number: usize) -> Option<&str> {
        self.0.get(number).map(String::as_str)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Takes a number for a field.
    fn number(&mut self, field: String) -> u16 {
        self.0.push(field);
        u16::try_from(self.0.len() - 1).unwrap()
    }

    /// A text for a field that no message has: a header, a path.
    pub fn text(&mut self, field: &str) -> String {
        text(self.number(field.to_owned()))
    }

    /// A message again and again, each time with one of its fields a canary: every text and every number that it can have.
    /// Each with the field's path.
    pub fn variants(&mut self, method: &str, valid: &DynamicMessage) -> Vec<(String, DynamicMessage)> {
        let mut paths = Vec::new();
        walk(&valid.descriptor(), &mut Vec::new(), &mut paths);
        let plant = |path: Vec<FieldDescriptor>| {
            let names: Vec<_> = path.iter().map(FieldDescriptor::name).collect();
            let field = format!("{method}.{}", names.join("."));
            let mut message = valid.clone();
            put(&mut message, &path, self.number(field.clone()));
            (field, message)
        };
        paths.into_iter().map(plant).collect()
    }
}

fn text(number: u16) -> String {
    format!("{TEXT}{number:04}zq")
}

fn is(message: &MessageDescriptor, name: &str) -> bool {
    message.full_name() == format!("google.protobuf.{name}")
}

/// The paths to all texts and numbers of a message. Times are no secrets, and a struct is one leaf.
fn walk(message: &MessageDescriptor, path: &mut Vec<FieldDescriptor>, found: &mut Vec<Vec<FieldDescriptor>>) {
    for field in message.fields() {
        path.push(field.clone());
        match field.kind() {
            Kind::Bool | Kind::Enum(_) => {}
            Kind::Message(inner) if is(&inner, "Struct") || field.is_map() => found.push(path.clone()),
            Kind::Message(inner) if is(&inner, "Timestamp") || is(&inner, "FieldMask") || is(&inner, "Duration") => {}
            Kind::Message(inner) => {
                let again = path.iter().filter(|one| one.kind() == field.kind()).count() > 1;
                if path.len() < DEPTH && !again {
                    walk(&inner, path, found);
                }
            }
            _ => found.push(path.clone()),
        }
        path.pop();
    }
}

/// Puts a canary into the field at a path, and makes what it stands in.
fn put(message: &mut DynamicMessage, path: &[FieldDescriptor], number: u16) {
    let (field, rest) = path.split_first().unwrap();
    if !rest.is_empty() {
        let inner = message.get_field_mut(field);
        let inner = match inner {
            Value::List(items) => {
                let Kind::Message(kind) = field.kind() else { panic!("{field:?}") };
                if items.is_empty() {
                    items.push(Value::Message(DynamicMessage::new(kind)));
                }
                &mut items[0]
            }
            inner => inner,
        };
        return put(inner.as_message_mut().unwrap(), rest, number);
    }
    match field.kind() {
        Kind::Message(kind) if is(&kind, "Struct") => {
            let inner = message.get_field_mut(field).as_message_mut().unwrap();
            let fields = inner.get_field_by_name_mut("fields").and_then(Value::as_map_mut).unwrap();
            // A number where one is already, so that it may well be taken.
            let key = fields.keys().min_by_key(|key| key.as_str().unwrap() != "credit_limit").cloned();
            let value = prost_types::Value::from(fraction(number));
            let mut of = DynamicMessage::new(kind.parent_pool().get_message_by_name("google.protobuf.Value").unwrap());
            of.transcode_from(&value).unwrap();
            fields.insert(key.unwrap_or_else(|| MapKey::String("credit_limit".to_owned())), Value::Message(of));
        }
        Kind::Message(entry) if field.is_map() => {
            let value = leaf(&entry.map_entry_value_field(), None, number);
            let map = message.get_field_mut(field).as_map_mut().unwrap();
            map.insert(MapKey::String("segment".to_owned()), value);
        }
        _ if field.is_list() => {
            let value = leaf(field, None, number);
            message.set_field(field, Value::List(vec![value]));
        }
        _ => {
            let before = message.get_field(field).as_str().map(str::to_owned);
            message.set_field(field, leaf(field, before.as_deref(), number));
        }
    }
}

fn leaf(field: &FieldDescriptor, before: Option<&str>, number: u16) -> Value {
    match field.kind() {
        Kind::String => Value::String(match field.name() {
            "ip" => format!("{IP}::{number:x}"),
            "phone" => PHONE.to_owned(),
            "email" => format!("{}@example.org", text(number)),
            _ => named(before.unwrap_or_default(), number),
        }),
        Kind::Bytes => Value::Bytes(text(number).into()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(SHORT + i32::from(number)),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(SHORT.unsigned_abs() + u32::from(number)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(WHOLE + i64::from(number)),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(WHOLE.unsigned_abs() + u64::from(number)),
        Kind::Float => Value::F32(13_577_197.0),
        Kind::Double => Value::F64(fraction(number)),
        // The values of a map of messages: none of ours holds secrets, and an empty one is as good.
        Kind::Message(inner) => Value::Message(DynamicMessage::new(inner)),
        Kind::Bool => Value::Bool(true),
        Kind::Enum(_) => Value::EnumNumber(1),
    }
}

fn fraction(number: u16) -> f64 {
    f64::from_bits(FRACTION | u64::from(number))
}

/// A text that has the form of the one before: a resource name stays one.
fn named(before: &str, number: u16) -> String {
    let mut parts: Vec<&str> = before.split('/').collect();
    let canary = text(number);
    let last = parts.iter().rposition(|part| *part != "versions" && part.parse::<i64>().is_err());
    match last {
        Some(last) if parts.len() > 1 => {
            parts[last] = &canary;
            parts.join("/")
        }
        _ => canary,
    }
}
