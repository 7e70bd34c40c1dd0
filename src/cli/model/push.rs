//! `riskport model push`.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use prost::Message;

use super::{Client, manifest, model, read_file, rows, rows::Row, wrong};
use crate::{
    cli::{Failure, refused, say},
    domain::model::Manifest,
    engine,
    rpc::{
        features_message, manifest_message,
        proto::risk::{
            ModelVersion, ReferenceRow, ReferenceRows, UploadHeader, UploadModelRequest, upload_model_request::Part,
        },
    },
};

/// The size of a chunk: the most that the contract allows.
const CHUNK_BYTES: usize = 192 * 1024;
/// When a message of reference rows is full: with one row more it is still below the server's limit.
const ROWS_BYTES: usize = 128 * 1024;

/// Upload a model file as a new version
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file may be LightGBM text, XGBoost JSON or UBJ, ONNX, or a scorecard. Reference rows are a CSV file whose
header names the features and `expected`, or JSON: [{\"features\": {...}, \"expected\": 0.5}]. `expected` is what the
training library predicts; a version whose rows are all reproduced is validated, and can be promoted.

Examples:
  riskport model push model.txt --model my-risk --reference rows.csv --key north.pem --as north-bank
  riskport model push model.json --model my-risk --manifest manifest.toml --key north.pem --as north-bank"
)]
pub(super) struct Push {
    /// The model file
    file: PathBuf,
    /// The model that it is a version of; one that is not there yet is made
    #[arg(long, value_name = "NAME", value_parser = model)]
    model: String,
    /// What the file does not say of itself, in TOML [default: drafted from the file]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Rows with the predictions that are expected, CSV or JSON
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// How far a prediction may be from what is expected, at most 0.001 [default: 0.000001]
    #[arg(long, default_value_t = 0.0, hide_default_value = true, value_name = "NUMBER")]
    tolerance: f64,
}

impl Push {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let file = read_file(&self.file)?;
        let manifest = self.manifest(&file)?;
        // As the server will load it, so that what is wrong is told before anything is sent.
        let loaded =
            engine::Model::load(&file, manifest.clone()).map_err(|violations| wrong(&self.file, &violations))?;
        let rows = match &self.reference {
            Some(path) => rows::read(path, &loaded.manifest().features)?,
            None => Vec::new(),
        };
        let mut client = open().await?;
        let upload = Upload { model: self.model, manifest: &manifest, file, rows: &rows, tolerance: self.tolerance };
        say(&told(&upload.send(&mut client).await?))
    }

    fn manifest(&self, file: &[u8]) -> Result<Manifest, Failure> {
        if let Some(path) = &self.manifest {
            return manifest::read(path);
        }
        let drafted = manifest::draft(&self.file, &manifest::recognise(&self.file, file)?);
        let count = drafted.features.len();
        say(&format!("no --manifest: drafted one of kind {}, with {count} features", drafted.kind.name()))?;
        Ok(drafted)
    }
}

/// A model file with what is sent beside it.
pub(in crate::cli) struct Upload<'a> {
    /// `models/{model}`.
    pub(in crate::cli) model: String,
    /// What the file does not say.
    pub(in crate::cli) manifest: &'a Manifest,
    /// The file.
    pub(in crate::cli) file: Vec<u8>,
    /// Rows with the prediction that is expected; may be empty.
    pub(in crate::cli) rows: &'a [Row],
    /// How far a prediction may be from it; 0 for the server's default.
    pub(in crate::cli) tolerance: f64,
}

impl Upload<'_> {
    /// Sends it in parts, as they are taken; shows how far it is where standard error is a terminal.
    pub(in crate::cli) async fn send(self, client: &mut Client) -> Result<ModelVersion, Failure> {
        let style =
            ProgressStyle::with_template("  {msg:<20} {bar:40} {bytes}/{total_bytes}")?.progress_chars("█▉▊▋▌▍▎▏ ");
        let bar = ProgressBar::new(u64::try_from(self.file.len())?).with_style(style).with_message("uploading");
        let header = UploadHeader {
            model: self.model,
            manifest: Some(manifest_message(self.manifest)),
            file_bytes: i64::try_from(self.file.len())?,
            tolerance: self.tolerance,
        };
        let (file, shown) = (self.file, bar.clone());
        let chunks = (0..file.len()).step_by(CHUNK_BYTES).map(move |at| {
            let chunk = file[at..file.len().min(at + CHUNK_BYTES)].to_vec();
            shown.inc(chunk.len() as u64);
            Part::Chunk(chunk)
        });
        let rows = row_messages(self.rows).into_iter().map(Part::ReferenceRows);
        let parts = std::iter::once(Part::Header(header)).chain(chunks).chain(rows);
        let messages = parts.map(|part| UploadModelRequest { part: Some(part) });
        let stored = client.upload_model(tokio_stream::iter(messages)).await;
        bar.finish_and_clear();
        stored
            .map_err(|status| refused(&status))?
            .into_inner()
            .version
            .ok_or_else(|| Failure::new("the server stored a version and did not say which"))
    }
}

fn row_messages(rows: &[Row]) -> Vec<ReferenceRows> {
    let mut messages: Vec<ReferenceRows> = Vec::new();
    let mut bytes = ROWS_BYTES;
    for (features, expected) in rows {
        let row = ReferenceRow { features: Some(features_message(features)), expected: *expected };
        if bytes >= ROWS_BYTES {
            messages.push(ReferenceRows::default());
            bytes = 0;
        }
        bytes += row.encoded_len();
        if let Some(last) = messages.last_mut() {
            last.rows.push(row);
        }
    }
    messages
}

/// What was stored, for a person.
fn told(version: &ModelVersion) -> String {
    let name = super::show::short(&version.name);
    let stage = super::show::stage(version.stage);
    let rows = match version.reference_rows {
        0 => "none, so it cannot be promoted yet".to_owned(),
        rows => format!("{rows} reproduced, largest difference {:.1e}", version.largest_difference),
    };
    let next =
        if version.reference_rows > 0 { format!("\nnext: riskport model promote {name}") } else { String::new() };
    format!(
        "{name} is {stage}\n  format          {}, {} bytes\n  sha256          {}\n  reference rows  {rows}{next}",
        version.format, version.file_bytes, version.digest
    )
}

/// Reads a manifest and reference rows that come with the program.
///
/// # Errors
/// When they are not of their form.
pub(in crate::cli) fn bundled(manifest: &str, reference: &str) -> Result<(Manifest, Vec<Row>), Failure> {
    let manifest: Manifest = toml::from_str(manifest)?;
    let rows = rows::from_csv(reference, &manifest.features)
        .map_err(|wrong| Failure::new(format!("{}: {wrong}", Path::new("reference.csv").display())))?;
    Ok((manifest, rows))
}
