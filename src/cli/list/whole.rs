//! `riskport list create`, `show`, `check` and `delete`.

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use tonic::{Code, Status};

use super::{Client, PREFIX, kind, short};
use crate::{
    cli::{Failure, refused, say, time::minute},
    rpc::proto::fraud::{
        CheckListEntryRequest, CreateListRequest, DeleteListRequest, EntityKind, FraudList, ListListsRequest,
    },
};

pub(super) async fn create(client: &mut Client, name: &str, entity: &str, display_name: String) -> Result<(), Failure> {
    let name = name.trim_start_matches(PREFIX);
    let entity = format!("ENTITY_KIND_{}", entity.to_uppercase());
    let entity = EntityKind::from_str_name(&entity).unwrap_or_default() as i32;
    let list = FraudList { name: format!("{PREFIX}{name}"), entity, display_name, ..FraudList::default() };
    let request = CreateListRequest { list: Some(list) };
    let made = client.create_list(request).await.map_err(|status| refused(&status))?.into_inner().list;
    let made = made.unwrap_or_default();
    let kind = kind(&made);
    say(&format!(
        "{name} is made, and empty: rules name it as in `entity.{kind} in lists.{name}`\n\
         next: riskport list add {name} VALUE"
    ))
}

pub(super) async fn check(client: &mut Client, list: String, value: String) -> Result<(), Failure> {
    let name = short(&list).to_owned();
    let request = CheckListEntryRequest { list, value };
    let found = client.check_list_entry(request).await.map_err(|status| not_done(&status))?.into_inner();
    say(&match (found.listed, found.expire_time) {
        (false, _) => format!("no, it is not on {name}"),
        (true, None) => format!("yes, it is on {name}"),
        (true, expires) => format!("yes, it is on {name} until {} UTC", minute(expires)),
    })
}

pub(super) async fn delete(client: &mut Client, name: String) -> Result<(), Failure> {
    let deleted = format!("{} is deleted", short(&name));
    client.delete_list(DeleteListRequest { name }).await.map_err(|status| not_done(&status))?;
    say(&deleted)
}

/// A refusal, and what to do about it.
fn not_done(status: &Status) -> Failure {
    let next = match status.code() {
        Code::NotFound => "`riskport list show` says which lists there are",
        Code::FailedPrecondition => {
            "`riskport policy show` says which are active: activate a version that does not name it first, or retire it"
        }
        _ => return refused(status),
    };
    Failure::new(format!("{}\n{next}", refused(status)))
}

/// All lists.
pub(super) async fn lists(client: &mut Client) -> Result<Vec<FraudList>, Failure> {
    Ok(client.list_lists(ListListsRequest {}).await.map_err(|status| refused(&status))?.into_inner().lists)
}

pub(super) fn print(lists: &[FraudList]) -> Result<(), Failure> {
    if lists.is_empty() {
        return say("no list yet; make one: riskport list create NAME --entity card");
    }
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["LIST", "HOLDS", "ENTRIES", "CHANGES", "MADE (UTC)", "FOR PEOPLE"]);
    for list in lists {
        table.add_row([
            short(&list.name),
            &kind(list),
            &list.entries.to_string(),
            &list.revision.to_string(),
            &minute(list.create_time),
            &list.display_name,
        ]);
    }
    say(&table.trim_fmt())
}
