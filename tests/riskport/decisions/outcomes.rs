//! Outcomes: kept for ever, and the latest observation is in force.

use prost_types::Timestamp;
use riskport::rpc::proto::{
    common::Money,
    credit::{CreditAction, CreditOutcome, CreditPerformance, ReportCreditOutcomeRequest},
    decision::GetDecisionRequest,
};
use tonic::Code;

use super::score;
use crate::support::platform::{Partner, Platform};

/// A report about a decision, observed so many seconds after the year 2023 had got cold.
fn report(decision: &str, request_id: &str, observed: i64) -> ReportCreditOutcomeRequest {
    ReportCreditOutcomeRequest {
        request_id: request_id.to_owned(),
        decision: decision.to_owned(),
        action: CreditAction::Approved as i32,
        observe_time: Some(Timestamp { seconds: 1_700_000_000 + observed, nanos: 5_000 }),
        ..ReportCreditOutcomeRequest::default()
    }
}

async fn send(platform: &Platform, bank: &Partner, report: ReportCreditOutcomeRequest) -> Result<CreditOutcome, Code> {
    let reported = platform.credit(bank).await.report_credit_outcome(report).await;
    reported.map(|reply| reply.into_inner().outcome.unwrap()).map_err(|status| status.code())
}

async fn in_force(platform: &Platform, bank: &Partner, decision: &str) -> Option<CreditOutcome> {
    let request = GetDecisionRequest { name: decision.to_owned(), view: 0 };
    let found = platform.decisions(bank).await.get_decision(request).await.unwrap().into_inner();
    found.decision.unwrap().credit_outcome
}

on_both!(the_latest_observation_is_in_force_and_of_equal_ones_the_latest_report, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let decision = score(&platform, &bank, "first", 0).await.decision;
    assert_eq!(in_force(&platform, &bank, &decision).await, None);

    let middle = send(&platform, &bank, report(&decision, "middle", 100)).await.unwrap();
    assert_eq!(in_force(&platform, &bank, &decision).await, Some(middle.clone()));
    // An earlier observation that is reported later changes nothing.
    send(&platform, &bank, report(&decision, "earlier", 50)).await.unwrap();
    assert_eq!(in_force(&platform, &bank, &decision).await, Some(middle));
    let performance = CreditPerformance {
        defaulted: true,
        days_past_due: Some(93),
        amount: Some(Money { currency_code: "TWD".to_owned(), amount_minor: 9_000_000_000_000_000 }),
    };
    let later = ReportCreditOutcomeRequest {
        performance: Some(performance.clone()),
        action: 0,
        ..report(&decision, "later", 200)
    };
    let later = send(&platform, &bank, later).await.unwrap();
    assert_eq!(later.performance, Some(performance));
    assert!(later.name.starts_with(&format!("{decision}/outcomes/")));
    assert_eq!(later.observe_time, Some(Timestamp { seconds: 1_700_000_200, nanos: 5_000 }));
    assert_eq!(in_force(&platform, &bank, &decision).await, Some(later));
    let equal = send(&platform, &bank, report(&decision, "equal", 200)).await.unwrap();
    assert_eq!(in_force(&platform, &bank, &decision).await, Some(equal));

    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM credit_outcomes").await, 4);
    platform.stop().await;
});

on_both!(an_override_has_a_reason_and_nothing_else_has, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let decision = score(&platform, &bank, "first", 0).await.decision;
    let overrides = [CreditAction::OverriddenApproved, CreditAction::OverriddenRefused];
    for (at, action) in overrides.into_iter().enumerate() {
        let with = ReportCreditOutcomeRequest {
            action: action as i32,
            override_reason: "a guarantor".to_owned(),
            ..report(&decision, &format!("with-{at}"), 0)
        };
        let stored = send(&platform, &bank, with.clone()).await.unwrap();
        assert_eq!((stored.action, stored.override_reason.as_str()), (action as i32, "a guarantor"));
        let without =
            ReportCreditOutcomeRequest { override_reason: String::new(), request_id: "no".to_owned(), ..with };
        assert_eq!(send(&platform, &bank, without).await, Err(Code::InvalidArgument));
    }
    for action in [CreditAction::Unspecified, CreditAction::Approved, CreditAction::Refused] {
        let odd = ReportCreditOutcomeRequest {
            action: action as i32,
            override_reason: "a guarantor".to_owned(),
            performance: Some(CreditPerformance::default()),
            ..report(&decision, "odd", 0)
        };
        assert_eq!(send(&platform, &bank, odd).await, Err(Code::InvalidArgument));
    }
    platform.stop().await;
});

on_both!(a_report_on_nothing_or_on_anothers_decision_is_5, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let decision = score(&platform, &north, "first", 0).await.decision;
    assert_eq!(send(&platform, &south, report(&decision, "foreign", 0)).await, Err(Code::NotFound));
    let nothing = "decisions/01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(send(&platform, &north, report(nothing, "nothing", 0)).await, Err(Code::NotFound));
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM credit_outcomes").await, 0);
    // The id is free still, for it led to no report.
    assert!(send(&platform, &north, report(&decision, "nothing", 0)).await.is_ok());
    platform.stop().await;
});
