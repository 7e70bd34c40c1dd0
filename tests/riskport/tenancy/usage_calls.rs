//! `GetUsage` and `ListUsage`: what was decided over gRPC, and whose usage who may read.

use riskport::rpc::proto::{
    decision::DecisionKind,
    tenant::{
        Environment, GetUsageRequest, GetUsageResponse, ListUsageRequest, Usage, UsageGrouping,
        tenant_service_client::TenantServiceClient,
    },
};
use tonic::Code;

use super::usage::both_counts;
use crate::{
    auth::refused,
    inputs::cases,
    support::{
        World, applicant, descriptors,
        platform::{Partner, Platform, token},
        wire,
    },
};

async fn usage(platform: &Platform, by: &Partner, of: &str) -> Result<GetUsageResponse, tonic::Status> {
    let mut tenants = TenantServiceClient::new(platform.signed(by).await);
    let request = GetUsageRequest { name: format!("tenants/{of}/usage"), ..GetUsageRequest::default() };
    tenants.get_usage(request).await.map(tonic::Response::into_inner)
}

/// All rows of a list, a few a page.
async fn listed(platform: &Platform, by: &Partner, of: &str, grouping: UsageGrouping) -> Vec<Usage> {
    let mut tenants = TenantServiceClient::new(platform.signed(by).await);
    let (parent, grouping) = (format!("tenants/{of}"), grouping as i32);
    let mut request = ListUsageRequest { parent, grouping, page_size: 3, ..ListUsageRequest::default() };
    let mut rows = Vec::new();
    loop {
        let page = tenants.list_usage(request.clone()).await.unwrap().into_inner();
        assert!(page.usage.len() <= 3);
        rows.extend(page.usage);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return rows;
        }
    }
}

/// One decision of each kind, each asked for twice: the rows of `ModelInfer` are two.
async fn decide_each_kind(platform: &Platform, partner: &Partner) {
    let (channel, token) = (platform.channel().await, token(partner, None));
    for name in ["ScoreCredit", "EvaluateRisk", "ModelInfer", "CheckFraud", "QuotePrice"] {
        let method = cases::read().into_iter().find(|method| method.name == name).unwrap();
        let (path, valid) = (descriptors::path(&descriptors::method(name)), method.valid());
        for _ in 0..2 {
            let reply = wire::call_body(&channel, &path, &token, valid.clone()).await;
            assert_eq!(reply.code(), Code::Ok, "{name}: {:?}", reply.status);
        }
    }
}

/// Kind, decisions and units of rows.
fn short(rows: &[Usage]) -> Vec<(DecisionKind, i64, i64)> {
    rows.iter().map(|row| (row.kind(), row.decisions, row.billable_units)).collect()
}

on_both!(each_kind_is_told_as_it_was_decided, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let sandbox = platform.onboard_replaying("try-out").await;
    decide_each_kind(&platform, &bank).await;
    for at in 0..4 {
        platform.credit(&bank).await.score_credit(applicant::request(&format!("s-{at}"), at)).await.unwrap();
        platform.credit(&sandbox).await.score_credit(applicant::request(&format!("s-{at}"), at)).await.unwrap();
    }
    let expected = [
        (DecisionKind::CreditScore, 5, 5),
        (DecisionKind::RiskEvaluation, 1, 1),
        (DecisionKind::Inference, 1, 2),
        (DecisionKind::FraudCheck, 1, 1),
        (DecisionKind::PriceQuote, 1, 1),
    ];
    let told = usage(&platform, &bank, "north-bank").await.unwrap();
    assert_eq!(short(&told.totals), expected);
    assert!(told.totals.iter().all(|row| row.day.is_none() && row.environment() == Environment::Live));
    let by_day: i64 = told.days.iter().map(|row| row.decisions).sum();
    assert!(by_day == 9 && told.days.iter().all(|row| row.day.is_some() && row.tenant == "tenants/north-bank"));
    assert_eq!(usage(&platform, &other, "south-bank").await.unwrap().totals, []);
    let tried = usage(&platform, &platform.operator(), "try-out").await.unwrap();
    assert_eq!(short(&tried.totals), [(DecisionKind::CreditScore, 4, 0)]);
    assert_eq!(tried.totals[0].environment(), Environment::Sandbox);

    let all = listed(&platform, &platform.operator(), "-", UsageGrouping::Total).await;
    assert_eq!(all.iter().map(|row| row.decisions).sum::<i64>(), 13);
    let mut norths = short(&all[..5]);
    norths.sort_unstable_by_key(|row| row.0 as i32);
    assert_eq!(norths, expected);
    assert_eq!(all.last().unwrap().tenant, "tenants/try-out");
    let days = listed(&platform, &platform.operator(), "-", UsageGrouping::Day).await;
    assert_eq!(days.iter().map(|row| row.decisions).sum::<i64>(), 13);
    assert!(days.iter().all(|row| row.day.is_some()));
    let own = listed(&platform, &bank, "north-bank", UsageGrouping::Total).await;
    assert_eq!(own, all[..5]);
    let (counted, there) = both_counts(&mut world.raw().await).await;
    assert_eq!(counted, there);
    platform.stop().await;
});

#[tokio::test]
async fn a_partner_reads_its_own_usage_only_and_an_operator_what_is_there() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let (bank, _) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let other_tenant = (Code::PermissionDenied, "OTHER_TENANT".to_owned());
    for foreign in ["south-bank", "no-such-bank", "operator"] {
        assert_eq!(refused(usage(&platform, &bank, foreign).await), other_tenant);
    }
    let mut tenants = TenantServiceClient::new(platform.signed(&bank).await);
    for parent in ["tenants/-", "tenants/south-bank", "tenants/no-such-bank"] {
        let request = ListUsageRequest { parent: parent.to_owned(), ..ListUsageRequest::default() };
        assert_eq!(refused(tenants.list_usage(request).await), other_tenant, "{parent}");
    }
    let missing = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(refused(usage(&platform, &platform.operator(), "no-such-bank").await), missing);
    // A token of one scope is enough for whoever bills, and lets it do nothing else.
    let channel = platform.channel().await;
    let billing = token(&platform.operator(), Some("operator.usage"));
    let request = ListUsageRequest { parent: "tenants/-".to_owned(), ..ListUsageRequest::default() };
    let path = descriptors::path(&descriptors::method("ListUsage"));
    assert_eq!(wire::call(&channel, &path, &billing, &request).await.code(), Code::Ok);
    let path = descriptors::path(&descriptors::method("ListTenants"));
    assert_eq!(wire::call_bytes(&channel, &path, &billing, &[]).await.code(), Code::PermissionDenied);
    // A page token leads on with the same question only.
    for at in 0..3 {
        platform.credit(&bank).await.score_credit(applicant::request(&format!("r-{at}"), at)).await.unwrap();
    }
    decide_each_kind(&platform, &bank).await;
    let request =
        ListUsageRequest { parent: "tenants/north-bank".to_owned(), page_size: 1, ..ListUsageRequest::default() };
    let page_token = tenants.list_usage(request.clone()).await.unwrap().into_inner().next_page_token;
    let total = ListUsageRequest { grouping: UsageGrouping::Total as i32, page_token, ..request };
    assert_eq!(refused(tenants.list_usage(total).await), (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
    platform.stop().await;
}
