//! The figures as a table, and what they were measured with.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets::NOTHING};

use super::measured::Measured;
use crate::cli::load::spread::Spread;

/// One round of each, the one right after the other.
pub(super) struct Round {
    pub echo: Measured,
    pub measured: Measured,
    /// What PostgreSQL spent while decisions were measured, when it is used and can be seen.
    pub database_spent: Option<Duration>,
}

type Figure = (&'static str, usize, fn(&Measured) -> f64);

/// Each figure with its decimals.
const FIGURES: [Figure; 6] = [
    ("requests/s", 0, Measured::per_second),
    ("p50, ms", 2, |one| one.percentile_ms(50)),
    ("p99, ms", 2, |one| one.percentile_ms(99)),
    ("server CPU, µs/request", 1, |one| one.micros_a_call(one.server_cpu)),
    ("generator CPU, µs/request", 1, |one| one.micros_a_call(one.client_cpu)),
    ("server core, % used by it", 0, |one| one.percent_of_round(one.server_cpu)),
];

/// Medians over the rounds, with the lowest and the highest. A ratio is taken within each round.
pub(super) fn table(rounds: &[Round], rpc: &str) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["median (lowest-highest)", "bare echo", rpc, &format!("{rpc}/echo")]);
    for (name, decimals, figure) in FIGURES {
        table.add_row([
            name.to_owned(),
            spread(rounds.iter().map(|round| figure(&round.echo)), decimals),
            spread(rounds.iter().map(|round| figure(&round.measured)), decimals),
            spread(rounds.iter().map(|round| figure(&round.measured) / figure(&round.echo)), 2),
        ]);
    }
    let database: Vec<f64> =
        rounds.iter().filter_map(|round| Some(round.measured.micros_a_call(round.database_spent?))).collect();
    if !database.is_empty() {
        table.add_row(["PostgreSQL CPU, µs/request", "", &spread(database.into_iter(), 1), ""]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn spread(figures: impl Iterator<Item = f64>, decimals: usize) -> String {
    Spread::of(figures).map_or_else(String::new, |spread| spread.told(decimals))
}
