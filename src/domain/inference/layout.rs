//! Which tensor stands for which feature of a model.

use std::{collections::HashMap, ops::Range};

use super::{Datatype, Tensor, Tensors};
use crate::domain::{
    features::shown,
    model::{FeatureKind, FeatureSpec, Manifest, MissingPolicy},
    refusal::Violations,
};

/// The name of the one tensor that holds all features.
const MATRIX: &str = "input";

/// Where the values of a feature come from.
enum Source<'a> {
    /// A column of a tensor.
    Column(&'a Tensor, usize),
    /// Nowhere: it is missing in every row.
    Missing,
    /// Nowhere, and that is told already.
    Refused,
}

/// A feature, and where its values come from.
struct Cell<'a> {
    spec: &'a FeatureSpec,
    source: Source<'a>,
    /// The place of each text of a category.
    places: HashMap<&'a str, f64>,
}

/// The rows of a call, in the order of a model's features.
pub struct Layout<'a> {
    cells: Vec<Cell<'a>>,
    matrix: bool,
}

impl Tensors {
    /// How these tensors stand for a model's features: all in the one tensor `input`, or each in its own. Whatever is wrong
    /// with names, data types and shapes goes into `violations`; elements can be looked at all the same.
    pub fn layout<'a>(&'a self, manifest: &'a Manifest, violations: &mut Violations) -> Layout<'a> {
        let features = &manifest.features;
        let alone = features.len() == 1 && features.iter().any(|one| one.name == MATRIX);
        let mut names = self.read.iter().map(|one| &one.name).chain(&self.refused);
        let matrix = !alone && names.next().is_some_and(|name| name == MATRIX) && names.next().is_none();
        let sources = if matrix { self.columns(features, violations) } else { self.by_name(features, violations) };
        let cell = |(spec, source): (&'a FeatureSpec, Source<'a>)| Cell { spec, source, places: places(spec) };
        Layout { cells: features.iter().zip(sources).map(cell).collect(), matrix }
    }

    fn columns(&self, features: &[FeatureSpec], violations: &mut Violations) -> Vec<Source<'_>> {
        let width = features.len();
        let tensor = self.read.first().filter(|tensor| {
            let numbers = matches!(tensor.datatype, Datatype::Fp64 | Datatype::Fp32);
            if !numbers {
                violations.add(format!("inputs[{}].datatype", tensor.at), "must be FP64 or FP32");
            }
            if tensor.shape.columns != width {
                violations.add(format!("inputs[{}].shape", tensor.at), format!("must be [rows, {width}]"));
            }
            numbers && tensor.shape.columns == width
        });
        let source = |column| tensor.map_or(Source::Refused, |tensor| Source::Column(tensor, column));
        (0..width).map(source).collect()
    }

    fn by_name(&self, features: &[FeatureSpec], violations: &mut Violations) -> Vec<Source<'_>> {
        let of_name: HashMap<&str, usize> =
            features.iter().enumerate().map(|(at, one)| (one.name.as_str(), at)).collect();
        let mut sources: Vec<Option<Source<'_>>> = features.iter().map(|_| None).collect();
        for name in &self.refused {
            if let Some(at) = of_name.get(name.as_str()) {
                sources[*at] = Some(Source::Refused);
            }
        }
        for tensor in &self.read {
            let Some(at) = of_name.get(tensor.name.as_str()).copied() else {
                violations.add(format!("inputs[{}].name", tensor.at), "is not a feature of the model");
                continue;
            };
            if sources[at].is_some() {
                violations.add(format!("inputs[{}].name", tensor.at), "stands twice");
                continue;
            }
            let fits = self.check(tensor, features[at].kind, violations);
            sources[at] = Some(if fits { Source::Column(tensor, 0) } else { Source::Refused });
        }
        let named = features.iter().zip(sources);
        let source = |(one, source): (&FeatureSpec, Option<_>)| match (source, one.missing) {
            (Some(source), _) => source,
            (None, MissingPolicy::Accept) => Source::Missing,
            (None, MissingPolicy::Refuse) => {
                violations.add("inputs", format!("must have a tensor for {}", shown(&one.name)));
                Source::Refused
            }
        };
        named.map(source).collect()
    }

    /// Whether a tensor fits the feature that it is for.
    fn check(&self, tensor: &Tensor, kind: FeatureKind, violations: &mut Violations) -> bool {
        let (at, datatype) = (tensor.at, tensor.datatype);
        let rule = match kind {
            FeatureKind::Number if matches!(datatype, Datatype::Bool | Datatype::Bytes) => Some("must be of numbers"),
            FeatureKind::Category if datatype != Datatype::Bytes => Some("must be BYTES"),
            FeatureKind::Flag if datatype != Datatype::Bool => Some("must be BOOL"),
            _ => None,
        };
        if let Some(rule) = rule {
            violations.add(format!("inputs[{at}].datatype"), rule);
        }
        let right = (tensor.shape.rows, tensor.shape.columns) == (self.rows(), 1);
        if !right {
            let shape = "must be [rows] or [rows, 1], with the rows of the first tensor";
            violations.add(format!("inputs[{at}].shape"), shape);
        }
        rule.is_none() && right
    }
}

