//! Bad-input row 35: the same id with other content.

use prost::Message;
use prost_types::{Timestamp, Value, value::Kind};
use riskport::rpc::proto::{
    common::Money,
    credit::{
        CreditAction, CreditPerformance, Language, ReportCreditOutcomeRequest, ScoreCreditRequest, ScoreCreditResponse,
    },
};
use tonic::Code;

use super::score;
use crate::support::{
    applicant,
    platform::{Platform, token},
    wire,
};

/// Every way in which a request can differ from the first one.
fn others() -> Vec<(&'static str, ScoreCreditRequest)> {
    let first = || applicant::request("first", 0);
    let feature = |name: &str, value: Kind| {
        let mut request = first();
        request.features.as_mut().unwrap().fields.insert(name.to_owned(), Value { kind: Some(value) });
        request
    };
    vec![
        ("subject", ScoreCreditRequest { subject: "somebody else".to_owned(), ..first() }),
        ("purpose", ScoreCreditRequest { purpose: "limit-review".to_owned(), ..first() }),
        ("language", ScoreCreditRequest { language: Language::Zh as i32, ..first() }),
        ("model", ScoreCreditRequest { model: "models/card-behaviour".to_owned(), ..first() }),
        ("a model that is not there", ScoreCreditRequest { model: "models/nobodys".to_owned(), ..first() }),
        ("a feature", feature("payment_amount_6", Kind::NumberValue(1.25))),
        ("a missing feature", feature("payment_amount_6", Kind::NullValue(0))),
    ]
}

on_both!(the_same_id_with_other_content_is_refused, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let first = score(&channel, &token, &applicant::request("first", 0)).await;
    for (what, other) in others() {
        let refused = score(&channel, &token, &other).await;
        assert_eq!(refused.code(), Code::FailedPrecondition, "another {what}");
        assert_eq!(refused.reason(), "REQUEST_ID_REUSED", "another {what}");
        assert!(refused.messages.is_empty() && !refused.replayed());
    }
    // The spelled-out default is the same language, and the first answer stands.
    let english = ScoreCreditRequest { language: Language::En as i32, ..applicant::request("first", 0) };
    assert_eq!(score(&channel, &token, &english).await.message(), first.message());
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 1);
    platform.stop().await;
});

on_both!(a_report_is_recorded_once_and_its_id_takes_no_other, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let scored = score(&channel, &token, &applicant::request("first", 0)).await;
    let report = ReportCreditOutcomeRequest {
        request_id: "report".to_owned(),
        decision: ScoreCreditResponse::decode(scored.message()).unwrap().decision,
        action: CreditAction::Approved as i32,
        override_reason: String::new(),
        performance: Some(CreditPerformance {
            defaulted: true,
            days_past_due: Some(91),
            amount: Some(Money { currency_code: "TWD".to_owned(), amount_minor: 5_000 }),
        }),
        observe_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
    };
    let path = "/riskport.credit.v1.CreditScoreService/ReportCreditOutcome";
    let first = wire::call(&channel, path, &token, &report).await;
    assert_eq!(wire::call(&channel, path, &token, &report).await.message(), first.message());

    let performance = |change: fn(&mut CreditPerformance)| {
        let mut other = report.clone();
        change(other.performance.as_mut().unwrap());
        other
    };
    let others = [
        ReportCreditOutcomeRequest { action: CreditAction::Refused as i32, ..report.clone() },
        ReportCreditOutcomeRequest { performance: None, ..report.clone() },
        ReportCreditOutcomeRequest {
            observe_time: Some(Timestamp { seconds: 1_700_000_001, nanos: 0 }),
            ..report.clone()
        },
        performance(|one| one.defaulted = false),
        performance(|one| one.days_past_due = Some(92)),
        performance(|one| one.amount = None),
        performance(|one| one.amount.as_mut().unwrap().amount_minor = 5_001),
    ];
    for other in others {
        let refused = wire::call(&channel, path, &token, &other).await;
        assert_eq!(
            (refused.code(), refused.reason().as_str()),
            (Code::FailedPrecondition, "REQUEST_ID_REUSED"),
            "{other:?}"
        );
    }
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM credit_outcomes").await, 1);
    platform.stop().await;
});
