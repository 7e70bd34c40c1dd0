//! Lists decisions, newest first.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{Decision, DecisionFilter, DecisionKind},
        ids::DecisionId,
        page::{DecisionCursor, PageSize},
        refusal::{Refusal, Violations},
        text::payload,
        time::Timestamp,
    },
    vault,
};

/// Which decisions to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionQuery {
    /// Made at or after this time.
    pub start: Option<Timestamp>,
    /// Made before this time.
    pub end: Option<Timestamp>,
    /// Of this kind.
    pub kind: Option<DecisionKind>,
    /// About this subject, in the clear; it must not be stored or logged.
    pub subject: Option<String>,
    /// How many at most.
    pub size: PageSize,
    /// Where to go on; nothing for the first page.
    pub token: Option<PageToken>,
}

/// Where a page goes on, and which filter it belongs to. It is no secret and gives no right: whatever it says, a tenant
/// lists its own decisions only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    filter: String,
    after: DecisionCursor,
}

impl PageToken {
    /// Reads a token.
    ///
    /// # Errors
    /// One sentence, when it is not one that a list has given.
    pub fn parse(token: &str) -> Result<Self, String> {
        read_token(token).ok_or_else(|| WRONG_TOKEN.to_owned())
    }
}

const WRONG_TOKEN: &str = "must be the next_page_token of a list with the same filters";
/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 256;

/// Lists decisions of the caller's tenant, and gives the token of the next page, which is empty after the last.
///
/// # Errors
/// Invalid, when the token is not one that the same filter gave.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_decisions(
    app: &App,
    permit: &Permit<mark::DecisionRead>,
    query: &DecisionQuery,
) -> Result<(Vec<Decision>, String), Refusal> {
    let subject_hmac = match &query.subject {
        Some(subject) => Some(app.tenant_key(permit.tenant()).await?.subject_hmac(subject)),
        None => None,
    };
    let filter = DecisionFilter { start: query.start, end: query.end, kind: query.kind, subject_hmac };
    let after = match &query.token {
        Some(token) if token.filter != fingerprint(&filter) => {
            return Err(Violations::one("page_token", WRONG_TOKEN));
        }
        token => token.as_ref().map(|token| &token.after),
    };
    let page = app.store.list_decisions(permit.tenant(), &filter, after, query.size).await?;
    let next = page.next.map_or(String::new(), |cursor| write_token(&cursor, &filter));
    Ok((page.items, next))
}

fn write_token(cursor: &DecisionCursor, filter: &DecisionFilter) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{}/{}", fingerprint(filter), cursor.decided.micros(), cursor.id))
}

fn read_token(token: &str) -> Option<PageToken> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let mut parts = text.splitn(3, '/');
    let (filter, decided, id) = (parts.next()?.to_owned(), parts.next()?, parts.next()?);
    let decided = Timestamp::from_micros(decided.parse().ok()?);
    Some(PageToken { filter, after: DecisionCursor { decided, id: DecisionId::parse(id).ok()? } })
}

fn fingerprint(filter: &DecisionFilter) -> String {
    let micros = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.micros().to_string());
    let (start, end) = (micros(filter.start), micros(filter.end));
    let kind = filter.kind.map_or("", DecisionKind::name);
    let subject = filter.subject_hmac.map_or(Vec::new(), |hmac| hmac.to_vec());
    let hash = vault::sha256(&[&payload(&[start.as_bytes(), end.as_bytes(), kind.as_bytes(), &subject])]);
    vault::hex(&hash[..8])
}
