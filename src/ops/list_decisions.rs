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
    /// Where to go on; empty for the first page.
    pub token: String,
}

/// Lists decisions of the caller's tenant, and gives the token of the next page, which is empty after the last.
///
/// # Errors
/// Invalid, when the token is not one that the same filter gave.
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
    let after = match query.token.as_str() {
        "" => None,
        token => Some(read_token(token, &filter).ok_or_else(|| {
            Violations::one("page_token", "must be the next_page_token of a list with the same filters")
        })?),
    };
    let page = app.store.list_decisions(permit.tenant(), &filter, after.as_ref(), query.size).await?;
    let next = page.next.map_or(String::new(), |cursor| write_token(&cursor, &filter));
    Ok((page.items, next))
}

/// A token says where to go on and which filter it belongs to. It is no secret and gives no right: whatever it says, a
/// tenant lists its own decisions only.
fn write_token(cursor: &DecisionCursor, filter: &DecisionFilter) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{}/{}", fingerprint(filter), cursor.decided.micros(), cursor.id))
}

fn read_token(token: &str, filter: &DecisionFilter) -> Option<DecisionCursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let mut parts = text.splitn(3, '/');
    let (belongs, decided, id) = (parts.next()?, parts.next()?, parts.next()?);
    let cursor =
        DecisionCursor { decided: Timestamp::from_micros(decided.parse().ok()?), id: DecisionId::parse(id).ok()? };
    (belongs == fingerprint(filter)).then_some(cursor)
}

fn fingerprint(filter: &DecisionFilter) -> String {
    let micros = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.micros().to_string());
    let (start, end) = (micros(filter.start), micros(filter.end));
    let kind = filter.kind.map_or("", DecisionKind::name);
    let subject = filter.subject_hmac.map_or(Vec::new(), |hmac| hmac.to_vec());
    let hash = vault::sha256(&[&payload(&[start.as_bytes(), end.as_bytes(), kind.as_bytes(), &subject])]);
    vault::hex(&hash[..8])
}
