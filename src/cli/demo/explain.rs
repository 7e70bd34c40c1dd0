//! One score, taken apart: everything that adds up to it, and everything it lost.

use super::bank::Scored;
use crate::{
    cli::{
        Failure,
        style::{Style, paragraph},
    },
    rpc::proto::credit::{Contribution, ScoreCreditResponse},
};

/// Where the sums stand.
const SUM_COLUMN: usize = 64;

/// The client whose score tells most: of those that defaulted and were not clamped the one with the gravest reason, and
/// of equals the one that lost least beside it; else any.
pub(super) fn worth_explaining<'a>(chosen: &[&'a Scored]) -> Option<&'a Scored> {
    let telling = chosen.iter().filter(|one| one.client.defaulted && one.reply.clamp_points == 0);
    let gravest = |one: &Scored| one.reply.reasons.first().map_or(0, |reason| reason.points_lost);
    telling.max_by_key(|one| (gravest(one), -points_lost(&one.reply))).or(chosen.last()).copied()
}

/// Takes a score apart.
///
/// # Errors
/// When the parts do not add up exactly: the contract says that they do.
pub(super) fn lines(one: &Scored, style: &Style) -> Result<String, Failure> {
    let reply = &one.reply;
    let contributed: i32 = reply.contributions.iter().map(|one| one.points).sum();
    if reply.base_points + contributed + reply.clamp_points != reply.score {
        return Err(Failure::new(format!("the points of {} do not add up", one.client.id)));
    }
    let mut lines = vec![style.bold(&format!("\nWhere the {} of {} comes from", reply.score, one.client.id))];
    lines.push(format!("  {:<width$}{:>6}", "base points", reply.base_points, width = SUM_COLUMN - 2));
    for group in groups(&reply.contributions) {
        let points: Vec<String> = group.iter().map(|one| format!("{:>+6}", one.points)).collect();
        lines.push(sum_line(&group_name(group), &points.concat(), group.iter().map(|one| one.points).sum()));
    }
    lines.push(sum_line("clamp", "", reply.clamp_points));
    let result = format!(
        "band {}, PD {:.1} % within {}",
        reply.band,
        reply.probability_of_default * 100.0,
        months(reply.target.as_ref().map_or(0, |target| target.horizon_months))
    );
    lines.push(format!("  {:<width$}{:>6}", format!("score: {result}"), reply.score, width = SUM_COLUMN - 2));
    lines.extend(lost_lines(reply, style));
    Ok(format!("{}\n", lines.join("\n")))
}

/// What kept the score from the best one.
fn lost_lines(reply: &ScoreCreditResponse, style: &Style) -> Vec<String> {
    let lost = points_lost(reply);
    let best = reply.score - reply.clamp_points + lost;
    let mut lines = vec![style.bold(&format!("\nWhy it is not the best, {best}: {lost} points were lost"))];
    for reason in &reply.reasons {
        lines.push(format!("  {:>5}  {}", -reason.points_lost, paragraph(&reason.sentence, 9)));
    }
    if reply.other_points_lost > 0 {
        lines.push(format!("  {:>5}  in smaller parts", -reply.other_points_lost));
    }
    lines
}

/// How many points there are between a score, before clamping, and the best that the model can give.
fn points_lost(reply: &ScoreCreditResponse) -> i32 {
    reply.reasons.iter().map(|one| one.points_lost).sum::<i32>() + reply.other_points_lost
}

fn sum_line(name: &str, points: &str, sum: i32) -> String {
    format!("  {name:<24}{points:<width$}{sum:>+6}", width = SUM_COLUMN - 26)
}

fn months(count: i32) -> String {
    if count == 1 { "a month".to_owned() } else { format!("{count} months") }
}

/// Neighbours that differ only in the number at their end, such as the months of one thing.
fn groups(contributions: &[Contribution]) -> impl Iterator<Item = &[Contribution]> {
    contributions.chunk_by(|a, b| stem(&a.characteristic) == stem(&b.characteristic))
}

fn stem(characteristic: &str) -> &str {
    characteristic.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn group_name(group: &[Contribution]) -> String {
    match group {
        [] => String::new(),
        [one] => one.characteristic.clone(),
        [first, .., last] => {
            format!(
                "{} to {}",
                first.characteristic,
                last.characteristic.trim_start_matches(stem(&last.characteristic))
            )
        }
    }
}
