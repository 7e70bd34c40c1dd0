//! `ListAuditEntries`, and `riskport audit`: who reads what of the record of changes.

use riskport::rpc::proto::{
    fraud::{CreateListRequest, EntityKind, FraudList},
    tenant::{
        AuditEntry, ListAuditEntriesRequest, Scope, SuspendTenantRequest, Tenant, UpdateTenantRequest,
        tenant_service_client::TenantServiceClient,
    },
};
use serde_json::Value;
use tonic::{Code, Status};

use super::usage_command::caller;
use crate::{
    auth::refused,
    support::{
        World,
        command::folder,
        platform::{Partner, Platform},
    },
};

/// All pages of a list of changes, newest first.
async fn listed(
    platform: &Platform,
    by: &Partner,
    mut request: ListAuditEntriesRequest,
) -> Result<Vec<AuditEntry>, Status> {
    let mut tenants = TenantServiceClient::new(platform.signed(by).await);
    let mut entries = Vec::new();
    loop {
        let page = tenants.list_audit_entries(request.clone()).await?.into_inner();
        assert!(request.page_size == 0 || page.entries.len() <= usize::try_from(request.page_size).unwrap());
        entries.extend(page.entries);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(entries);
        }
    }
}

fn of(tenant: &str) -> ListAuditEntriesRequest {
    ListAuditEntriesRequest { parent: format!("tenants/{tenant}"), page_size: 2, ..ListAuditEntriesRequest::default() }
}

async fn rename(platform: &Platform, id: &str, display_name: &str) {
    let tenant = Tenant { name: format!("tenants/{id}"), display_name: display_name.to_owned(), ..Tenant::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["display_name".to_owned()] });
    let request = UpdateTenantRequest { tenant: Some(tenant), update_mask };
    platform.tenants().await.update_tenant(request).await.unwrap();
}

async fn make_list(platform: &Platform, by: &Partner, name: &str) {
    let list =
        FraudList { name: format!("fraudLists/{name}"), entity: EntityKind::Card as i32, ..FraudList::default() };
    platform.policies(by).await.create_list(CreateListRequest { list: Some(list) }).await.unwrap();
}

on_both!(the_operator_reads_all_changes_and_a_partner_those_of_its_own_things, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    rename(&platform, "north-bank", "North").await;
    make_list(&platform, &bank, "stolen").await;
    make_list(&platform, &other, "trusted").await;

    let own = listed(&platform, &bank, of("north-bank")).await.unwrap();
    let short: Vec<(&str, &str)> = own.iter().map(|one| (one.action.as_str(), one.by_tenant.as_str())).collect();
    assert_eq!(
        short,
        [
            ("create_list", "tenants/north-bank"),
            ("update_tenant", "tenants/operator"),
            ("add_key", "tenants/operator"),
            ("create_tenant", "tenants/operator"),
        ]
    );
    assert!(own.iter().all(|one| one.tenant == "tenants/north-bank" && one.change_time.is_some()));
    assert!(own.windows(2).all(|pair| pair[0].sequence > pair[1].sequence));
    // It knows its own key, and not the operator's.
    assert_eq!((own[0].kid.as_str(), own[0].target.as_str()), (bank.key.public.kid.as_str(), "fraudLists/stolen"));
    assert!(own[1..].iter().all(|one| one.kid.is_empty() && one.actor.is_empty()));
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(json(&own[1].before_json)["display_name"], "north-bank");
    assert_eq!(json(&own[1].after_json)["display_name"], "North");
    assert!(own[0].before_json.is_empty());

    let operator = platform.operator();
    let all = listed(&platform, &operator, of("-")).await.unwrap();
    let count = world.raw().await.integer("SELECT COUNT(*) FROM audit").await;
    assert_eq!(i64::try_from(all.len()).unwrap(), count);
    assert!(all.iter().any(|one| one.tenant == "tenants/south-bank" && one.target == "fraudLists/trusted"));
    let norths = listed(&platform, &operator, of("north-bank")).await.unwrap();
    assert_eq!(norths.len(), own.len());
    assert_eq!(norths[1].kid, operator.key.public.kid.as_str());

    let added = ListAuditEntriesRequest { action: "add_key".to_owned(), ..of("-") };
    let added = listed(&platform, &operator, added).await.unwrap();
    assert!(added.len() == 2 && added.iter().all(|one| one.action == "add_key"), "{added:?}");
    let end_time = own[1].change_time;
    let earlier = ListAuditEntriesRequest { end_time, ..of("north-bank") };
    assert_eq!(listed(&platform, &bank, earlier).await.unwrap(), own[2..]);
    let later = ListAuditEntriesRequest { start_time: end_time, ..of("north-bank") };
    assert_eq!(listed(&platform, &bank, later).await.unwrap(), own[..2]);
    platform.stop().await;
});

on_both!(the_record_of_another_is_closed, async |world| {
    let platform = Platform::start(world).await;
    let (bank, _) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    for foreign in ["-", "south-bank", "operator", "no-such-bank"] {
        let answer = listed(&platform, &bank, of(foreign)).await;
        assert_eq!(refused(answer), (Code::PermissionDenied, "OTHER_TENANT".to_owned()), "{foreign}");
    }
    let missing = listed(&platform, &platform.operator(), of("no-such-bank")).await;
    assert_eq!(refused(missing), (Code::NotFound, "NOT_FOUND".to_owned()));
    // A token of another list leads nowhere, whoever has it.
    let mut tenants = TenantServiceClient::new(platform.signed(&platform.operator()).await);
    let request = ListAuditEntriesRequest { page_size: 1, ..of("-") };
    let page_token = tenants.list_audit_entries(request).await.unwrap().into_inner().next_page_token;
    let request = ListAuditEntriesRequest { page_token, ..of("north-bank") };
    let invalid = (Code::InvalidArgument, "INVALID_FIELDS".to_owned());
    assert_eq!(refused(listed(&platform, &bank, request).await), invalid);
    platform.stop().await;
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_is_told_in_a_table_and_exported_whole() {
    let (world, folder) = (World::sqlite(), folder());
    let platform = Platform::start(&world).await;
    let (bank, _) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let request = SuspendTenantRequest { name: "tenants/south-bank".to_owned() };
    platform.tenants().await.suspend_tenant(request).await.unwrap();
    let north = caller(&platform, &bank, folder.path(), &[Scope::TenantSelf]).await;
    let auditor = caller(&platform, &platform.operator(), folder.path(), &[Scope::OperatorAudit]).await;

    let table = auditor.prints(&["audit", "--action", "suspend_tenant"]);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.contains("tenants/south-bank") && table.contains("state active > suspended"), "{table}");
    let count = usize::try_from(world.raw().await.integer("SELECT COUNT(*) FROM audit").await).unwrap();
    let lines = auditor.prints(&["audit", "--json", "-"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), count);
    let suspended = lines.iter().find(|line| line["action"] == "suspend_tenant").unwrap();
    assert_eq!((&suspended["before"]["state"], &suspended["after"]["state"]), (&"active".into(), &"suspended".into()));
    let file = folder.path().join("audit.csv").display().to_string();
    let told = auditor.prints(&["audit", "--tenant", "north-bank", "--csv", &file]);
    assert!(told.starts_with("3 changes in "), "{told}");
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert!(records.len() == 3 && records.iter().all(|record| &record[2] == "north-bank"));
    let own = north.prints(&["audit", "--json", "-", "--limit", "2"]);
    assert_eq!(own.lines().count(), 2);
    assert!(!own.contains(platform.operator.public.kid.as_str()), "a partner learns the operator's key");
    platform.stop().await;
}
