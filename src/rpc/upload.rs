//! Reads an upload: a manifest, the file in chunks, and rows with the predictions that are expected. Nothing is taken in
//! beyond the named limits.

use tonic::Streaming;

use super::{
    features::features,
    manifest_convert::manifest,
    parse::resource,
    proto::risk::{ReferenceRow, UploadHeader, UploadModelRequest, upload_model_request::Part},
};
use crate::{
    domain::{
        features::Features,
        ids::ModelId,
        model::Manifest,
        refusal::{Limit, Refusal, Violations},
    },
    engine::MAX_FILE_BYTES,
    ops::{ModelUpload, ReferenceRows},
};

/// The most reference rows, and the most values in all of them together.
const MAX_ROWS: usize = 10_000;
const MAX_VALUES: usize = 500_000;
/// How far a prediction may be from what is expected, when the upload does not say; and the most that it may say.
const DEFAULT_TOLERANCE: f64 = 1e-6;
const MAX_TOLERANCE: f64 = 1e-3;

/// What an upload begins with, once it is checked.
struct Header {
    model: ModelId,
    manifest: Manifest,
    file_bytes: usize,
    tolerance: f64,
}

/// Reads a whole upload.
///
/// # Errors
/// Invalid, exhausted (the file is too large), or why the stream broke.
pub(super) async fn read(mut parts: Streaming<UploadModelRequest>) -> Result<ModelUpload, tonic::Status> {
    let header = match parts.message().await?.and_then(|first| first.part) {
        Some(Part::Header(header)) => read_header(header)?,
        _ => return Err(Violations::one("header", "must come first").into()),
    };
    // It grows with what arrives: what the header promises is not yet here.
    let mut file = Vec::new();
    let mut reading = RowReader::default();
    while let Some(message) = parts.message().await? {
        match message.part {
            Some(Part::Chunk(chunk)) if reading.rows.is_empty() => {
                if file.len() + chunk.len() > header.file_bytes {
                    return Err(Violations::one("chunk", "the file is longer than the header says").into());
                }
                file.extend_from_slice(&chunk);
            }
            Some(Part::ReferenceRows(more)) => reading.take("reference_rows", more.rows)?,
            Some(Part::Chunk(_)) => return Err(Violations::one("chunk", "must come before the reference rows").into()),
            Some(Part::Header(_)) => return Err(Violations::one("header", "must come once").into()),
            None => return Err(Violations::one("part", "is required").into()),
        }
    }
    if file.len() != header.file_bytes {
        return Err(Violations::one("header.file_bytes", "the file is shorter than this").into());
    }
    let rows = reading.end(header.tolerance)?;
    Ok(ModelUpload { model: header.model, manifest: header.manifest, file, rows })
}

fn read_header(from: UploadHeader) -> Result<Header, Refusal> {
    let mut violations = Violations::default();
    let model = violations.take("header.model", resource(&from.model, "models/", ModelId::parse));
    let file_bytes = usize::try_from(from.file_bytes).ok().filter(|bytes| *bytes > 0);
    let file_bytes = violations.take("header.file_bytes", file_bytes.ok_or_else(|| "must be at least 1".to_owned()));
    let tolerance = violations.take("header.tolerance", tolerance(from.tolerance));
    let manifest = violations
        .take("header.manifest", from.manifest.ok_or_else(|| "is required".to_owned()))
        .and_then(|from| manifest(from, &mut violations));
    match (model, manifest, file_bytes, tolerance) {
        (Some(model), Some(manifest), Some(file_bytes), Some(tolerance)) if violations.is_empty() => {
            if file_bytes > MAX_FILE_BYTES {
                return Err(Refusal::Exhausted { limit: Limit::ModelSize, retry_after: None });
            }
            Ok(Header { model, manifest, file_bytes, tolerance })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The tolerance asked for; 0 asks for the usual one.
fn tolerance(asked: f64) -> Result<f64, String> {
    if asked == 0.0 {
        return Ok(DEFAULT_TOLERANCE);
    }
    let fits = asked > 0.0 && asked <= MAX_TOLERANCE;
    if fits { Ok(asked) } else { Err("must be above 0 and at most 0.001, or 0 for 0.000001".to_owned()) }
}

/// The rows of one message, for a version that is stored already.
pub(super) fn read_rows(rows: Vec<ReferenceRow>, asked: f64) -> Result<ReferenceRows, Refusal> {
    let tolerance = tolerance(asked).map_err(|rule| Violations::one("tolerance", rule));
    if rows.is_empty() {
        return Err(Violations::one("rows", "is required"));
    }
    let mut reading = RowReader::default();
    reading.take("rows", rows)?;
    reading.end(tolerance?)
}

#[derive(Default)]
struct RowReader {
    rows: Vec<(Features, f64)>,
    values: usize,
    violations: Violations,
}

impl RowReader {
    fn take(&mut self, field: &str, more: Vec<ReferenceRow>) -> Result<(), Refusal> {
        for row in more {
            let at = self.rows.len();
            let mut wrong = Violations::default();
            let features = features(row.features, &mut wrong);
            self.values += features.iter().count();
            if at >= MAX_ROWS || self.values > MAX_VALUES {
                return Err(Violations::one(field, "must be at most 10000 rows with 500000 values"));
            }
            if !row.expected.is_finite() {
                wrong.add("expected", "must be a finite number");
            }
            for one in wrong.as_slice() {
                self.violations.add(format!("{field}[{at}].{}", one.field), one.description.clone());
            }
            self.rows.push((features, row.expected));
        }
        Ok(())
    }

    fn end(self, tolerance: f64) -> Result<ReferenceRows, Refusal> {
        if self.violations.is_empty() {
            Ok(ReferenceRows { rows: self.rows, tolerance })
        } else {
            Err(Refusal::Invalid(self.violations))
        }
    }
}
