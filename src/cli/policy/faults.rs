//! What the server finds wrong with a policy, told by rule and place, with the place in the condition pointed at.

use tonic::Status;
use tonic_types::{FieldViolation, StatusExt};

use crate::{
    cli::{Failure, refused},
    rpc::proto::fraud::Rule,
};

/// How much of a line of a condition is shown, and how much of it before the place.
const SHOWN: usize = 96;
const SHOWN_BEFORE: usize = 64;

/// What is wrong with the policy that a person knows as `what`, one fault after another.
pub(super) fn told(what: &str, rules: &[Rule], status: &Status) -> Failure {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
    if violations.is_empty() {
        return refused(status);
    }
    let faults: Vec<String> = violations.iter().map(|one| fault(rules, one)).collect();
    let count = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
    Failure::new(format!("{what} cannot be used, {count}:\n{}{}", faults.join("\n"), hints(violations)))
}

/// One fault: where, what, and for a condition the line with a mark under the place.
fn fault(rules: &[Rule], violation: &FieldViolation) -> String {
    let FieldViolation { field, description, .. } = violation;
    let field = field.strip_prefix("spec.").unwrap_or(field);
    let Some((at, part)) = of_rule(field) else { return format!("  {field}: {description}") };
    let Some(rule) = rules.get(at) else { return format!("  {field}: {description}") };
    let part = match part {
        "sentence_en" => "en",
        "sentence_zh" => "zh",
        part => part,
    };
    let head = format!("  rule {} ({}), {part}: {description}", at + 1, rule.id);
    let place = if part == "condition" { place(description) } else { None };
    match place.and_then(|(line, column)| pointed(&rule.condition, line, column)) {
        Some(pointed) => format!("{head}\n{pointed}"),
        None => head,
    }
}

/// The place of a rule and its part, of a field such as `rules[2].condition`.
fn of_rule(field: &str) -> Option<(usize, &str)> {
    let (at, part) = field.strip_prefix("rules[")?.split_once("].")?;
    Some((at.parse().ok()?, part))
}

/// The line and column that a description begins with: `line 1, column 16: ...`.
fn place(description: &str) -> Option<(usize, usize)> {
    let (line, rest) = description.strip_prefix("line ")?.split_once(", column ")?;
    let (column, _) = rest.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The line of a condition with a mark under the column, both from 1 on.
fn pointed(condition: &str, line: usize, column: usize) -> Option<String> {
    let text = condition.split('\n').nth(line.checked_sub(1)?)?;
    let before = column.checked_sub(1)?;
    let skipped = before.saturating_sub(SHOWN_BEFORE);
    let shown: String = text.chars().skip(skipped).take(SHOWN).map(visible).collect();
    // Under a wide character stands a wide space, so that the mark stands where it should.
    let blank = |one: char| if one >= '\u{1100}' { '\u{3000}' } else { ' ' };
    let blanks: String = text.chars().skip(skipped).take(before - skipped).map(blank).collect();
    let (ahead, behind) =
        (if skipped > 0 { "..." } else { "" }, if text.chars().count() > skipped + SHOWN { "..." } else { "" });
    let indent = " ".repeat(ahead.len());
    Some(format!("      {ahead}{shown}{behind}\n      {indent}{blanks}^"))
}

/// A character as it can be shown in one column.
fn visible(one: char) -> char {
    if one.is_control() { ' ' } else { one }
}

/// What to do next.
fn hints(violations: &[FieldViolation]) -> String {
    let has = |part: &str| violations.iter().any(|one| one.description.contains(part));
    let mut hints = String::new();
    if has(": lists.") {
        hints.push_str(
            "\nmake a list before a policy names it: riskport list create NAME --entity card; riskport list show",
        );
    }
    if has(": f.") {
        hints.push_str("\nfind the features that there are: riskport policy features --like TEXT");
    }
    if has(": attr.") {
        hints.push_str("\ndeclare an attribute before a rule names it: [[attributes]] with name and type");
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_place() {
        let shown = pointed("event.amount_minor > 'ten'", 1, 22).unwrap();
        assert_eq!(shown, format!("      event.amount_minor > 'ten'\n      {}^", " ".repeat(21)));
        let shown = pointed("true &&\n  '中' in attr.x", 2, 7).unwrap();
        assert_eq!(shown, format!("        '中' in attr.x\n{}\u{3000}  ^", " ".repeat(9)));
        let long = format!("{} && x", "a".repeat(200));
        let shown = pointed(&long, 1, 205).unwrap();
        let (line, mark) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().nth(mark.find('^').unwrap()), Some('x'), "{shown}");
        assert!(line.chars().count() < 110, "{shown}");
        // What the server says of an end that comes too early lies behind the last character.
        assert!(pointed("true &&", 1, 8).unwrap().ends_with('^'));
        assert_eq!(pointed("true", 2, 1), None);
        assert_eq!((place("line 12, column 3: x"), place("must be 1")), (Some((12, 3)), None));
    }
}
