//! Alarms: what must not be overlooked.

use crate::{
    cli::{
        money::count,
        report::{
            document::{Block, Cell, Detail, Section, Table},
            figures::chance,
        },
        time::minute,
    },
    rpc::proto::risk::{AlarmSignal, ModelAlarm, ModelReport},
};

/// How many alarms are told of where not all are.
const SHOWN: usize = 3;

pub(super) fn section(report: &ModelReport, detail: Detail) -> Option<Section> {
    let alarms = &report.alarms;
    if alarms.is_empty() {
        return None;
    }
    let shown = if super::is_whole(detail) { alarms.len() } else { SHOWN };
    let row = |alarm: &ModelAlarm| {
        vec![
            Cell::text(minute(alarm.raise_time)),
            Cell::Alarm(signal(alarm)),
            Cell::number(format!("{:.3}", alarm.value)),
            Cell::number(format!("{:.3}", alarm.expected)),
            Cell::number(chance(Some(alarm.p_value))),
            Cell::number(count(alarm.decisions)),
            Cell::number(count(alarm.window)),
        ]
    };
    let header = ["RAISED", "WHAT", "VALUE", "EXPECTED", "P", "DECISIONS", "WINDOW"];
    let mut blocks = vec![Block::Table(Table::new(&header, alarms.iter().take(shown).map(row).collect()))];
    if alarms.len() > shown {
        blocks.push(Block::Text(format!("and {} earlier ones: --all", alarms.len() - shown)));
    }
    Some(Section { title: "Alarms".to_owned(), alarming: true, blocks })
}

fn signal(alarm: &ModelAlarm) -> String {
    match alarm.signal() {
        AlarmSignal::Score => "scores (PSI)".to_owned(),
        AlarmSignal::Feature => format!("{} (PSI)", alarm.feature),
        AlarmSignal::Calibration => "bad ones expected / observed".to_owned(),
        AlarmSignal::Unspecified => "?".to_owned(),
    }
}

/// An alarm in a line.
pub(in crate::cli::report) fn line(alarm: &ModelAlarm) -> String {
    let value = match alarm.signal() {
        AlarmSignal::Calibration => format!("{:.3} bad ones expected for each observed", alarm.value),
        _ => format!("PSI {:.3} where {:.3} is expected", alarm.value, alarm.expected),
    };
    let what = match alarm.signal() {
        AlarmSignal::Feature => alarm.feature.as_str(),
        AlarmSignal::Calibration => "calibration",
        _ => "scores",
    };
    format!(
        "{}  {}  {what}: {value}, over {} decisions (p {}, alpha {:.1e}, window {})",
        minute(alarm.raise_time),
        crate::cli::model::show::short(&alarm.model_version),
        count(alarm.decisions),
        chance(Some(alarm.p_value)),
        alarm.alpha,
        alarm.window
    )
}
