//! ONNX files made by hand, field by field.

/// A whole number of the wire format.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

/// A field that is bytes: a text or a message.
pub fn field(number: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3 | 2, &mut out);
    varint(u64::try_from(content.as_ref().len()).unwrap(), &mut out);
    out.extend_from_slice(content.as_ref());
    out
}

/// A field that is a whole number.
pub fn integer(number: u64, value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3, &mut out);
    varint(value.cast_unsigned(), &mut out);
    out
}

pub fn attribute(name: &str, content: &[u8]) -> Vec<u8> {
    field(5, [&field(1, name), content].concat())
}

pub fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    attribute(name, &values.iter().flat_map(|value| integer(8, *value)).collect::<Vec<u8>>())
}

pub fn floats(name: &str, values: &[f32]) -> Vec<u8> {
    attribute(name, &field(7, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()))
}

pub fn texts(name: &str, values: &[&str]) -> Vec<u8> {
    attribute(name, &values.iter().flat_map(|value| field(9, value)).collect::<Vec<u8>>())
}

pub fn text(name: &str, value: &str) -> Vec<u8> {
    attribute(name, &field(4, value))
}

/// An operator of `ai.onnx.ml` or, when its inputs are several, of either.
pub fn node(kind: &str, inputs: &[&str], outputs: &[&str], attributes: &[u8]) -> Vec<u8> {
    let names = |number, names: &[&str]| names.iter().flat_map(|name| field(number, name)).collect::<Vec<u8>>();
    let content = [names(1, inputs), names(2, outputs), field(4, kind), attributes.to_vec(), field(7, "ai.onnx.ml")];
    field(1, content.concat())
}

fn port(number: u64, name: &str, kind: i64, columns: i64) -> Vec<u8> {
    let shape = [field(1, []), field(1, integer(1, columns))].concat();
    let tensor = [integer(1, kind), field(2, shape)].concat();
    field(number, [field(1, name), field(2, field(1, tensor))].concat())
}

/// The input `x`, a table of so many 32-bit floats (kind 1) or another type.
pub fn input(kind: i64, columns: i64) -> Vec<u8> {
    port(11, "x", kind, columns)
}

/// A constant of floats.
pub fn constant(name: &str, dims: &[i64], values: &[f32]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|dim| integer(1, *dim)).collect();
    let data = field(4, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
    field(5, [dims, integer(2, 1), data, field(8, name)].concat())
}

/// A file with this graph and the output `y`.
pub fn file(parts: &[Vec<u8>]) -> Vec<u8> {
    [integer(1, 8), field(7, [parts.concat(), port(12, "y", 1, 2)].concat())].concat()
}

/// A tree of one split at 1 on the only input: its mode, and whether a missing value goes to the true child.
pub fn stump(mode: &str, missing_is_true: bool) -> Vec<u8> {
    [
        integers("nodes_treeids", &[0, 0, 0]),
        integers("nodes_nodeids", &[0, 1, 2]),
        integers("nodes_featureids", &[0, 0, 0]),
        integers("nodes_truenodeids", &[1, 0, 0]),
        integers("nodes_falsenodeids", &[2, 0, 0]),
        integers("nodes_missing_value_tracks_true", &[i64::from(missing_is_true), 0, 0]),
        floats("nodes_values", &[1.0, 0.0, 0.0]),
        texts("nodes_modes", &[mode, "LEAF", "LEAF"]),
    ]
    .concat()
}

/// The weights of the stump's leaves: what the true and the false child give.
pub fn weights(what: &str, ids: &[i64], values: &[f32]) -> Vec<u8> {
    [
        integers(&format!("{what}_treeids"), &vec![0; ids.len()]),
        integers(&format!("{what}_nodeids"), &[1, 2].repeat(ids.len() / 2)),
        integers(&format!("{what}_ids"), ids),
        floats(&format!("{what}_weights"), values),
    ]
    .concat()
}
