//! What a tally is of.

use std::fmt;

use crate::domain::{
    ids::{ModelId, TenantId},
    tags::Tag,
    time::Timestamp,
};

/// A day of UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// The seconds of a day.
const SECONDS: i64 = 86_400;

impl Day {
    /// The day of a time.
    #[must_use]
    pub const fn of(time: Timestamp) -> Self {
        Self(time.seconds().div_euclid(SECONDS))
    }

    /// The first day that begins at or after a time.
    #[must_use]
    pub const fn not_before(time: Timestamp) -> Self {
        Self::of(Timestamp::from_micros(time.micros().saturating_add(SECONDS * 1_000_000 - 1)))
    }

    /// A day by its number, as the database keeps it.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The day so many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// When it begins.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(SECONDS * 1_000_000))
    }
}

/// A version of a model as one tenant's decisions name it. The manifest's digest is in it for the case that a tenant had a model
/// of the platform first, and then one of its own under the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey {
    /// Whose decisions.
    pub tenant: TenantId,
    /// The model.
    pub model: ModelId,
    /// Its version.
    pub version: i64,
    /// SHA-256 of the version's manifest, in hexadecimal.
    pub manifest_digest: String,
}

named!(
    /// Which part the version had.
    Part {
        /// Its answer was sent: as champion or challenger.
        Answered = "answered",
        /// It was evaluated beside the one that answered.
        Shadow = "shadow",
    }
);

/// By what decisions are told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// All of them together.
    All,
    /// Those of one segment; nothing for segments beyond the most that are told apart.
    Segment(Option<Tag>),
    /// Those of one group; nothing for groups beyond the most that are told apart.
    Group(Option<Tag>),
}

impl Dimension {
    /// The most segments of a version that are told apart.
    pub const MAX_SEGMENTS: usize = 64;
    /// The most groups of a version that are told apart.
    pub const MAX_GROUPS: usize = 16;

    /// The name in the database.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Segment(_) => "segment",
            Self::Group(_) => "group",
        }
    }

    /// The tag as the database keeps it; empty for none.
    #[must_use]
    pub fn tag(&self) -> &str {
        match self {
            Self::All => "",
            Self::Segment(tag) | Self::Group(tag) => tag.as_ref().map_or("", Tag::as_str),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.tag())
    }
}

/// What a tally is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    /// The version.
    pub version: VersionKey,
    /// Its part.
    pub part: Part,
    /// Which decisions.
    pub dimension: Dimension,
    /// The day they were made.
    pub day: Day,
}
