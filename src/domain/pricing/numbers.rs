//! The numbers of a plan: exact decimals, and the risk that a price follows from.

use std::fmt;

use rust_decimal::Decimal;

/// Parts of one in which a risk is counted: it has twelve decimal places.
pub const RISK_SCALE: u64 = 1_000_000_000_000;
/// The most decimal places of a rate, a share, a relativity or any other value of a plan.
pub const VALUE_PLACES: u32 = 8;
/// The most decimal places of a risk at which a table has a knot.
pub(super) const KNOT_PLACES: u32 = 6;

/// A probability in millionths of a millionth, 0 to [`RISK_SCALE`]: what a price follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Risk(u64);

impl Risk {
    /// Takes a probability: times 10^12 in 64-bit floating point, then rounded to the nearest whole number, of two equally
    /// near ones to the even. Both steps never fall when the probability rises. Nothing when it is not within 0-1.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number of 0 to 10^12")]
    pub fn of_probability(probability: f64) -> Option<Self> {
        (0.0..=1.0).contains(&probability).then(|| Self((probability * 1e12).round_ties_even() as u64))
    }

    /// Takes so many parts of [`RISK_SCALE`]; nothing when they are more than that.
    #[must_use]
    pub const fn of_parts(parts: u64) -> Option<Self> {
        if parts <= RISK_SCALE { Some(Self(parts)) } else { None }
    }

    /// Reads a decimal of 0 to 1 with at most twelve places.
    ///
    /// # Errors
    /// One sentence that says the form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value = decimal(text, 12, Decimal::ONE)?;
        let parts = value.checked_mul(Decimal::from(RISK_SCALE)).and_then(|parts| u64::try_from(parts).ok());
        parts.and_then(Self::of_parts).ok_or_else(|| "must be 0 to 1".to_owned())
    }

    /// The parts of [`RISK_SCALE`].
    #[must_use]
    pub const fn parts(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Risk {
    /// The risk as a decimal with twelve places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:012}", self.0 / RISK_SCALE, self.0 % RISK_SCALE)
    }
}

/// Reads a decimal of 0 to `most` with at most `places` places: digits, and perhaps a point between them.
pub(super) fn decimal(text: &str, places: u32, most: Decimal) -> Result<Decimal, String> {
    let rule = || format!("must be a decimal of 0 to {most} with at most {places} places, such as 0.05");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(rule());
    }
    let value = Decimal::from_str_exact(text).map_err(|_| rule())?.normalize();
    if value.scale() <= places && value <= most { Ok(value) } else { Err(rule()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_has_twelve_places_and_both_ends() {
        assert_eq!(Risk::of_probability(0.1).unwrap().to_string(), "0.100000000000");
        assert_eq!(Risk::of_probability(1.0).unwrap().to_string(), "1.000000000000");
        assert_eq!(Risk::of_probability(0.25e-12).unwrap().parts(), 0);
        assert_eq!(Risk::parse("0.000000000001").unwrap().parts(), 1);
        for wrong in [f64::NAN, -1e-300, 1.000_000_1] {
            assert_eq!(Risk::of_probability(wrong), None);
        }
        for wrong in ["", ".5", "1.", "+0.5", "-0", "1e-3", "1.1", "0.0000000000001", "0,5", " 0.5", "٠.5"] {
            assert!(Risk::parse(wrong).is_err(), "{wrong}");
        }
    }
}
