//! Lists decisions, newest first.

use super::{App, page_token::PageToken};
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{Decision, DecisionFilter, DecisionKind},
        ids::DecisionId,
        page::{DecisionCursor, PageSize},
        refusal::Refusal,
        time::Timestamp,
    },
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
    let filters = filters(&filter);
    let filters: Vec<&[u8]> = filters.iter().map(Vec::as_slice).collect();
    let after = query.token.as_ref().map(|token| token.place(&filters, read_place)).transpose()?;
    let page = app.store.list_decisions(permit.tenant(), &filter, after.as_ref(), query.size).await?;
    let place = |cursor: DecisionCursor| format!("{}/{}", cursor.decided.micros(), cursor.id);
    let next = page.next.map_or(String::new(), |cursor| PageToken::write(&filters, &place(cursor)));
    Ok((page.items, next))
}

fn read_place(text: &str) -> Option<DecisionCursor> {
    let (decided, id) = text.split_once('/')?;
    let decided = Timestamp::from_micros(decided.parse().ok()?);
    Some(DecisionCursor { decided, id: DecisionId::parse(id).ok()? })
}

fn filters(filter: &DecisionFilter) -> [Vec<u8>; 4] {
    let micros = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.micros().to_string()).into_bytes();
    let kind = filter.kind.map_or("", DecisionKind::name).as_bytes().to_vec();
    [micros(filter.start), micros(filter.end), kind, filter.subject_hmac.map_or(Vec::new(), |hmac| hmac.to_vec())]
}
