//! Times as a person writes and reads them.

use jiff::{Span, SpanRelativeTo, civil::Date, tz::TimeZone};
use prost_types::Timestamp;

use super::Failure;
use crate::clock::Clock;

/// The last second that the contract knows.
pub(super) const LAST_SECOND: i64 = 253_402_300_799;

/// A time to the minute, in UTC.
pub(super) fn minute(time: Option<Timestamp>) -> String {
    let text = time.map(|time| time.to_string()).unwrap_or_default();
    text.get(..16).map_or(text.clone(), |text| text.replace('T', " "))
}

/// Midnight of a day in UTC, or another moment when there is none.
pub(super) fn midnight(day: Option<Date>, otherwise: i64) -> Result<Timestamp, Failure> {
    let seconds = match day {
        Some(day) => day.to_zoned(TimeZone::UTC)?.timestamp().as_second(),
        None => otherwise,
    };
    Ok(Timestamp { seconds, nanos: 0 })
}

/// The time now.
pub(super) fn now() -> Timestamp {
    let now = Clock.now();
    Timestamp { seconds: now.seconds(), nanos: now.subsec_nanos() }
}

/// A moment that a person named: a day in UTC, or a time with its offset.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        return midnight(Some(day), 0).map_err(|failure| failure.to_string());
    }
    let time: jiff::Timestamp =
        text.parse().map_err(|_| "must be a day (2026-12-31), or a time (2026-12-31T18:00:00+08:00)".to_owned())?;
    Ok(Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond().max(0) })
}

/// A moment that is still to come, or how long it is until then, such as `30d`.
pub(super) fn future(text: &str) -> Result<Timestamp, String> {
    let time = match text.parse::<Span>() {
        Ok(span) => after(span)?,
        Err(_) => moment(text).map_err(|rule| format!("{rule}, or how long from now (30d, 12h)"))?,
    };
    if time.seconds > now().seconds { Ok(time) } else { Err("must be in the future".to_owned()) }
}

fn after(span: Span) -> Result<Timestamp, String> {
    let days_are_24_hours = SpanRelativeTo::days_are_24_hours();
    let seconds = span.total((jiff::Unit::Second, days_are_24_hours));
    let whole = seconds.map_err(|_| "must be in weeks, days, hours, minutes or seconds".to_owned())?;
    #[allow(clippy::cast_possible_truncation, reason = "cut to what the contract knows")]
    let seconds = (whole as i64).saturating_add(now().seconds).clamp(0, LAST_SECOND);
    Ok(Timestamp { seconds, nanos: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_times_and_durations() {
        assert_eq!(moment("2026-01-02").unwrap().to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(moment("2026-01-02T08:00:00+08:00").unwrap().to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(minute(moment("2026-01-02T10:11:12.5Z").ok()), "2026-01-02 10:11");
        for text in ["tomorrow", "2026-13-01", "2026-01-02T08:00:00", "20260102", "30d"] {
            assert!(moment(text).is_err(), "{text}");
        }
        let after = |text: &str| future(text).unwrap().seconds - now().seconds;
        assert!((30 * 86_400 - 2..=30 * 86_400).contains(&after("30d")));
        assert!((14 * 86_400 - 2..=14 * 86_400).contains(&after("2w")));
        assert!((5_400 - 2..=5_400).contains(&after("1h 30m")));
        assert_eq!(future("2130-01-01").unwrap().to_string(), "2130-01-01T00:00:00Z");
        for text in ["1 year", "soon", "", "2020-01-01", "-1d"] {
            assert!(future(text).is_err(), "{text}");
        }
    }
}