/// The place of each text in a category's list.
#[expect(clippy::cast_precision_loss, reason = "a category has at most 1000 texts")]
fn places(spec: &FeatureSpec) -> HashMap<&str, f64> {
    spec.values.iter().enumerate().map(|(at, text)| (text.as_str(), at as f64)).collect()
}

impl Layout<'_> {
    /// Puts some rows into `rows`, one after the other. A value that is no value of its feature is told to `fault`, with its
    /// row and its feature's place, and is missing in the row.
    pub fn fill(&self, wanted: Range<usize>, rows: &mut Vec<f64>, mut fault: impl FnMut(usize, usize, String)) {
        rows.clear();
        for row in wanted {
            for (at, cell) in self.cells.iter().enumerate() {
                let value = match cell.source {
                    Source::Column(tensor, column) => cell.value(tensor, row * tensor.shape.columns + column),
                    Source::Missing | Source::Refused => Ok(f64::NAN),
                };
                rows.push(value.unwrap_or_else(|why| {
                    fault(row, at, why);
                    f64::NAN
                }));
            }
        }
    }

    /// Whether a feature's tensor is refused as a whole, so that nothing is to be said of its values.
    #[must_use]
    pub fn refuses(&self, feature: usize) -> bool {
        self.cells.get(feature).is_none_or(|cell| matches!(cell.source, Source::Refused))
    }

    /// The place of the feature of that name.
    #[must_use]
    pub fn place(&self, feature: &str) -> Option<usize> {
        self.cells.iter().position(|cell| cell.spec.name == feature)
    }

    /// The field of the request that holds a feature's values, and how to say which of them in row `row` is meant.
    #[must_use]
    pub fn field(&self, row: usize, feature: usize) -> (String, String) {
        match self.cells.get(feature) {
            Some(Cell { source: Source::Column(tensor, column), spec, .. }) if self.matrix => {
                let element = row * tensor.shape.columns + column;
                (format!("inputs[{}].contents[{element}]", tensor.at), format!("row {row}, {}", shown(&spec.name)))
            }
            Some(Cell { source: Source::Column(tensor, _), .. }) => {
                (format!("inputs[{}].contents", tensor.at), format!("row {row}"))
            }
            _ => ("inputs".to_owned(), format!("row {row}")),
        }
    }
}

impl Cell<'_> {
    /// The value of an element. In the one tensor of all features it is a number whatever the feature is.
    fn value(&self, tensor: &Tensor, element: usize) -> Result<f64, String> {
        match tensor.datatype {
            Datatype::Bool => tensor.flag(element),
            Datatype::Bytes => tensor.category(element, &self.places),
            _ => tensor.number(element),
        }
    }
}
