//! How good a version is: discrimination, calibration, and what became of its bands.

use crate::{
    cli::{
        money::count,
        report::{
            document::{Block, CalibrationPoint, Cell, Section, Table},
            figures::{self, chance, estimate, score, share},
        },
    },
    rpc::proto::risk::{BandResult, CalibrationCheck, CalibrationGroup, Estimate, ModelReport},
};

/// How well scores tell bad from good.
pub(super) fn discrimination(report: &ModelReport) -> Option<Section> {
    let found = report.discrimination.as_ref()?;
    let unit = report.score_unit();
    let row = |name: &str, of: &Option<Estimate>, note: String| {
        let of = of.as_ref();
        let decisions = of.map_or("-".to_owned(), |of| count(of.decisions));
        vec![
            Cell::text(name),
            Cell::number(of.map_or("-".to_owned(), estimate)),
            Cell::number(decisions),
            Cell::text(note),
        ]
    };
    let step = match found.auc_step_error {
        error if error > 0.0 => format!("ties of scores make at most {error:.4}"),
        _ => String::new(),
    };
    let ks = format!("at {}, p {}", score(found.ks_score, unit), chance(Some(found.ks_p_value)));
    let rows = vec![row("AUC", &found.auc, step), row("Gini", &found.gini, String::new()), row("KS", &found.ks, ks)];
    let table = Table::new(&["", "95 % INTERVAL", "OUTCOMES", ""], rows);
    Some(Section::new("Discrimination: how well scores tell bad from good", vec![Block::Table(table)]))
}

/// How well probabilities agree with what happened.
pub(super) fn calibration(report: &ModelReport) -> Option<Section> {
    let found = report.calibration.as_ref()?;
    let unit = report.score_unit();
    let point = |group: &CalibrationGroup| {
        let observed = group.bad_rate.unwrap_or_default();
        let (from, to) = (score(group.from_score, unit), score(group.to_score, unit));
        CalibrationPoint {
            label: if from == to { from } else { format!("{from} to {to}") },
            predicted: group.mean_probability,
            observed: observed.value,
            interval: (observed.low.unwrap_or(observed.value), observed.high.unwrap_or(observed.value)),
            decisions: observed.decisions,
        }
    };
    let points = Block::Calibration(found.groups.iter().map(point).collect());
    let figures = Block::Text(format!("{}.", figures_of(found).join("; ")));
    Some(Section::new("Calibration: what was said, and what came", vec![figures, points]))
}

fn figures_of(found: &CalibrationCheck) -> Vec<String> {
    let mut figures = Vec::new();
    if let Some(brier) = &found.brier {
        figures.push(format!("Brier score {}", estimate(brier)));
    }
    if let Some(ratio) = &found.expected_over_observed {
        figures.push(format!("bad ones expected / observed {}", estimate(ratio)));
    }
    if let Some(statistic) = found.hosmer_lemeshow {
        let (degrees, p_value) = (found.degrees_of_freedom, chance(found.p_value));
        figures.push(format!("Hosmer-Lemeshow {statistic:.1} with {degrees} degrees of freedom, p {p_value}"));
    }
    figures
}

/// How good it is in a few words.
pub(super) fn in_words(report: &ModelReport) -> Option<Section> {
    let named = |name: &str, of: Option<&Estimate>| of.map(|of| format!("{name} {}", estimate(of)));
    let found = report.discrimination.as_ref();
    let (auc, ks) = (found.and_then(|one| one.auc.as_ref()), found.and_then(|one| one.ks.as_ref()));
    let calibration = report.calibration.iter().flat_map(figures_of);
    let figures: Vec<String> = [named("AUC", auc), named("KS", ks)].into_iter().flatten().chain(calibration).collect();
    let told = format!("{}. In brackets: 95 % intervals.", figures.join("; "));
    super::some(!figures.is_empty(), || {
        Section::new("How well it tells bad from good, and how true its probabilities are", vec![Block::Text(told)])
    })
}

/// What became of each band.
pub(super) fn bands(report: &ModelReport) -> Option<Section> {
    let bands = &report.bands;
    let row = |band: &BandResult| {
        vec![
            Cell::text(&band.band),
            Cell::number(format!("from {}", band.min_score)),
            Cell::number(count(band.decisions)),
            Cell::number(figures::percent(figures::part_of(band.decisions, report.decisions))),
            Cell::number(share(band.approval_rate.as_ref())),
            Cell::number(share(band.bad_rate.as_ref())),
        ]
    };
    let header = ["BAND", "SCORE", "DECISIONS", "SHARE", "APPROVED", "BAD"];
    super::some(!bands.is_empty(), || {
        Section::new("Bands", vec![Block::Table(Table::new(&header, bands.iter().map(row).collect()))])
    })
}
