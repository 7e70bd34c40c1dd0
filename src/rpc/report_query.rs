//! Requests for reports, as valid questions.

use super::{
    model_convert::{model_id, model_or_version, required_version},
    parse::{known_enum, optional_time},
    proto::risk as proto,
};
use crate::{
    domain::{
        ids::ModelId,
        model::CalibrationMethod,
        monitor::Day,
        refusal::{Refusal, Violations},
        tags::Tag,
        time::Timestamp,
    },
    ops::{Recalibration, ReportQuery},
};

/// The days of a report when nobody says.
const DEFAULT_DAYS: i64 = 90;
/// The most days of a report: ten years.
const MAX_DAYS: i64 = 3_660;

/// A message as a valid question.
pub(super) fn query(from: &proto::GetModelReportRequest, now: Timestamp) -> Result<ReportQuery, Refusal> {
    let name = model_or_version(&from.name);
    let mut violations = Violations::default();
    let end = optional_time("end_time", from.end_time, &mut violations);
    let end = end.map_or_else(|| Day::of(now).plus(1), Day::not_before);
    let start = optional_time("start_time", from.start_time, &mut violations);
    let start = start.map_or_else(|| end.plus(-DEFAULT_DAYS), Day::of);
    check_days((start, end), "end_time", &mut violations);
    let segment = match from.segment.as_str() {
        "" => None,
        segment => violations.take("segment", Tag::parse(segment)),
    };
    let baseline = baseline(from, &mut violations);
    if !(0.0..1.0).contains(&from.cutoff) {
        violations.add("cutoff", "must be 0, or above 0 and below 1");
    }
    let rest = if violations.is_empty() { Ok(()) } else { Err(Refusal::Invalid(violations)) };
    let ((model, version), ()) = Refusal::both(name, rest)?;
    let cutoff = (from.cutoff > 0.0).then_some(from.cutoff);
    Ok(ReportQuery { model, version, days: (start, end), segment, baseline, cutoff })
}

fn baseline(from: &proto::GetModelReportRequest, violations: &mut Violations) -> Option<(Day, Day)> {
    let start = optional_time("baseline_start_time", from.baseline_start_time, violations);
    let end = optional_time("baseline_end_time", from.baseline_end_time, violations);
    match (from.baseline_start_time, from.baseline_end_time) {
        (Some(_), None) => violations.add("baseline_end_time", "is required with a start"),
        (None, Some(_)) => violations.add("baseline_start_time", "is required with an end"),
        _ => {}
    }
    let days = (Day::of(start?), Day::not_before(end?));
    check_days(days, "baseline_end_time", violations);
    Some(days)
}

fn check_days((start, end): (Day, Day), field: &str, violations: &mut Violations) {
    if end <= start || end > start.plus(MAX_DAYS) {
        violations.add(field, format!("must be after the start, by at most {MAX_DAYS} days"));
    }
}

/// A message as what to recalibrate, and on what.
pub(super) fn recalibration(from: &proto::RecalibrateModelRequest) -> Result<Recalibration, Refusal> {
    let name = required_version(&from.name);
    let mut violations = Violations::default();
    let method = known_enum::<proto::CalibrationMethod>(from.method).and_then(|method| match method {
        proto::CalibrationMethod::Unspecified => Err("is required".to_owned()),
        proto::CalibrationMethod::Platt => Ok(CalibrationMethod::Platt),
        proto::CalibrationMethod::Isotonic => Ok(CalibrationMethod::Isotonic),
        proto::CalibrationMethod::Intercept => Ok(CalibrationMethod::Intercept),
    });
    let method = violations.take("method", method);
    let start = optional_time("start_time", from.start_time, &mut violations);
    let end = optional_time("end_time", from.end_time, &mut violations);
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        violations.add("end_time", "must be after start_time");
    }
    let rest = match method {
        Some(method) if violations.is_empty() => Ok(method),
        _ => Err(Refusal::Invalid(violations)),
    };
    let ((model, version), method) = Refusal::both(name, rest)?;
    Ok(Recalibration { model, version, method, start, end })
}

/// A message as the model to watch, and the place of the last alarm that was seen.
pub(super) fn watch(from: &proto::WatchModelRequest) -> Result<(ModelId, i64), Refusal> {
    let after = if from.after_sequence < 0 {
        Err(Violations::one("after_sequence", "must not be negative"))
    } else {
        Ok(from.after_sequence)
    };
    Refusal::both(model_id("model", &from.model), after)
}
