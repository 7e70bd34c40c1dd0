//! Time zones: which hour it is where something happens.

use std::fmt;

use jiff::tz::{Offset, TimeZone as Rules, TimeZoneDatabase};

use super::{fraud::LocalTime, time::Timestamp};

/// An IANA time zone, with its rules as they came with the program: no file of the machine is read.
#[derive(Clone)]
pub struct TimeZone {
    name: String,
    rules: Rules,
}

impl TimeZone {
    /// Takes a zone by its IANA name, for example `Asia/Shanghai`; capitals do not matter.
    ///
    /// # Errors
    /// One sentence that says the rule.
    pub fn parse(name: &str) -> Result<Self, String> {
        let rule = || "must be the name of an IANA time zone, for example Asia/Shanghai".to_owned();
        if name.len() > 64 {
            return Err(rule());
        }
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| rule())?;
        let name = rules.iana_name().ok_or_else(rule)?.to_owned();
        Ok(Self { name, rules })
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: Rules::UTC }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local hour and weekday.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> LocalTime {
        local(at, &self.rules)
    }
}

/// The hour and weekday so many minutes east of UTC.
#[must_use]
pub fn local_at_offset(at: Timestamp, minutes_east: i32) -> LocalTime {
    let offset = Offset::from_seconds(minutes_east.saturating_mul(60)).unwrap_or(Offset::UTC);
    local(at, &Rules::fixed(offset))
}

fn local(at: Timestamp, rules: &Rules) -> LocalTime {
    // Both know the years 1 to 9999, so nothing is cut.
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    let there = rules.to_datetime(at);
    LocalTime {
        hour: u8::try_from(there.hour()).unwrap_or_default(),
        weekday: u8::try_from(there.weekday().to_monday_zero_offset()).unwrap_or_default(),
    }
}

impl PartialEq for TimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZone {}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_is_the_one_there() {
        // Saturday, 28 March 2026, 23:30 in Greenwich; half an hour before Europe's clocks are still an hour ahead.
        let at = Timestamp::from_micros(1_774_740_600_000_000);
        let hour = |zone: &str| TimeZone::parse(zone).unwrap().local(at);
        assert_eq!(TimeZone::utc().local(at), LocalTime { hour: 23, weekday: 5 });
        assert_eq!(hour("europe/berlin"), LocalTime { hour: 0, weekday: 6 });
        assert_eq!(hour("Asia/Shanghai"), LocalTime { hour: 7, weekday: 6 });
        let later = at.plus_seconds(2 * 3_600);
        assert_eq!(TimeZone::parse("Europe/Berlin").unwrap().local(later), LocalTime { hour: 3, weekday: 6 });
        assert_eq!(local_at_offset(at, -570), LocalTime { hour: 14, weekday: 5 });
        assert_eq!(local_at_offset(at, 1_080), LocalTime { hour: 17, weekday: 6 });
        assert_eq!(TimeZone::parse("Asia/Kolkata").unwrap().name(), "Asia/Kolkata");
        for bad in ["", "Mars/Olympus", "../../etc/passwd", &"x".repeat(65)] {
            assert!(TimeZone::parse(bad).is_err(), "{bad:?} was taken");
        }
    }
}
