//! Tokens of pages: where a list goes on, and which filters it belongs to. They are no secret and give no right: whatever one
//! says, a caller lists only what its permit is for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::{
        refusal::{Refusal, Violations},
        text::payload,
    },
    vault,
};

/// A token as it came, not yet held against the filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    filter: String,
    place: String,
}

const WRONG_TOKEN: &str = "must be the next_page_token of a list with the same filters";
/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 256;

impl PageToken {
    /// Reads a token.
    ///
    /// # Errors
    /// One sentence, when it is not one that a list has given.
    pub fn parse(token: &str) -> Result<Self, String> {
        let read = || {
            let bytes = (token.len() <= MAX_TOKEN_BYTES).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten()?;
            let text = String::from_utf8(bytes).ok()?;
            let (filter, place) = text.split_once('/')?;
            Some(Self { filter: filter.to_owned(), place: place.to_owned() })
        };
        read().ok_or_else(|| WRONG_TOKEN.to_owned())
    }

    /// The token of a place in a list with some filters.
    pub(super) fn write(filters: &[&[u8]], place: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}/{place}", fingerprint(filters)))
    }

    /// Where a list with some filters goes on; `read` reads what was written of the place.
    ///
    /// # Errors
    /// Invalid, when the token belongs to other filters.
    pub(super) fn place<C>(&self, filters: &[&[u8]], read: impl FnOnce(&str) -> Option<C>) -> Result<C, Refusal> {
        let place = if self.filter == fingerprint(filters) { read(&self.place) } else { None };
        place.ok_or_else(|| Violations::one("page_token", WRONG_TOKEN))
    }
}

fn fingerprint(filters: &[&[u8]]) -> String {
    let hash = vault::sha256(&[&payload(filters)]);
    vault::hex(&hash[..8])
}
