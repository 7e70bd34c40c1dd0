//! The entries of lists: keyed hashes, changed many at a time.
//!
//! Every change of a list gives it a new revision, and the entries that it touched carry it: whoever holds a list as it was
//! at one revision reads only what changed since.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::lists::{FIND_LIST, Row, target};
use crate::{
    domain::{
        audit::ChangeBy,
        fraud::{ChangedEntries, EntityKey, EntryChange, EntryState, FraudList, ListId},
        ids::TenantId,
        quota::Quota,
        refusal::{Limit, Refusal},
        time::Timestamp,
    },
    store::{
        Store, StoreError,
        audit::{Change, in_change},
        tenants::quotas_of,
    },
};

/// Rows of one statement, largest first. Few sizes, so that few statements are prepared; and many rows, for each statement is
/// a trip to the database while other changes wait.
const CHUNKS: [usize; 5] = [256, 64, 16, 4, 1];

statements! {
    UPDATE_LIST = "UPDATE fraud_lists SET entries = $3, revision = $4 WHERE tenant_id = $1 AND list_id = $2";
    CHANGED_ENTRIES = "SELECT entry, expires_us, removed, revision FROM fraud_list_entries
        WHERE tenant_id = $1 AND list_id = $2 AND revision > $3";
}

/// Finds which of so many entries are listed.
fn listed_among(entries: usize) -> String {
    let places: Vec<String> = (0..entries).map(|at| format!("${}", at + 3)).collect();
    let places = places.join(", ");
    format!(
        "SELECT entry FROM fraud_list_entries
         WHERE tenant_id = $1 AND list_id = $2 AND removed = 0 AND entry IN ({places})"
    )
}

/// Puts so many entries in: three values each, after those that they share.
fn put_entries(entries: usize) -> String {
    let row = |at: usize| format!("($1, $2, ${}, ${}, ${}, $3)", at * 3 + 4, at * 3 + 5, at * 3 + 6);
    let rows: Vec<String> = (0..entries).map(row).collect();
    let rows = rows.join(", ");
    format!(
        "INSERT INTO fraud_list_entries (tenant_id, list_id, entry, expires_us, removed, revision) VALUES {rows}
         ON CONFLICT (tenant_id, list_id, entry)
         DO UPDATE SET expires_us = excluded.expires_us, removed = excluded.removed, revision = excluded.revision"
    )
}

/// Some entries of a list in pieces of few sizes.
fn chunks<T>(mut all: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= all.len())?;
        let (chunk, rest) = all.split_at_checked(size)?;
        all = rest;
        Some(chunk)
    })
}

impl Store {
    /// Changes some entries, all or none; the last word on an entry counts. Tells what the list is then.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn change_list_entries(
        &self,
        tenant: &TenantId,
        list: &ListId,
        changes: &[EntryChange],
        by: &ChangeBy,
    ) -> Result<Result<ChangedEntries, Refusal>, StoreError> {
        let (tenant, list) = (tenant.clone(), list.clone());
        let changes: BTreeMap<[u8; 16], EntryState> =
            changes.iter().map(|change| (change.entry.to_bytes(), change.to)).collect();
        let changes: Vec<_> = changes.into_iter().collect();
        in_change!(self, by, tx => {
            let row: Option<Row> =
                sqlx::query_as(FIND_LIST).bind(tenant.as_str()).bind(list.as_str()).fetch_optional(&mut *tx).await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("list"))) };
            let stored = FraudList::try_from(row)?;
            let mut listed: HashSet<Vec<u8>> = HashSet::new();
            for chunk in chunks(&changes) {
                let sql = listed_among(chunk.len());
                let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(list.as_str());
                for (entry, _) in chunk {
                    query = query.bind(entry.to_vec());
                }
                listed.extend(query.fetch_all(&mut *tx).await?);
            }
            let (now, put) = apply(stored.clone(), &changes, &listed);
            // One that has too many since the quota was made smaller may still lose some.
            let grows = now.list.entries > stored.entries;
            if grows && quotas_of!(&mut *tx, tenant).is_exceeded(Quota::ListEntries, now.list.entries) {
                return Ok(Err(Refusal::Exhausted { limit: Limit::ListEntries, retry_after: None }));
            }
            for chunk in chunks(&put) {
                let mut query = sqlx::query(AssertSqlSafe(put_entries(chunk.len())))
                    .bind(tenant.as_str())
                    .bind(list.as_str())
                    .bind(now.list.revision);
                for (entry, to) in chunk {
                    let (expires, removed) = match to {
                        EntryState::Listed(expires) => (expires.map(Timestamp::micros), 0_i64),
                        EntryState::Removed => (None, 1),
                    };
                    query = query.bind(entry.to_vec()).bind(expires).bind(removed);
                }
                query.execute(&mut *tx).await?;
            }
            sqlx::query(UPDATE_LIST)
                .bind(tenant.as_str())
                .bind(list.as_str())
                .bind(now.list.entries)
                .bind(now.list.revision)
                .execute(&mut *tx)
                .await?;
            let said = |list: &FraudList| json!({ "entries": list.entries, "revision": list.revision });
            let (before, after) = (Some(said(&stored)), said(&now.list));
            (Ok(now), Some(Change { tenant, target: target(&list), before, after }))
        })
    }

    /// What changed in a list after one revision, as it is now, and the newest revision in it.
    ///
    /// All that is there is read, and not up to a revision: an entry carries its newest one only, so that one that was
    /// changed again meanwhile would seem never to have been there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_changed_entries(
        &self,
        tenant: &TenantId,
        list: &ListId,
        after: i64,
    ) -> Result<(Vec<EntryChange>, i64), StoreError> {
        let rows: Vec<(Vec<u8>, Option<i64>, i64, i64)> = on_pool!(self, pool => {
            sqlx::query_as(CHANGED_ENTRIES)
                .bind(tenant.as_str())
                .bind(list.as_str())
                .bind(after)
                .fetch_all(pool)
                .await?
        });
        let newest = rows.iter().map(|(.., revision)| *revision).max().unwrap_or(after);
        let change = |(entry, expires, removed, _): (Vec<u8>, Option<i64>, i64, i64)| {
            let entry = entry.try_into().map_err(|_| StoreError::unreadable("entry"))?;
            let listed = EntryState::Listed(expires.map(Timestamp::from_micros));
            let to = if removed == 0 { listed } else { EntryState::Removed };
            Ok(EntryChange { entry: EntityKey::from_bytes(entry), to })
        };
        Ok((rows.into_iter().map(change).collect::<Result<_, StoreError>>()?, newest))
    }
}

/// What a list is after some changes, and those of them that change an entry.
fn apply(
    mut list: FraudList,
    changes: &[([u8; 16], EntryState)],
    listed: &HashSet<Vec<u8>>,
) -> (ChangedEntries, Vec<([u8; 16], EntryState)>) {
    let (mut added, mut removed, mut put) = (0, 0, Vec::with_capacity(changes.len()));
    for (entry, to) in changes {
        match (to, listed.contains(entry.as_slice())) {
            (EntryState::Removed, false) => continue,
            (EntryState::Removed, true) => {
                removed += 1;
                list.entries -= 1;
            }
            (EntryState::Listed(_), listed) => {
                added += 1;
                list.entries += i64::from(!listed);
            }
        }
        put.push((*entry, *to));
    }
    list.revision += 1;
    (ChangedEntries { list, added, removed }, put)
}
