//! Points in time, as the database keeps them.

/// Microseconds since 1970-01-01T00:00:00Z. The clock that makes them lives outside the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The last microsecond of the year 9999, the end of what `google.protobuf.Timestamp` may say.
const MAX_US: i64 = 253_402_300_799_999_999;
/// The first microsecond of the year 1.
const MIN_US: i64 = -62_135_596_800_000_000;

impl Timestamp {
    /// Takes microseconds since the epoch as they are; for values that a clock or the database gave.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Takes the two halves of a `google.protobuf.Timestamp`.
    ///
    /// # Errors
    /// One sentence, when the year is not 1-9999 or the nanoseconds are not 0-999,999,999.
    pub fn from_parts(seconds: i64, nanos: i32) -> Result<Self, String> {
        let nanos = u32::try_from(nanos).ok().filter(|n| *n < 1_000_000_000);
        let micros = nanos.and_then(|n| seconds.checked_mul(1_000_000)?.checked_add(i64::from(n / 1_000)));
        match micros {
            Some(micros) if (MIN_US..=MAX_US).contains(&micros) => Ok(Self(micros)),
            _ => Err("must be a time in the years 1 to 9999, with nanoseconds of 0 to 999999999".to_owned()),
        }
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The nanoseconds beyond [`Self::seconds`].
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below one million")]
    pub const fn subsec_nanos(self) -> i32 {
        (self.0.rem_euclid(1_000_000) * 1_000) as i32
    }

    /// This time plus so many seconds, at the edge of the range when it would leave it.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}
