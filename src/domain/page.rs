//! Pages of a list.

use super::{ids::DecisionId, time::Timestamp};

/// How many items a page has when the caller does not say.
pub const DEFAULT_PAGE_SIZE: i32 = 50;
/// The most items a page may have.
pub const MAX_PAGE_SIZE: i32 = 500;

/// How many items to answer at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(i32);

impl PageSize {
    /// Takes 1-500, or 0 for the default.
    ///
    /// # Errors
    /// One sentence that says the range.
    pub fn parse(size: i32) -> Result<Self, String> {
        match size {
            0 => Ok(Self(DEFAULT_PAGE_SIZE)),
            1..=MAX_PAGE_SIZE => Ok(Self(size)),
            _ => Err(format!("must be 0 to {MAX_PAGE_SIZE}")),
        }
    }

    /// The number of items.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// One page of things, and where the next begins, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The things.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next: Option<C>,
}

/// The last decision of a page, after which the next begins: decisions are listed newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionCursor {
    /// When it was made.
    pub decided: Timestamp,
    /// Its id, which orders decisions of the same microsecond.
    pub id: DecisionId,
}
