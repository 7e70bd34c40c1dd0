//! Holds a model file's inputs and output against a manifest.

use std::collections::HashMap;

use super::{Body, Bound};
use crate::{
    domain::{
        features::{MAX_FEATURES, shown},
        model::{Calibration, FeatureKind, Manifest, ModelKind, Scale},
        refusal::Violations,
    },
    engine::{Input, Link, Predictor},
};

/// How many names of inputs a refusal shows at most.
const MAX_SHOWN: usize = 5;

/// Loads a file that is no scorecard.
pub(super) fn load(file: &[u8], mut manifest: Manifest) -> Result<(Manifest, Body), Violations> {
    let predictor = match Predictor::load(file) {
        Ok(predictor) => predictor,
        Err(error) => {
            let mut violations = manifest.check();
            violations.add("file", error.to_string());
            return Err(violations);
        }
    };
    let mut of_file = Violations::default();
    let feature_of = match_inputs(&mut of_file, predictor.inputs(), &manifest);
    let codes = bind_categories(&mut of_file, predictor.inputs(), &feature_of, &mut manifest);
    check_output(&mut of_file, predictor.link(), &manifest);
    // The manifest's own rules come first, and after the texts of categories were taken from the file: a field that
    // breaks one of them needs no second sentence.
    let mut violations = manifest.check();
    violations.join(of_file);
    if !violations.is_empty() {
        return Err(violations);
    }
    // Every input has a feature now, for one without is a violation.
    let feature_of = feature_of.into_iter().flatten().collect();
    Ok((manifest, Body::Predictor(Box::new(Bound { predictor, feature_of, codes }))))
}

/// Finds the feature of each input.
fn match_inputs(violations: &mut Violations, inputs: &[Input], manifest: &Manifest) -> Vec<Option<usize>> {
    if inputs.len() > MAX_FEATURES {
        violations.add("file", format!("must have at most {MAX_FEATURES} inputs"));
    }
    let by_name: HashMap<&str, usize> =
        inputs.iter().enumerate().map(|(at, input)| (input.name.as_str(), at)).collect();
    if by_name.len() < inputs.len() {
        violations.add("file", "two of its inputs have one name");
    }
    let mut feature_of = vec![None; inputs.len()];
    if manifest.features.is_empty() || manifest.features.len() > MAX_FEATURES {
        return feature_of; // The manifest's own rules refuse it.
    }
    for (at, one) in manifest.features.iter().enumerate() {
        let (name, member) = one.input.as_ref().map_or((&one.name, "name"), |input| (input, "input"));
        let field = format!("manifest.features[{at}].{member}");
        match by_name.get(name.as_str()) {
            None => violations.add(field, "is not an input of the model file"),
            Some(&input) if feature_of[input].is_some() => violations.add(field, "another feature has that input"),
            Some(&input) => feature_of[input] = Some(at),
        }
    }
    let without: Vec<&Input> =
        inputs.iter().zip(&feature_of).filter(|(_, found)| found.is_none()).map(|(input, _)| input).collect();
    if !without.is_empty() {
        let names: Vec<String> = without.iter().take(MAX_SHOWN).map(|input| shown(&input.name)).collect();
        let more = match without.len().saturating_sub(MAX_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        violations
            .add("manifest.features", format!("must have these inputs of the file too: {}{more}", names.join(", ")));
    }
    feature_of
}

/// Takes the texts of categories from the file where it has them, and finds the file's code of each text.
fn bind_categories(
    violations: &mut Violations,
    inputs: &[Input],
    feature_of: &[Option<usize>],
    manifest: &mut Manifest,
) -> Vec<Option<Vec<f64>>> {
    let mut codes = vec![None; manifest.features.len()];
    for (input, at) in inputs.iter().zip(feature_of).filter_map(|(input, at)| at.map(|at| (input, at))) {
        let feature = &mut manifest.features[at];
        let part = format!("manifest.features[{at}]");
        match (&input.categories, feature.kind) {
            (Some(texts), FeatureKind::Category) if feature.values.is_empty() => feature.values.clone_from(texts),
            (Some(texts), FeatureKind::Category) => match codes_of(texts, &feature.values) {
                Some(found) => codes[at] = Some(found),
                None => {
                    violations.add(format!("{part}.values"), "must be empty, or hold the texts that the file lists");
                }
            },
            (Some(_), _) => violations.add(format!("{part}.type"), "must be a category, as in the file"),
            (None, FeatureKind::Category) if feature.values.is_empty() => {
                violations.add(format!("{part}.values"), "are required, for the file does not list them");
            }
            (None, _) => {}
        }
    }
    codes
}

/// The place in `texts` of each of `values`; nothing unless they are the same texts.
#[allow(clippy::cast_precision_loss, reason = "a file has fewer categories than 2^53")]
fn codes_of(texts: &[String], values: &[String]) -> Option<Vec<f64>> {
    let places: HashMap<&str, usize> = texts.iter().enumerate().map(|(at, text)| (text.as_str(), at)).collect();
    (texts.len() == values.len()).then_some(())?;
    values.iter().map(|value| places.get(value.as_str()).map(|at| *at as f64)).collect()
}

/// Holds calibration and scaling against what the file's output is.
fn check_output(violations: &mut Violations, link: Link, manifest: &Manifest) {
    let calibrated = manifest.calibration != Calibration::None;
    if calibrated && link == Link::Exp {
        violations.add("manifest.calibration", "must be absent, for the file predicts an amount");
    } else if !calibrated && !link.is_probability() && manifest.kind == ModelKind::Credit {
        violations
            .add("manifest.calibration", "is required: a credit model gives a probability, and the file does not");
    }
    let Some(scaling) = &manifest.scaling else { return };
    let wrong = match (&scaling.scale, link) {
        (Scale::LogOdds { .. }, Link::Logistic { .. }) | (Scale::Linear { .. }, Link::Identity | Link::Probability) => {
            None
        }
        // A classifier that was saved to answer with its raw output: to calibrate it is to say that it is one.
        (Scale::LogOdds { .. }, Link::Identity) if calibrated => None,
        (Scale::LogOdds { .. }, Link::Identity | Link::Probability) => {
            Some(("manifest.scaling.log_odds", "must be linear, for the file's raw output is not log odds"))
        }
        (Scale::Linear { .. }, Link::Logistic { .. }) => {
            Some(("manifest.scaling.linear", "must be log_odds, for the file's raw output is log odds"))
        }
        (_, Link::Exp) => {
            Some(("manifest.scaling", "must be absent, for the file predicts the exponential of its raw output"))
        }
    };
    if let Some((field, rule)) = wrong {
        violations.add(field, rule);
    }
}
