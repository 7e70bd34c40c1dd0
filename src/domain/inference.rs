//! A call of the Open Inference Protocol: tensors, and the rows that they are for a model.
//!
//! Tensors are read in two steps. What is wrong with one by itself is found without a model ([`Shape`], [`Tensor::parse`]);
//! how they stand for a model's features is found by [`Tensors::layout`], which then gives the rows a few at a time, so
//! that a call takes little more memory than its message.

mod cells;
mod layout;

pub use layout::Layout;

use super::{
    features::MAX_FEATURES,
    ids::{ModelId, RequestId},
    model::VersionNumber,
};

/// The most rows of one call.
pub const MAX_ROWS: usize = 10_000;
/// The most tensors of one call: one for each feature.
pub const MAX_TENSORS: usize = MAX_FEATURES;

named!(
    /// What the elements of a tensor are, by the protocol's names.
    Datatype {
        /// A byte, 0 or 1.
        Bool = "BOOL",
        /// A whole number.
        Int8 = "INT8",
        /// A whole number.
        Int16 = "INT16",
        /// A whole number.
        Int32 = "INT32",
        /// A whole number.
        Int64 = "INT64",
        /// A whole number, not negative.
        Uint8 = "UINT8",
        /// A whole number, not negative.
        Uint16 = "UINT16",
        /// A whole number, not negative.
        Uint32 = "UINT32",
        /// A whole number, not negative.
        Uint64 = "UINT64",
        /// A number of IEEE 754's binary32.
        Fp32 = "FP32",
        /// A number of IEEE 754's binary64.
        Fp64 = "FP64",
        /// Bytes of any length, here a text in UTF-8.
        Bytes = "BYTES",
    }
);

impl Datatype {
    /// How many bytes an element has; nothing when each has its own length.
    #[must_use]
    pub const fn width(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Int8 | Self::Uint8 => Some(1),
            Self::Int16 | Self::Uint16 => Some(2),
            Self::Int32 | Self::Uint32 | Self::Fp32 => Some(4),
            Self::Int64 | Self::Uint64 | Self::Fp64 => Some(8),
            Self::Bytes => None,
        }
    }
}

named!(
    /// What can be asked of a model. Each is one number a row.
    Output {
        /// The prediction as the library that trained the model gives it.
        Prediction = "prediction",
        /// The raw output, on the scale on which the model adds up.
        Raw = "raw",
        /// The calibrated probability; not every model has one.
        Probability = "probability",
    }
);

/// The shape of a tensor: `[rows]` or `[rows, columns]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// 1-10,000.
    pub rows: usize,
    /// 1-256; 1 of a tensor without columns.
    pub columns: usize,
}

impl Shape {
    /// Takes a shape within the limits.
    ///
    /// # Errors
    /// One sentence that says them.
    pub fn parse(dimensions: &[i64]) -> Result<Self, String> {
        let (rows, columns) = match dimensions {
            [rows] => (*rows, 1),
            [rows, columns] => (*rows, *columns),
            _ => return Err("must have one or two dimensions".to_owned()),
        };
        let within = |one: i64, most: usize| usize::try_from(one).ok().filter(|one| (1..=most).contains(one));
        match (within(rows, MAX_ROWS), within(columns, MAX_FEATURES)) {
            (Some(rows), Some(columns)) => Ok(Self { rows, columns }),
            _ => Err(format!("must have 1 to {MAX_ROWS} rows and 1 to {MAX_FEATURES} columns")),
        }
    }

    /// How many elements it has: at most 2,560,000.
    #[must_use]
    pub const fn elements(self) -> usize {
        self.rows * self.columns
    }
}

/// One input, with as many elements as its shape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its place among the inputs of the request.
    pub at: usize,
    /// Its name.
    pub name: String,
    /// What its elements are.
    pub datatype: Datatype,
    /// Its shape.
    pub shape: Shape,
    /// Its elements, little-endian; those of [`Datatype::Bytes`] each after its length in 4 bytes.
    bytes: Vec<u8>,
    /// Where in `bytes` each element of [`Datatype::Bytes`] begins; empty for other data types.
    starts: Vec<u32>,
}

impl Tensor {
    /// Takes a tensor whose bytes are exactly the elements that its shape says.
    ///
    /// # Errors
    /// One sentence about its bytes.
    pub fn parse(at: usize, name: String, datatype: Datatype, shape: Shape, bytes: Vec<u8>) -> Result<Self, String> {
        let mut starts = Vec::new();
        let fits = match datatype.width() {
            Some(width) => bytes.len() == shape.elements() * width,
            None => cells::starts(&bytes, shape.elements()).map(|found| starts = found).is_some(),
        };
        if fits {
            Ok(Self { at, name, datatype, shape, bytes, starts })
        } else {
            Err("must have as many elements as the shape says".to_owned())
        }
    }
}

/// The inputs of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tensors {
    /// Those that could be read.
    pub read: Vec<Tensor>,
    /// The names of those that are refused already: they are not missing.
    pub refused: Vec<String>,
}

impl Tensors {
    /// How many rows the call has, by its first tensor.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.read.first().map_or(0, |first| first.shape.rows)
    }

    /// The canonical bytes of what is predicted on, which are sealed with the decision: with the model version that the
    /// decision names they are all that a prediction follows from. For each tensor, sorted by name: the name's length (2
    /// bytes) and the name; the length of the data type's name (1 byte) and that name; the rows (4 bytes) and the columns (2
    /// bytes); the elements' length (4 bytes), all of that big-endian; then the elements as the protocol has them in
    /// `raw_input_contents`, little-endian. It is the same whichever way the elements came.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut sorted: Vec<&Tensor> = self.read.iter().collect();
        sorted.sort_by(|one, other| one.name.cmp(&other.name));
        let mut bytes = Vec::with_capacity(sorted.iter().map(|one| one.bytes.len() + one.name.len() + 19).sum());
        for one in sorted {
            bytes.extend(u16::try_from(one.name.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend(one.name.as_bytes());
            bytes.push(u8::try_from(one.datatype.name().len()).unwrap_or(u8::MAX));
            bytes.extend(one.datatype.name().as_bytes());
            bytes.extend(u32::try_from(one.shape.rows).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(u16::try_from(one.shape.columns).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend(u32::try_from(one.bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(&one.bytes);
        }
        bytes
    }
}

/// A valid call, not yet held against the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferenceQuery {
    /// The partner's id of the request; nothing when it promises no repeat.
    pub id: Option<RequestId>,
    /// The model asked for.
    pub model: ModelId,
    /// The version that must be in charge; nothing for whichever is.
    pub version: Option<VersionNumber>,
    /// The outputs asked for, in that order; empty for all.
    pub outputs: Vec<Output>,
    /// The inputs.
    pub tensors: Tensors,
}

/// What a model predicts, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// The predictions as the library that trained the model gives them.
    pub prediction: Vec<f64>,
    /// The raw outputs.
    pub raw: Vec<f64>,
    /// The probabilities; empty when the model gives none.
    pub probability: Vec<f64>,
}
