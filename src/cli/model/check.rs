//! `riskport model check`: what a model file is, without a server.

use std::path::PathBuf;

use super::{
    manifest::{self, Read},
    read_file, rows,
    speed::{self, Speed},
    wrong,
};
use crate::{
    cli::{Failure, say},
    domain::model::Manifest,
    engine::{self, Format, Link, Predictor, Scorecard},
};

/// How far a prediction may be from what is expected, when nothing else is said: as the server has it.
const TOLERANCE: f64 = 1e-6;
/// The most inputs that are listed, and texts of a category.
const MAX_LISTED: usize = 40;
const MAX_TEXTS: usize = 6;

/// Say what a model file is, what it needs, and how fast it scores on this machine; no server is asked
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  riskport model check model.txt
  riskport model check model.txt --write-manifest manifest.toml   A draft to go on with
  riskport model check model.txt --manifest manifest.toml --reference rows.csv")]
pub(super) struct Check {
    /// The model file
    file: PathBuf,
    /// Hold this manifest against it too
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Write a draft of a manifest to a file that is not there yet
    #[arg(long, value_name = "FILE", conflicts_with = "manifest")]
    write_manifest: Option<PathBuf>,
    /// Hold these rows with the predictions that are expected against it too, CSV or JSON
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// How far a prediction may be from what is expected
    #[arg(long, default_value_t = TOLERANCE, value_name = "NUMBER")]
    tolerance: f64,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let bytes = read_file(&self.file)?;
        let read = manifest::recognise(&self.file, &bytes)?;
        say(&self.file.display().to_string())?;
        match &read {
            Read::Predictor(found) => tell_predictor(found, bytes.len())?,
            Read::Scorecard(card) => tell_scorecard(card, bytes.len())?,
        }
        self.bind(&bytes, &read)
    }

    /// Holds the file against its manifest and reference rows, and says what came out.
    fn bind(&self, bytes: &[u8], read: &Read) -> Result<(), Failure> {
        let (manifest, whose) = match &self.manifest {
            Some(path) => (manifest::read(path)?, path.display().to_string()),
            None => (manifest::draft(&self.file, read), "a draft".to_owned()),
        };
        let model =
            engine::Model::load(bytes, manifest.clone()).map_err(|violations| wrong(&self.file, &violations))?;
        line("manifest", &fits(&whose, model.manifest()))?;
        if let Some(path) = &self.reference {
            let rows = rows::read(path, &model.manifest().features)?;
            let same = model.reproduce(&rows, self.tolerance).map_err(|violations| wrong(path, &violations))?;
            let (count, most) = (same.rows, same.largest_difference);
            line("reference", &format!("{count} rows reproduced, largest difference {most:.1e}"))?;
        }
        match &self.write_manifest {
            None => Ok(()),
            Some(path) => {
                manifest::write(path, &manifest)?;
                line("draft", &format!("written to {}", path.display()))
            }
        }
    }
}

fn line(label: &str, text: &str) -> Result<(), Failure> {
    say(&format!("  {label:<11}{text}"))
}

fn tell_predictor(found: &Predictor, bytes: usize) -> Result<(), Failure> {
    line("format", library(found.format()))?;
    line("size", &format!("{bytes} bytes"))?;
    line("sha256", found.digest())?;
    line("output", output(found.link()))?;
    if let Some(size) = found.summary() {
        line("trees", &format!("{}, {} leaves, at most {} deep", size.trees, size.leaves, size.depth))?;
    }
    let Speed { row, batch_rows, batch, contributions } = speed::measure(found);
    let explained = if contributions.is_some() {
        "yes: what each input adds, exactly"
    } else {
        "no: it predicts only, for the file does not say how its training data fell, or it is too large"
    };
    line("explained", explained)?;
    let micros = |took: std::time::Duration| format!("{:.1} us", took.as_secs_f64() * 1e6);
    let each = batch.as_secs_f64() * 1e6 / f64::from(u32::try_from(batch_rows)?);
    line("speed", &format!("a row {}, medians on one thread of this machine", micros(row)))?;
    line("", &format!("{batch_rows} rows {:.2} ms, {each:.2} us each", batch.as_secs_f64() * 1e3))?;
    if let Some(took) = contributions {
        line("", &format!("what each input adds {}", micros(took)))?;
    }
    tell_inputs(found)
}

fn tell_inputs(found: &Predictor) -> Result<(), Failure> {
    line("inputs", &found.inputs().len().to_string())?;
    for input in found.inputs().iter().take(MAX_LISTED) {
        let what = match &input.categories {
            None => "number".to_owned(),
            Some(texts) => {
                let shown = texts.iter().take(MAX_TEXTS).map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
                let more = texts.len().saturating_sub(MAX_TEXTS);
                if more == 0 { format!("one of {shown}") } else { format!("one of {shown} and {more} more") }
            }
        };
        say(&format!("    {:<24} {what}", input.name.escape_debug().to_string()))?;
    }
    match found.inputs().len().saturating_sub(MAX_LISTED) {
        0 => Ok(()),
        more => say(&format!("    and {more} more")),
    }
}

fn tell_scorecard(card: &Scorecard, bytes: usize) -> Result<(), Failure> {
    line("format", "riskport-scorecard (riskport.scorecard/1)")?;
    line("size", &format!("{bytes} bytes"))?;
    line("sha256", &card.digest)?;
    line("output", "points, and a calibrated probability of default")?;
    line("explained", "yes: the points of each characteristic")
}

fn library(format: Format) -> &'static str {
    match format {
        Format::LightGbmText => "lightgbm-text (LightGBM's Booster.save_model)",
        Format::XgboostJson => "xgboost-json (XGBoost's save_model to .json)",
        Format::XgboostUbj => "xgboost-ubj (XGBoost's save_model to .ubj)",
        Format::Onnx => "onnx (ai.onnx.ml)",
    }
}

fn output(link: Link) -> &'static str {
    match link {
        Link::Identity => "a value, as it is",
        Link::Probability => "a probability, as it is",
        Link::Logistic { .. } => "log odds; the prediction is a probability",
        Link::Exp => "the logarithm of the prediction",
    }
}

/// What a manifest that fits says, in a line.
fn fits(whose: &str, manifest: &Manifest) -> String {
    let points = manifest
        .scaling
        .as_ref()
        .map_or("no points".to_owned(), |scaling| format!("{} to {} points", scaling.min_score, scaling.max_score));
    let features = manifest.features.len();
    format!("{whose}: it fits. Kind {}, {features} features, {points}", manifest.kind.name())
}
