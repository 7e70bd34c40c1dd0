//! `riskport model profile`: how features and scores fell in training, without a server.

use std::{fs, path::PathBuf};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};

use super::{
    manifest,
    profile_text::with_profile,
    read_file,
    rows::{self, TrainingRows},
    wrong,
};
use crate::{
    cli::{Failure, bars::spark, money::count, say},
    domain::model::{FeatureKind, Manifest, TrainingProfile},
    engine::{self, monitor::training_profile},
};

/// The most rows that are named when they do not fit.
const MAX_NAMED: usize = 20;

/// Say how features and scores fell in training, and write it into the manifest; no server is asked
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The training rows are a CSV file whose header names every feature; other columns are passed over, and an empty cell
is a missing value. Give the rows as they were before anything was blanked, doubled or weighted: decisions are compared
with them. Numbers are cut at their deciles, those of a scorecard where it cuts them itself. `model push` carries the
profile, and `riskport report` compares with it.

Examples:
  riskport model profile model.txt --manifest manifest.toml --training training.csv           Look at it
  riskport model profile model.txt --manifest manifest.toml --training training.csv --write   Put it in
  riskport model profile model.txt --training training.csv --out manifest.toml                Draft the rest"
)]
pub(super) struct Profile {
    /// The model file
    file: PathBuf,
    /// The manifest [default: one that is drafted from the file]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The rows that the model was trained on, CSV
    #[arg(long, value_name = "FILE")]
    training: PathBuf,
    /// Put the profile into the manifest, in place of the one that it may have
    #[arg(long, requires = "manifest", conflicts_with = "out")]
    write: bool,
    /// Write the manifest with the profile to a file that is not there yet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Profile {
    pub(super) fn run(self) -> Result<(), Failure> {
        let bytes = read_file(&self.file)?;
        let mut manifest = match &self.manifest {
            Some(path) => manifest::read(path)?,
            None => manifest::draft(&self.file, &manifest::recognise(&self.file, &bytes)?),
        };
        manifest.profile = None;
        let model =
            engine::Model::load(&bytes, manifest.clone()).map_err(|violations| wrong(&self.file, &violations))?;
        let training = rows::read_training(&self.training, &model.manifest().features)?;
        let profile = self.profile(&model, &training)?;
        say(&told(&profile, &model))?;
        if !training.passed_over.is_empty() {
            say(&format!("\npassed over, for they are no features: {}", training.passed_over.join(", ")))?;
        }
        manifest.profile = Some(profile);
        // As a server will load it.
        engine::Model::load(&bytes, manifest.clone()).map_err(|violations| wrong(&self.file, &violations))?;
        self.save(&manifest)
    }

    /// Scores every row, or says which rows do not fit.
    fn profile(&self, model: &engine::Model, training: &TrainingRows) -> Result<TrainingProfile, Failure> {
        let (mut rows, mut scores, mut misfits) = (Vec::new(), Vec::new(), Vec::new());
        for (line, features) in &training.rows {
            match model.scored(features) {
                Ok((row, found)) => {
                    rows.extend(row);
                    scores.push(found.score());
                }
                Err(violations) => misfits.extend(violations.as_slice().iter().map(|one| {
                    let what = one.field.trim_start_matches("features.");
                    format!("  line {line}, {what}: {}", one.description)
                })),
            }
        }
        if misfits.is_empty() {
            return Ok(training_profile(model, &rows, &scores));
        }
        let more = match misfits.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        misfits.truncate(MAX_NAMED);
        let (path, misfits) = (self.training.display(), misfits.join("\n"));
        Err(Failure::new(format!("{path} has rows that the model does not take:\n{misfits}{more}")))
    }

    fn save(&self, manifest: &Manifest) -> Result<(), Failure> {
        match (&self.manifest, &self.out) {
            (Some(path), None) if self.write => {
                fs::write(path, text_of(path, manifest)?)
                    .map_err(|error| Failure::new(format!("cannot write the manifest {}: {error}", path.display())))?;
                say(&format!("\nwritten into {}", path.display()))
            }
            (None, Some(out)) => manifest::write(out, manifest),
            (Some(path), Some(out)) => manifest::write_new(out, &text_of(path, manifest).or_else(|_| anew(manifest))?),
            _ => say("\nnothing is written: --write puts it into the manifest, --out FILE into another file"),
        }
    }
}

/// The text of a manifest with the profile in it.
fn text_of(path: &std::path::Path, manifest: &Manifest) -> Result<String, Failure> {
    let text = fs::read_to_string(path)?;
    with_profile(&text, manifest).map_err(|wrong| Failure::new(format!("{} {wrong}", path.display())))
}

/// A manifest that cannot be changed in place, written anew.
fn anew(manifest: &Manifest) -> Result<String, Failure> {
    Ok(toml::to_string(manifest)?)
}

/// The profile as a table: each thing with its shape, where it is cut, and how many rows miss it.
fn told(profile: &TrainingProfile, model: &engine::Model) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "BINS", "SHAPE", "CUT AT", "MISSING"]);
    let scores = &profile.scores;
    table.add_row([
        "score".to_owned(),
        scores.rows.len().to_string(),
        shape(&scores.rows),
        cuts(&scores.below),
        String::new(),
    ]);
    for (one, spec) in profile.features.iter().zip(&model.manifest().features) {
        let cut = if spec.kind == FeatureKind::Number { cuts(&one.below) } else { "by value".to_owned() };
        let (bins, missing) = (one.rows.len().to_string(), percent(one.missing, profile.rows));
        table.add_row([one.feature.clone(), bins, shape(&one.rows), cut, missing]);
    }
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let rows = count(i64::try_from(profile.rows).unwrap_or(i64::MAX));
    format!("{rows} training rows\n\n{}", table.trim_fmt())
}

#[allow(clippy::cast_precision_loss, reason = "a picture for a person")]
fn shape(rows: &[u64]) -> String {
    spark(&rows.iter().map(|rows| *rows as f64).collect::<Vec<_>>())
}

fn cuts(below: &[f64]) -> String {
    if below.is_empty() {
        return "nowhere: one value".to_owned();
    }
    below.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[allow(clippy::cast_precision_loss, reason = "a share for a person")]
fn percent(part: u64, all: u64) -> String {
    if part == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / all as f64) }
}
