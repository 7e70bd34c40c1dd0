//! `XGBoost`'s model files, JSON and UBJ, as releases 1.7 to 3.2 write them and 3.2 scores them.
//!
//! Both forms have the same members, described in `XGBoost`'s documentation ("Introduction to Model IO"), so one set of
//! types reads both. All trees count, as in `Booster.predict`: the scikit-learn wrapper stops at the attribute
//! `best_iteration` after early stopping, and such a model must be cut to it before it is saved.

mod categories;
mod file;
mod tree;
mod ubj;

use crate::engine::{
    LoadError,
    forest::{Forest, ForestSpec, Precision},
    parsed::{Body, Format, Input, Link, MAX_INPUTS, Parsed},
};
use file::{Booster, File, Model};
use serde::Deserialize;

/// Whether a file claims to be in the binary form: an object whose first key has a length with a UBJ type.
pub(super) fn is_ubj(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', b'i' | b'U' | b'I' | b'l' | b'L', ..])
}

/// Whether a file may be in the text form: it is a JSON object.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    let mut text = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    text.next() == Some(&b'{') && matches!(text.next(), Some(b'"' | b'}'))
}

pub(super) fn parse_ubj(bytes: &[u8]) -> Result<Parsed, LoadError> {
    let mut reader = ubj::Reader::new(bytes);
    let file = File::deserialize(&mut reader).and_then(|file| reader.end().map(|()| file));
    let file = file.map_err(|fault| LoadError::Form(format!("XGBoost UBJ: {fault}")))?;
    read(file, bytes.len(), Format::XgboostUbj)
}

pub(super) fn parse_json(bytes: &[u8]) -> Result<Parsed, LoadError> {
    let file = serde_json::from_slice(bytes).map_err(|fault| {
        // These two name members of the format; other messages could repeat what the file says.
        let text = fault.to_string();
        let about = if text.starts_with("missing field") || text.starts_with("duplicate field") {
            text
        } else {
            format!("not of its form at line {} column {}", fault.line(), fault.column())
        };
        LoadError::Form(format!("XGBoost JSON: {about}"))
    })?;
    read(file, bytes.len(), Format::XgboostJson)
}

/// Checks what was read. `size` is the file's: what it may become is bounded by it.
fn read(file: File, size: usize, format: Format) -> Result<Parsed, LoadError> {
    let learner = file.learner;
    let parameters = learner.parameters;
    if !matches!(parameters.num_class.as_deref(), None | Some("0" | "1"))
        || !matches!(parameters.num_target.as_deref(), None | Some("0" | "1"))
    {
        return Err(LoadError::Unsupported("an XGBoost model with several outputs".to_owned()));
    }
    let (link, base) = link(&learner.objective.name, base_score(&parameters.base_score)?)?;
    let count = parameters.num_feature.parse().ok().filter(|count| (1..=MAX_INPUTS).contains(count));
    let count = count.ok_or_else(|| LoadError::rule("num_feature", "must be 1 to 4096"))?;
    let mut inputs = inputs(learner.feature_names.map(|names| names.0).unwrap_or_default(), count)?;
    let (model, weights) = trees(learner.gradient_booster)?;
    if let Some(found) = model.cats {
        categories::attach(found, &mut inputs, size)?;
    }
    let spec = ForestSpec {
        inputs: count,
        precision: Precision::Single,
        sums: Precision::Single,
        base: f64::from(base),
        scale: 1.0,
        trees: tree::read_all(model.trees, weights.as_deref(), count, size)?,
    };
    Ok(Parsed { format, inputs, link, body: Body::Forest(Forest::new(spec)?) })
}

/// The trees, and for `dart` what each is weighted with.
fn trees(booster: Booster) -> Result<(Model, Option<Vec<f32>>), LoadError> {
    let fail = |rule| LoadError::rule("gradient_booster", rule);
    match booster.name.as_str() {
        "gbtree" => Ok((booster.model.ok_or_else(|| fail("must have a model"))?, None)),
        "dart" => {
            let model = booster.gbtree.ok_or_else(|| fail("must have a gbtree"))?.model;
            let weights = booster.weight_drop.ok_or_else(|| fail("must have weight_drop"))?.0;
            if weights.len() != model.trees.len() {
                return Err(fail("weight_drop must have a weight for each tree"));
            }
            Ok((model, Some(weights)))
        }
        "gblinear" => Err(LoadError::Unsupported("the XGBoost booster gblinear".to_owned())),
        _ => Err(LoadError::Unsupported("an XGBoost booster other than gbtree and dart".to_owned())),
    }
}

fn inputs(names: Vec<String>, count: usize) -> Result<Vec<Input>, LoadError> {
    let input = |name| Input { name, categories: None };
    if names.is_empty() {
        return Ok((0..count).map(|at| input(format!("f{at}"))).collect());
    }
    if names.len() != count {
        return Err(LoadError::rule("feature_names", "must have one for each feature"));
    }
    Ok(names.into_iter().map(input).collect())
}

/// Reads `[6.7E-2]`, as 3.1 and later write it, or `6.7E-2`.
fn base_score(text: &str) -> Result<f32, LoadError> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if inner.contains(',') {
        return Err(LoadError::Unsupported("an XGBoost model with several outputs".to_owned()));
    }
    inner.parse().map_err(|_| LoadError::rule("base_score", "must be a number"))
}

/// What an objective does to the sum, and the file's base score, which is a prediction, as what the sum begins with:
/// in 32 bits, as the library computes it.
fn link(objective: &str, base: f32) -> Result<(Link, f32), LoadError> {
    let logit = -(1.0 / base - 1.0).ln();
    match objective {
        "binary:logistic" | "reg:logistic" => Ok((Link::Logistic { steepness: 1.0 }, logit)),
        "count:poisson" | "reg:gamma" | "reg:tweedie" => Ok((Link::Exp, base.ln())),
        // Of these the base score is what the sum begins with, also of the first, whose sum is log odds.
        "binary:logitraw"
        | "reg:squarederror"
        | "reg:squaredlogerror"
        | "reg:linear"
        | "reg:absoluteerror"
        | "reg:pseudohubererror"
        | "reg:quantileerror"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => Ok((Link::Identity, base)),
        _ => {
            let name: String = objective.chars().take(40).collect();
            Err(LoadError::Unsupported(format!("the XGBoost objective {name:?}")))
        }
    }
}
