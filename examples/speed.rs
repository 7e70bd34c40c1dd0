//! How fast a model file scores: what `models/fixtures/speed.py` compares with other engines.
//!
//!     cargo run --release --example speed -- DIR
//!
//! DIR has `model.txt`, rows of 64-bit floats in `rows.f64` and the training library's raw outputs in `raw.f64`. Each
//! line of the input names a measurement, and is answered by two numbers: microseconds a row, by the processor's clock
//! and by the wall's.

use std::{error::Error, fs, hint::black_box, io, path::Path, time::Instant};

use nix::time::{ClockId, clock_gettime};
use riskport::engine::Predictor;

/// Models that take turns, so that each finds the caches full of the others.
const TENANTS: usize = 64;
const EXPLAINED_ROWS: usize = 1_000;

fn numbers(path: &Path) -> io::Result<Vec<f64>> {
    Ok(fs::read(path)?.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

/// Microseconds of the processor.
fn processor() -> Result<f64, Box<dyn Error>> {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    Ok(std::time::Duration::from(time).as_secs_f64() * 1e6)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which directory?")?;
    let folder = Path::new(&folder);
    let file = fs::read(folder.join("model.txt"))?;
    let (rows, expected) = (numbers(&folder.join("rows.f64"))?, numbers(&folder.join("raw.f64"))?);
    let models: Vec<Predictor> = (0..TENANTS).map(|_| Predictor::load(&file)).collect::<Result<_, _>>()?;
    let model = &models[0];
    let each: Vec<&[f64]> = rows.chunks_exact(model.inputs().len()).collect();
    let differs = |row: &&[f64], raw: &f64| (model.raw(row) - raw).abs();
    let difference = each.iter().zip(&expected).map(|(row, raw)| differs(row, raw)).fold(0.0, f64::max);
    println!("{difference:e}");
    for line in io::stdin().lines() {
        let (wall, before) = (Instant::now(), processor()?);
        let count = match line?.as_str() {
            "single" => each.iter().map(|row| model.raw(black_box(row))).map(black_box).fold(0, |count, _| count + 1),
            "batch" => black_box(model.raw_batch(black_box(&rows))).len(),
            "cold" => {
                let turns = each.iter().zip(models.iter().cycle());
                turns.map(|(row, model)| model.raw(row)).map(black_box).fold(0, |count, _| count + 1)
            }
            "contributions" => {
                let found = each[..EXPLAINED_ROWS].iter().map(|row| model.contributions(black_box(row)));
                found.map(black_box).fold(0, |count, _| count + 1)
            }
            other => return Err(format!("{other}: not a measurement").into()),
        };
        let count = f64::from(u32::try_from(count)?);
        println!("{} {}", (processor()? - before) / count, wall.elapsed().as_secs_f64() * 1e6 / count);
    }
    Ok(())
}
