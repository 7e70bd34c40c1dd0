//! Approvals by group.

use crate::{
    cli::{
        money::count,
        report::{
            document::{Block, Cell, Detail, Section, Table},
            figures::{chance, estimate, share},
        },
    },
    rpc::proto::risk::{GroupResult, ModelReport},
};

/// How many groups are told of where not all are.
const SHOWN: usize = 6;

pub(super) fn section(report: &ModelReport, detail: Detail) -> Option<Section> {
    let groups = &report.groups;
    // Decisions without a tag are a group only beside others.
    if groups.iter().all(|one| one.group.is_empty()) {
        return None;
    }
    let shown = if super::is_whole(detail) { groups.len() } else { SHOWN };
    let mut ordered: Vec<&GroupResult> = groups.iter().collect();
    // Whoever falls short is told of before whoever is only large.
    ordered.sort_by_key(|one| !(one.below_four_fifths || one.reference));
    let header = ["GROUP", "DECISIONS", "APPROVED", "RATIO", "P", "BAD", ""];
    let mut blocks = vec![Block::Table(Table::new(&header, ordered.into_iter().take(shown).map(row).collect()))];
    let left_out = match groups.len().saturating_sub(shown) {
        0 => String::new(),
        more => format!("{more} more groups: --all. "),
    };
    blocks.push(Block::Text(format!(
        "{left_out}The ratio is the approval rate over that of the group with the highest. Four fifths is a convention, to be read \
         with the interval: it proves nothing by itself."
    )));
    Some(Section::new("Groups", blocks))
}

fn row(group: &GroupResult) -> Vec<Cell> {
    let note = match (group.reference, group.below_four_fifths) {
        (true, _) => Cell::text("the others are held against it"),
        (false, true) => Cell::Alarm("below four fifths".to_owned()),
        (false, false) => Cell::text(""),
    };
    let name = if group.group.is_empty() { "(any other)" } else { &group.group };
    vec![
        Cell::text(name),
        Cell::number(count(group.decisions)),
        Cell::number(share(group.approval_rate.as_ref())),
        Cell::number(group.impact_ratio.as_ref().map_or("-".to_owned(), estimate)),
        Cell::number(chance(group.p_value)),
        Cell::number(share(group.bad_rate.as_ref())),
        note,
    ]
}
