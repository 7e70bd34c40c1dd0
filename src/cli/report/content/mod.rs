//! What a report says, in the order in which a reader asks.

mod alarms;
mod comparisons;
mod drift;
mod groups;
mod quality;

pub(super) use alarms::line as alarm_line;

use super::{
    document::{Detail, Document, Section},
    figures::{part_of, percent, period, so_many},
};
use crate::{
    cli::{model::show::short, money::count},
    rpc::proto::risk::ModelReport,
};

/// The report as a document.
pub(super) fn document(report: &ModelReport, detail: Detail) -> Document {
    let title = format!("How {} has done", short(&report.model_version));
    if report.decisions == 0 {
        let none = "It made no decision in this period: nothing else can be told of it.".to_owned();
        return Document {
            title,
            facts: facts(report, detail).into_iter().chain([none]).collect(),
            sections: Vec::new(),
        };
    }
    if detail == Detail::Short {
        let sections = [
            alarms::section(report, detail),
            drift::in_words(report),
            quality::in_words(report),
            comparisons::section(report, detail),
        ];
        return Document { title, facts: facts(report, detail), sections: sections.into_iter().flatten().collect() };
    }
    let sections = [
        alarms::section(report, detail),
        drift::table(report, detail),
        drift::scores(report),
        quality::discrimination(report),
        quality::calibration(report),
        quality::bands(report),
        comparisons::section(report, detail),
        groups::section(report, detail),
        drift::features(report, detail),
    ];
    Document { title, facts: facts(report, detail), sections: sections.into_iter().flatten().collect() }
}

/// What it did, when, and what became of that.
fn facts(report: &ModelReport, detail: Detail) -> Vec<String> {
    let segment = match report.segment.as_str() {
        "" => String::new(),
        segment => format!(", segment {segment} only"),
    };
    let what = if report.shadow { "beside the champion, as a shadow" } else { "as champion or challenger" };
    let mut facts = vec![
        format!("{}{segment}", period(report.start_time, report.end_time)),
        format!("{} {what}{}", so_many(report.decisions, "decision"), labelled(report)),
    ];
    if is_whole(detail) {
        facts.push(format!("model sha256 {}", report.model_digest));
        facts.push(format!("manifest sha256 {}", report.manifest_digest));
    }
    if !report.complete {
        facts.push("Not everything is counted yet: ask again in a moment".to_owned());
    }
    if report.labelled > 0 && report.bad % report.labelled == 0 {
        let which = if report.bad == 0 { "good" } else { "bad" };
        facts.push(format!(
            "All outcomes are of {which} ones: until others are reported, rates and calibration say nothing"
        ));
    }
    if report.labelled == 0 && report.decisions > 0 {
        facts.push("No outcomes are reported: how good it is cannot be told yet (riskport outcomes)".to_owned());
    }
    facts
}

fn labelled(report: &ModelReport) -> String {
    if report.labelled == 0 {
        return String::new();
    }
    let bad = percent(part_of(report.bad, report.labelled));
    format!("; outcomes of {}, of which {} bad ({bad})", count(report.labelled), count(report.bad))
}

/// Whether all rows are told of.
fn is_whole(detail: Detail) -> bool {
    matches!(detail, Detail::All | Detail::Page)
}

/// Parts that are there only when they have something to say.
fn some(rows: bool, section: impl FnOnce() -> Section) -> Option<Section> {
    rows.then(section)
}
