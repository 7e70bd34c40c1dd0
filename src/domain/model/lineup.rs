//! Which versions of a model take part in the traffic, and which of them decides for a subject.

use super::VersionNumber;

/// A share of the subjects: 1-99 in a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// Takes a share of 1-99.
    ///
    /// # Errors
    /// One sentence that says the range.
    pub fn parse(percent: i32) -> Result<Self, String> {
        match u8::try_from(percent) {
            Ok(percent) if (1..=99).contains(&percent) => Ok(Self(percent)),
            _ => Err("must be 1 to 99".to_owned()),
        }
    }

    /// The share, in a hundred.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A version that decides for a share of the subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenger {
    /// The version.
    pub version: VersionNumber,
    /// Its share.
    pub share: Percent,
}

/// The versions of a model that take part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineup {
    /// In charge; nothing while none was ever promoted.
    pub champion: Option<VersionNumber>,
    /// In charge before that, for the way back.
    pub previous: Option<VersionNumber>,
    /// Tried on a share of the subjects.
    pub challenger: Option<Challenger>,
    /// Evaluated and recorded beside whoever decides; at most [`Lineup::MAX_SHADOWS`].
    pub shadows: Vec<VersionNumber>,
}

impl Lineup {
    /// The most shadows of a model: each costs an evaluation and a row for every decision.
    pub const MAX_SHADOWS: usize = 2;
}

impl Challenger {
    /// Whether it decides for a subject, from 8 bytes that are spread evenly over the subjects and are always the same for
    /// one subject and model: so that an applicant stays on one side, and a larger share keeps whom a smaller one had.
    #[must_use]
    pub fn takes(self, spread: [u8; 8]) -> bool {
        u64::from_be_bytes(spread) % 10_000 < u64::from(self.share.0) * 100
    }
}
