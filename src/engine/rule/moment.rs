//! Times and durations: what may be written, and what fits.

use jiff::civil::Date;

use crate::domain::time::Timestamp;

/// The longest duration, in microseconds: 64 bits of nanoseconds, as other implementations of CEL have it.
const MAX_DURATION_US: i64 = i64::MAX / 1_000;
/// The units of a duration and their nanoseconds; one that another begins with comes after it.
const UNITS: [(&str, i128); 6] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];
/// The most digits before or behind the point of a duration: more would not fit anything.
const MAX_DIGITS: usize = 18;

/// The microseconds, if they are a time in the years 1 to 9999.
pub(super) fn time_us(micros: i64) -> Option<i64> {
    let time = Timestamp::from_micros(micros);
    Timestamp::from_parts(time.seconds(), time.subsec_nanos()).ok().map(Timestamp::micros)
}

/// The microseconds, if they are no longer than a duration may be.
pub(super) fn duration_us(micros: i64) -> Option<i64> {
    (-MAX_DURATION_US..=MAX_DURATION_US).contains(&micros).then_some(micros)
}

/// Reads a duration such as `1h30m`, `-1.5s` or `0`, in microseconds.
pub(super) fn duration(text: &str) -> Result<i64, &'static str> {
    let rule = "expected a duration such as 1h30m, of numbers with the units h, m, s, ms and us";
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    let mut nanos = 0_i128;
    loop {
        let (whole, after) = digits(rest).ok_or(rule)?;
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after).ok_or(rule)?,
            None => ("0", after),
        };
        let (unit, after) =
            UNITS.iter().find_map(|(name, unit)| after.strip_prefix(name).map(|rest| (unit, rest))).ok_or(rule)?;
        let below_one = fraction.parse::<i128>().map_err(|_| rule)? * unit;
        let scale = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| rule)?);
        if below_one % scale != 0 {
            return Err("expected a duration of whole microseconds");
        }
        nanos += whole.parse::<i128>().map_err(|_| rule)? * unit + below_one / scale;
        if after.is_empty() {
            break;
        }
        rest = after;
    }
    if nanos % 1_000 != 0 {
        return Err("expected a duration of whole microseconds");
    }
    let micros = i64::try_from(sign * nanos / 1_000).ok();
    micros.and_then(duration_us).ok_or("expected a duration of at most 292 years")
}

/// The digits that a text begins with, and what follows them.
fn digits(text: &str) -> Option<(&str, &str)> {
    let length = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(length).filter(|(digits, _)| (1..=MAX_DIGITS).contains(&digits.len()))
}

/// Reads a time of RFC 3339 such as `2026-01-01T00:00:00Z`, in microseconds since 1970. A leap second is refused, as other
/// implementations do.
pub(super) fn timestamp(text: &str) -> Result<i64, &'static str> {
    let rule = "expected a time such as 2026-01-01T00:00:00Z";
    let (civil, rest) = text.split_at_checked(19).ok_or(rule)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest).filter(|(fraction, _)| fraction.len() <= 9).ok_or(rule)?,
        None => ("0", rest),
    };
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone = if zone == "Z" { "+00:00" } else { zone };
    if !(shaped(civil, "####-##-##T##:##:##") && (shaped(zone, "+##:##") || shaped(zone, "-##:##"))) {
        return Err(rule);
    }
    let part =
        |from: &str, start: usize, end: usize| from.get(start..end).and_then(|digits| digits.parse::<i16>().ok());
    let clock = |from: &str, start: usize, seconds: Option<i16>| {
        let (hour, minute, second) = (part(from, start, start + 2)?, part(from, start + 3, start + 5)?, seconds?);
        let fits = hour < 24 && minute < 60 && second < 60;
        fits.then_some(i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second))
    };
    let of_day = clock(civil, 11, part(civil, 17, 19)).ok_or(rule)?;
    let east = clock(zone, 1, Some(0)).ok_or(rule)? * sign;
    let two = |start: usize| i8::try_from(part(civil, start, start + 2)?).ok();
    let date =
        part(civil, 0, 4).zip(two(5)).zip(two(8)).and_then(|((year, month), day)| Date::new(year, month, day).ok());
    let midnight = date.ok_or(rule)?.duration_since(Date::constant(1970, 1, 1)).as_secs();
    let nanos = format!("{fraction:0<9}").parse::<i32>().map_err(|_| rule)?;
    if nanos % 1_000 != 0 {
        return Err("expected a time of whole microseconds");
    }
    let time = Timestamp::from_parts(midnight + of_day - east, nanos);
    time.map(Timestamp::micros).map_err(|_| "expected a time in the years 1 to 9999")
}

/// Whether a text has this shape, in which # is a digit.
fn shaped(text: &str, shape: &str) -> bool {
    let fits = |(one, like): (u8, u8)| if like == b'#' { one.is_ascii_digit() } else { one == like };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}
