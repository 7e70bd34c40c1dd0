//! Compares this engine with the libraries that trained models, over the rows of a folder that the scripts in
//! `models/fixtures` write: for each `<name>.expected.f64` a model `<name>.<extension>` and `<name>.rows.f64`.
//!
//! ```text
//! cargo run --release --example parity -- FOLDER
//! ```

use riskport::engine::{Link, Predictor};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The ends of files that are not models.
const ROWS: &str = ".rows.f64";
const EXPECTED: &str = ".expected.f64";

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: parity FOLDER");
        return ExitCode::FAILURE;
    };
    match table(&folder) {
        Ok(lines) => {
            println!("| model | format | rows | largest difference: raw | prediction | relative: raw | prediction |");
            println!("|---|---|---|---|---|---|---|");
            println!("{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{}: {why}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn table(folder: &Path) -> io::Result<Vec<String>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_model = |path: &PathBuf| !name(path).ends_with(ROWS) && !name(path).ends_with(EXPECTED);
    let mut lines = Vec::new();
    for path in paths.iter().filter(|path| is_model(path)) {
        let stem = path.with_extension("");
        let beside = |end: &str| folder.join(format!("{}{end}", name(&stem)));
        if beside(EXPECTED).exists() {
            lines.push(compare(path, &floats(&beside(ROWS))?, &floats(&beside(EXPECTED))?)?);
        }
    }
    Ok(lines)
}

fn compare(path: &Path, rows: &[f64], expected: &[f64]) -> io::Result<String> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let model = Predictor::load(&fs::read(path)?).map_err(|why| io::Error::other(format!("{name}: {why}")))?;
    let raw = model.raw_batch(rows);
    let (expected, _) = expected.as_chunks::<2>();
    if raw.len() != expected.len() || raw.is_empty() {
        return Err(io::Error::other(format!("{name}: {} rows, {} expected outputs", raw.len(), expected.len())));
    }
    let link: Link = model.link();
    let mut largest = [0.0_f64; 4];
    for (raw, [wanted_raw, wanted]) in raw.iter().zip(expected) {
        let differences = [(*raw - wanted_raw).abs(), (link.apply(*raw) - wanted).abs()];
        for (at, (difference, wanted)) in differences.iter().zip([wanted_raw, wanted]).enumerate() {
            // NaN must not hide: `max` would drop it.
            let difference = if difference.is_nan() { f64::INFINITY } else { *difference };
            largest[at] = largest[at].max(difference);
            largest[at + 2] = largest[at + 2].max(difference / wanted.abs().max(f64::MIN_POSITIVE));
        }
    }
    let [one, two, three, four] = largest;
    let format = model.format().name();
    Ok(format!("| {name} | {format} | {} | {one:.1e} | {two:.1e} | {three:.1e} | {four:.1e} |", raw.len()))
}

fn floats(path: &Path) -> io::Result<Vec<f64>> {
    let bytes = fs::read(path).map_err(|why| io::Error::other(format!("{}: {why}", path.display())))?;
    Ok(bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}
