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
        fraud::{EntityKind, EntryState, FraudList, ListId},
        refusal::{Refusal, Violations},
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

/// Changes that wait to be stored together, and what was stored before.
struct Changing<'a> {
    app: &'a App,
    permit: &'a Permit<mark::FraudPolicy>,
    list: FraudList,
    waiting: Vec<ListChange>,
    /// The number of the first that waits.
    first: usize,
    added: i64,
    removed: i64,
}

/// Reads changes and stores them, a thousand at a time.
pub(super) async fn change(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    mut messages: Streaming<proto::ChangeListEntriesRequest>,
) -> Result<proto::ChangeListEntriesResponse, Status> {
    let mut changing: Option<Changing<'_>> = None;
    while let Some(message) = messages.message().await? {
        let to = match &mut changing {
            Some(to) => to,
            None => {
                let list = ops::get_list(app, permit, &list_id("list", &message.list)?).await?;
                changing.insert(Changing { app, permit, list, waiting: Vec::new(), first: 0, added: 0, removed: 0 })
            }
        };
        if let Err(refusal) = to.take(message) {
            // What came before it stays.
            to.store().await?;
            return Err(refusal.into());
        }
        if to.waiting.len() >= TOGETHER {
            to.store().await?;
        }
    }
    let Some(mut to) = changing else { return Err(Violations::one("list", "is required").into()) };
    to.store().await?;
    Ok(proto::ChangeListEntriesResponse { list: Some(list(&to.list)), added: to.added, removed: to.removed })
}

impl Changing<'_> {
    fn take(&mut self, message: proto::ChangeListEntriesRequest) -> Result<(), Refusal> {
        if !message.list.is_empty() && message.list != format!("fraudLists/{}", self.list.id) {
            return Err(Violations::one("list", "must be the same in every message"));
        }
        let number = self.first + self.waiting.len();
        self.waiting.push(read(number, message.change, self.app.now())?);
        Ok(())
    }

    async fn store(&mut self) -> Result<(), Refusal> {
        let hashed = ops::hash_changes(self.app, self.permit, self.list.kind, &self.waiting).await?;
        // A network may be spread over many: however many they are, few are stored at once, for others wait meanwhile.
        for together in hashed.good.chunks(TOGETHER) {
            let changed = ops::change_list_entries(self.app, self.permit, &self.list.id, together).await?;
            self.list = changed.list;
            self.added += changed.added;
            self.removed += changed.removed;
        }
        if let Some((at, rule)) = hashed.wrong {
            let added = self.waiting.get(at).is_some_and(|one| one.to != EntryState::Removed);
            let field = if added { "add.value" } else { "remove" };
            return Err(Violations::one(&format!("changes[{}].{field}", self.first + at), rule));
        }
        self.first += self.waiting.len();
        self.waiting.clear();
        Ok(())
    }
}

fn read(number: usize, change: Option<Change>, now: Timestamp) -> Result<ListChange, Refusal> {
    let field = |name: &str| format!("changes[{number}].{name}");
    match change {
        None => Err(Violations::one(&field("change"), "is required")),
        Some(Change::Remove(value)) => Ok(ListChange { value, to: EntryState::Removed }),
        Some(Change::Add(entry)) => {
            let expires = entry.expire_time.map(|time| {
                required_time(Some(time))
                    .and_then(|time| if time > now { Ok(time) } else { Err("must be in the future".to_owned()) })
            });
            let expires = expires.transpose().map_err(|rule| Violations::one(&field("add.expire_time"), rule))?;
            Ok(ListChange { value: entry.value, to: EntryState::Listed(expires) })
        }
    }
}

/// Looks whether a value stands in a list.
pub(super) async fn check(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    from: &proto::CheckListEntryRequest,
) -> Result<proto::CheckListEntryResponse, Refusal> {
    let list = list_id("list", &from.list)?;
    let listed = ops::check_list_entry(app, permit, &list, &from.value).await?;
    let listed = listed.map_err(|rule| Violations::one("value", rule))?;
    Ok(proto::CheckListEntryResponse { listed: listed.is_some(), expire_time: listed.flatten().map(proto_time) })
}
