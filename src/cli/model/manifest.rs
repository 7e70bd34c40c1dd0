//! Manifests as TOML: read, and drafted from a model file.

use std::{collections::HashSet, fs, io::Write, path::Path};

use super::Failure;
use crate::{
    domain::model::{FeatureKind, FeatureSpec, Manifest, MissingPolicy, ModelCard, ModelKind, ReasonText},
    engine::{Input, Predictor, Scorecard},
};

/// The longest name of a feature.
const MAX_NAME: usize = 64;
/// What every scorecard file says of itself.
const SCORECARD_FORMAT: &[u8] = b"\"riskport.scorecard/";

/// What a file was read as.
pub(super) enum Read {
    Predictor(Box<Predictor>),
    Scorecard(Box<Scorecard>),
}

/// Reads a model file of any format.
pub(super) fn recognise(path: &Path, bytes: &[u8]) -> Result<Read, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
    if bytes.windows(SCORECARD_FORMAT.len()).take(4_096).any(|window| window == SCORECARD_FORMAT) {
        return Scorecard::load(bytes).map(|card| Read::Scorecard(Box::new(card))).map_err(|error| failed(&error));
    }
    Predictor::load(bytes).map(|found| Read::Predictor(Box::new(found))).map_err(|error| failed(&error))
}

/// Reads a manifest.
pub(super) fn read(path: &Path) -> Result<Manifest, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the manifest {}: {error}", path.display())))?;
    toml::from_str(&text)
        .map_err(|error| Failure::new(format!("{} is no manifest: {}", path.display(), error.to_string().trim_end())))
}

/// Writes a manifest to a file that must not be there yet: it may be one that somebody has worked on.
pub(super) fn write(path: &Path, manifest: &Manifest) -> Result<(), Failure> {
    let text = format!(
        "# Drafted from the model file. Say what each number means: `kind` may be credit, fraud, pricing or generic; a\n\
         # feature may have min, max, a description and a reason; `missing` may be refuse.\n\n{}",
        toml::to_string(manifest)?
    );
    write_new(path, &text)
}

/// Writes a text to a file that must not be there yet.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::new(format!("cannot write the manifest {}: {error}", path.display())))
}

/// The least that a manifest must say: each input is a feature, which may be missing.
pub(super) fn draft(path: &Path, read: &Read) -> Manifest {
    let title = path.file_stem().map(|stem| stem.to_string_lossy().chars().filter(|one| !one.is_control()).collect());
    let of_file = |title: String, kind, features| Manifest {
        title,
        kind,
        features,
        target: None,
        calibration: crate::domain::model::Calibration::None,
        scaling: None,
        card: ModelCard::default(),
        profile: None,
    };
    match read {
        Read::Scorecard(card) => of_file(card.title.clone(), ModelKind::Credit, Vec::new()),
        Read::Predictor(found) => {
            let title = title.unwrap_or_else(|| "model".to_owned());
            of_file(title, ModelKind::Generic, features(found.inputs()))
        }
    }
}

fn features(inputs: &[Input]) -> Vec<FeatureSpec> {
    let mut taken = HashSet::new();
    inputs.iter().map(|input| feature(input, &mut taken)).collect()
}

fn feature(input: &Input, taken: &mut HashSet<String>) -> FeatureSpec {
    let name = feature_name(&input.name, taken);
    FeatureSpec {
        input: (name != input.name).then(|| input.name.clone()),
        name,
        kind: if input.categories.is_some() { FeatureKind::Category } else { FeatureKind::Number },
        min: None,
        max: None,
        values: Vec::new(),
        missing: MissingPolicy::Accept,
        description: String::new(),
        reason: None,
    }
}

/// A name that requests can use, unique also as the code of a reason, for an input of any name.
fn feature_name(input: &str, taken: &mut HashSet<String>) -> String {
    let allowed = |one: char| if one.is_ascii_alphanumeric() || one == '_' { one } else { '_' };
    // Room is left for what makes it unique.
    let mut stem: String = input.chars().map(allowed).take(MAX_NAME).collect();
    if stem.is_empty() {
        "input".clone_into(&mut stem);
    }
    let fits = |name: &str| !name.to_ascii_uppercase().ends_with(ReasonText::MISSING_SUFFIX);
    let mut name = stem.clone();
    for number in 2.. {
        if fits(&name) && taken.insert(name.to_ascii_uppercase()) {
            break;
        }
        let suffix = format!("_{number}");
        name = format!("{}{suffix}", &stem[..stem.len().min(MAX_NAME - suffix.len())]);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafted(names: &[&str]) -> Vec<FeatureSpec> {
        let input = |name: &&str| Input { name: (*name).to_owned(), categories: None };
        features(&names.iter().map(input).collect::<Vec<_>>())
    }

    #[test]
    fn every_input_gets_a_name_that_keeps_the_rules() {
        let long = "x".repeat(80);
        let longer = format!("{long}y");
        let features = drafted(&["age", "Age", "debt ratio", "debt-ratio", "was_missing", "", &long, &longer]);
        let names: Vec<_> = features.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(&names[..6], ["age", "Age_2", "debt_ratio", "debt_ratio_2", "was_missing_2", "input"]);
        assert!(names.iter().all(|name| name.len() <= MAX_NAME));
        assert_ne!(names[6], names[7]);
        assert_eq!((features[0].input.as_deref(), features[2].input.as_deref()), (None, Some("debt ratio")));
        let manifest =
            Manifest { title: "t".to_owned(), features, ..toml::from_str("title = ''\nkind = 'generic'").unwrap() };
        let wrong = manifest.check();
        // The input without a name is the file's fault.
        assert!(wrong.as_slice().iter().all(|one| one.field.ends_with("[5].input")), "{wrong:?}");
    }
}
