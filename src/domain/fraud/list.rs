//! Lists: entities that a tenant knows something of.

use super::{EntityKey, EntityKind};
use crate::domain::time::Timestamp;

/// A list: 1-40 of `[a-z0-9_]`, a letter first. Conditions name it `lists.{id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(String);

impl ListId {
    /// Takes a text that has the form of this id.
    ///
    /// # Errors
    /// One sentence that says the form.
    pub fn parse(value: &str) -> Result<Self, String> {
        let fits = value.len() <= 40 && crate::domain::text::name(value).is_ok();
        if fits {
            Ok(Self(value.to_owned()))
        } else {
            Err("must be 1 to 40 of lower-case letters, digits and _, a letter first".to_owned())
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ListId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A list as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudList {
    /// Its id.
    pub id: ListId,
    /// What it holds.
    pub kind: EntityKind,
    /// For people.
    pub display_name: String,
    /// How many entries it has.
    pub entries: i64,
    /// How often it was changed.
    pub revision: i64,
    /// When it was made.
    pub created: Timestamp,
}

/// A change of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryChange {
    /// The entry.
    pub entry: EntityKey,
    /// What becomes of it.
    pub to: EntryState,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// It is listed until a time, or for ever.
    Listed(Option<Timestamp>),
    /// It is not listed.
    Removed,
}

/// What changes of entries came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedEntries {
    /// The list as it is now.
    pub list: FraudList,
    /// Entries that were added or got another end.
    pub added: i64,
    /// Entries that were there and are not any more.
    pub removed: i64,
}
