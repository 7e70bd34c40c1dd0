//! Lists, to and from the domain, and their entries as they come in.

use tonic::{Status, Streaming};

use super::{
    fraud_read::entity_kind,
    fraud_reply,
    parse::{proto_time, required_time, resource},
    proto::fraud::{self as proto, change_list_entries_request::Change},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        fraud::{EntityKind, EntryState, FraudList, ListId, list_entry},
        quota::Quota,
        refusal::{Limit, Refusal, Violations},
        text,
        time::Timestamp,
    },
    ops::{self, App, ListChange},
};

/// How many changes are stored together.
const TOGETHER: usize = 1_000;

/// The list that a resource name is of.
pub(super) fn list_id(field: &str, name: &str) -> Result<ListId, Refusal> {
    resource(name, "fraudLists/", ListId::parse).map_err(|rule| Violations::one(field, rule))
}

/// A message as a new list.
pub(super) fn new_list(from: Option<proto::FraudList>) -> Result<(ListId, EntityKind, String), Refusal> {
    let Some(from) = from else { return Err(Violations::one("list", "is required")) };
    let mut violations = Violations::default();
    let id = violations.take("list.name", resource(&from.name, "fraudLists/", ListId::parse));
    let kind = violations.take("list.entity", entity_kind(from.entity));
    let display_name = violations.take("list.display_name", text::plain(&from.display_name, 0, 128));
    match (id, kind, display_name) {
        (Some(id), Some(kind), Some(display_name)) => Ok((id, kind, display_name)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// A list as the contract has it.
pub(super) fn list(from: &FraudList) -> proto::FraudList {
    proto::FraudList {
        name: format!("fraudLists/{}", from.id),
        entity: fraud_reply::entity_kind(from.kind) as i32,
        display_name: from.display_name.clone(),
        entries: from.entries,
        revision: from.revision,
        create_time: Some(proto_time(from.created)),
    }
}

/// A list that is being changed: changes that wait to be stored together, and what was stored before.
struct Changing<'a> {
    app: &'a App,
    permit: &'a Permit<mark::FraudPolicy>,
    list: FraudList,
    waiting: Vec<ListChange>,
    /// How many changes were read.
    read: usize,
    added: i64,
    removed: i64,
}

/// Reads changes and stores them, a thousand at a time. What was read before something went wrong stays.
pub(super) async fn change(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    mut messages: Streaming<proto::ChangeListEntriesRequest>,
) -> Result<proto::ChangeListEntriesResponse, Status> {
    let Some(first) = messages.message().await? else { return Err(Violations::one("list", "is required").into()) };
    let mut to = Changing::begin(app, permit, &first).await?;
    let mut next = Ok(Some(first));
    let ended = loop {
        match next {
            Ok(Some(message)) => {
                if let Err(refusal) = to.take(message).await {
                    break Err(refusal.into());
                }
            }
            Ok(None) => break Ok(()),
            Err(broken) => break Err(broken),
        }
        next = messages.message().await;
    };
    to.store().await?;
    ended.map(|()| proto::ChangeListEntriesResponse {
        list: Some(list(&to.list)),
        added: to.added,
        removed: to.removed,
    })
}

impl<'a> Changing<'a> {
    /// Finds the list that the first message names. When it names none, its change is looked at all the same, as far as that
    /// does not depend on what the list holds.
    async fn begin(
        app: &'a App,
        permit: &'a Permit<mark::FraudPolicy>,
        first: &proto::ChangeListEntriesRequest,
    ) -> Result<Self, Refusal> {
        let anything = |value: &str| any_value(value).map(|value| vec![value]);
        let list = match list_id("list", &first.list) {
            Ok(id) => ops::get_list(app, permit, &id).await,
            Err(refusal) => {
                let change = read(0, first.change.as_ref(), app.now(), anything);
                Refusal::both(Err(refusal), change).map(|(list, _)| list)
            }
        }?;
        Ok(Self { app, permit, list, waiting: Vec::new(), read: 0, added: 0, removed: 0 })
    }

    async fn take(&mut self, message: proto::ChangeListEntriesRequest) -> Result<(), Refusal> {
        let (number, kind) = (self.read, self.list.kind);
        self.read += 1;
        let quotas = self.permit.caller().quotas();
        if quotas.is_exceeded(Quota::ListChanges, i64::try_from(self.read).unwrap_or(i64::MAX)) {
            return Err(Refusal::Exhausted { limit: Limit::ListChanges, retry_after: None });
        }
        let same = message.list.is_empty() || message.list == format!("fraudLists/{}", self.list.id);
        let other = || Violations::one(&format!("changes[{number}].list"), "must be the same in every message");
        let change = read(number, message.change.as_ref(), self.app.now(), |value| list_entry(kind, value));
        let ((), change) = Refusal::both(same.then_some(()).ok_or_else(other), change)?;
        self.waiting.push(change);
        if self.waiting.len() >= TOGETHER { self.store().await } else { Ok(()) }
    }

    async fn store(&mut self) -> Result<(), Refusal> {
        let changes = std::mem::take(&mut self.waiting);
        if changes.is_empty() {
            return Ok(());
        }
        let hashed = ops::hash_changes(self.app, self.permit, self.list.kind, &changes).await?;
        // A network may be spread over many: however many they are, few are stored at once, for others wait meanwhile.
        for together in hashed.chunks(TOGETHER) {
            let stored = ops::change_list_entries(self.app, self.permit, &self.list.id, together).await?;
            self.list = stored.list;
            self.added += stored.added;
            self.removed += stored.removed;
        }
        Ok(())
    }
}

/// A value of which it is not known what it must be.
fn any_value(value: &str) -> Result<String, String> {
    text::plain(value, 1, 256)
}

fn read(
    number: usize,
    change: Option<&Change>,
    now: Timestamp,
    values: impl FnOnce(&str) -> Result<Vec<String>, String>,
) -> Result<ListChange, Refusal> {
    let field = |name: &str| format!("changes[{number}].{name}");
    let mut wrong = Violations::default();
    let change = match change {
        None => {
            wrong.add(field("change"), "is required");
            None
        }
        Some(Change::Remove(value)) => {
            let values = wrong.take(&field("remove"), values(value));
            values.map(|values| ListChange { values, to: EntryState::Removed })
        }
        Some(Change::Add(entry)) => {
            let ahead = |time| if time > now { Ok(time) } else { Err("must be in the future".to_owned()) };
            let expires = entry.expire_time.map(|time| required_time(Some(time)).and_then(ahead)).transpose();
            let expires = wrong.take(&field("add.expire_time"), expires);
            let values = wrong.take(&field("add.value"), values(&entry.value));
            values.zip(expires).map(|(values, expires)| ListChange { values, to: EntryState::Listed(expires) })
        }
    };
    change.ok_or(Refusal::Invalid(wrong))
}

/// Looks whether a value stands in a list.
pub(super) async fn check(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    from: &proto::CheckListEntryRequest,
) -> Result<proto::CheckListEntryResponse, Refusal> {
    let (list, _) = Refusal::both(
        list_id("list", &from.list),
        any_value(&from.value).map_err(|rule| Violations::one("value", rule)),
    )?;
    let listed = ops::check_list_entry(app, permit, &list, &from.value).await?;
    let listed = listed.map_err(|rule| Violations::one("value", rule))?;
    Ok(proto::CheckListEntryResponse { listed: listed.is_some(), expire_time: listed.flatten().map(proto_time) })
}
