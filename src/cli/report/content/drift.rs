//! Drift: how scores and features fall, against training or a period before.

use crate::{
    cli::report::{
        document::{Block, Cell, Detail, Section, ShareBin, Shares, Table},
        figures::{chance, decimals, part_of, so_many},
    },
    rpc::proto::risk::{Drift, DriftReference, ModelReport},
};

/// How many features are told of where not all are.
const SHOWN: usize = 4;

/// How far scores and features have moved, those that moved furthest first.
pub(super) fn table(report: &ModelReport, detail: Detail) -> Option<Section> {
    let score = report.score_drift.as_ref()?;
    let reference = reference(score);
    if reference.is_none() {
        let hint = "There is nothing to compare with: the manifest has no training profile (riskport model profile). A period \
                    before can stand in for it: --baseline-from and --baseline-to.";
        return Some(Section::new("Drift", vec![Block::Text(hint.to_owned())]));
    }
    let mut features: Vec<&Drift> = report.feature_drift.iter().filter(|one| one.psi.is_some()).collect();
    features.sort_by(|one, other| movement(other).total_cmp(&movement(one)));
    let shown = if super::is_whole(detail) { features.len() } else { SHOWN };
    let more = features.len().saturating_sub(shown);
    let rows = [score].into_iter().chain(features.into_iter().take(shown)).map(row).collect();
    let header = ["", "PSI", "EXPECTED", "CRITICAL", "P", &against_rows(reference), "NOW"].map(str::to_owned);
    let mut blocks = vec![Block::Table(Table { header: header.to_vec(), rows })];
    let left_out = if more == 0 { String::new() } else { format!("{more} more features moved less: --all. ") };
    blocks.push(Block::Text(format!(
        "{left_out}Expected and critical: the PSI that chance alone gives at {}, on average and once in a hundred.",
        so_many(score.decisions, "decision")
    )));
    Some(Section::new(&title(score), blocks))
}

/// What the reference is, and how much of it there is.
fn title(score: &Drift) -> String {
    let rows = match reference(score) {
        Some("baseline") => so_many(score.reference_rows, "earlier decision"),
        _ => so_many(score.reference_rows, "training row"),
    };
    format!("Drift against {rows}")
}

/// Drift in a few words.
pub(super) fn in_words(report: &ModelReport) -> Option<Section> {
    let score = report.score_drift.as_ref().filter(|score| score.psi.is_some())?;
    let beyond: Vec<&str> =
        report.feature_drift.iter().filter(|one| is_beyond(one)).map(|one| one.feature.as_str()).collect();
    let features = match beyond.as_slice() {
        [] => "none moved".to_owned(),
        [only] => format!("{only} moved"),
        many => format!("{} moved", many.join(", ")),
    };
    let told = format!(
        "The scores' PSI is {}, where chance alone gives {} on average and {} once in a hundred (p {}). Of {} features {features} \
         further than that.",
        decimals(score.psi),
        decimals(score.expected_psi),
        decimals(score.critical_psi),
        chance(score.p_value),
        report.feature_drift.len(),
    );
    Some(Section::new(&title(score), vec![Block::Text(told)]))
}

fn against_rows(reference: Option<&str>) -> String {
    reference.unwrap_or_default().to_uppercase()
}

/// How the scores fell.
pub(super) fn scores(report: &ModelReport) -> Option<Section> {
    let drift = report.score_drift.as_ref()?;
    let title = match reference(drift) {
        Some(against) => format!("Scores now, and in {against}"),
        None => "Scores".to_owned(),
    };
    super::some(drift.decisions > 0, || Section::new(&title, vec![Block::Shares(shares("", drift))]))
}

/// How each feature fell, for a page.
pub(super) fn features(report: &ModelReport, detail: Detail) -> Option<Section> {
    let charted: Vec<&Drift> = report.feature_drift.iter().filter(|one| one.decisions > 0).collect();
    super::some(detail == Detail::Page && !charted.is_empty(), || {
        let charts = charted.into_iter().map(|one| Block::Shares(shares(&one.feature, one))).collect();
        Section::new("Features", charts)
    })
}

fn row(drift: &Drift) -> Vec<Cell> {
    let name = if drift.feature.is_empty() { "score" } else { &drift.feature };
    let psi = decimals(drift.psi);
    let bins = &drift.bins;
    vec![
        Cell::text(name),
        if is_beyond(drift) { Cell::Alarm(psi) } else { Cell::number(psi) },
        Cell::number(decimals(drift.expected_psi)),
        Cell::number(decimals(drift.critical_psi)),
        Cell::number(chance(drift.p_value)),
        Cell::Shape(bins.iter().map(|bin| part_of(bin.reference_rows, drift.reference_rows)).collect()),
        Cell::Shape(bins.iter().map(|bin| part_of(bin.decisions, drift.decisions)).collect()),
    ]
}

/// Whether it moved beyond what chance gives once in a hundred.
fn is_beyond(drift: &Drift) -> bool {
    drift.psi.zip(drift.critical_psi).is_some_and(|(psi, critical)| psi > critical)
}

fn movement(drift: &Drift) -> f64 {
    drift.movement.as_ref().map_or(0.0, |movement| movement.value)
}

fn reference(drift: &Drift) -> Option<&'static str> {
    match drift.reference() {
        DriftReference::Training => Some("training"),
        DriftReference::Baseline => Some("baseline"),
        DriftReference::Unspecified => None,
    }
}

fn shares(name: &str, drift: &Drift) -> Shares {
    let bins = drift.bins.iter().map(|bin| ShareBin {
        label: bin.label.clone(),
        now: part_of(bin.decisions, drift.decisions),
        reference: part_of(bin.reference_rows, drift.reference_rows),
    });
    // Whether anything can be missing is not known here; that nothing was need not be said.
    let told = bins.filter(|bin| bin.label != "missing" || bin.now > 0.0 || bin.reference > 0.0);
    Shares { name: name.to_owned(), reference: reference(drift), bins: told.collect() }
}
