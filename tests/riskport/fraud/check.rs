//! One event over gRPC: decided once, explained, in its order, and nobody else's business.

use prost::Message;
use riskport::rpc::proto::fraud::{
    CheckFraudRequest, CheckFraudResponse, FraudDecision, FraudLabel, ReportFraudOutcomeRequest,
    StreamCheckFraudRequest, stream_check_fraud_response::Result as Item,
};
use tonic::Code;
use tonic_types::StatusExt;

use super::asked::{check, check_now, event, outcome, time};
use crate::support::platform::Platform;

/// A feature of an answer.
pub fn feature(answer: &CheckFraudResponse, name: &str) -> Option<f64> {
    match answer.features.as_ref().unwrap().fields.get(name)?.kind.clone()? {
        prost_types::value::Kind::NumberValue(number) => Some(number),
        other => panic!("{name} is {other:?}"),
    }
}

fn reason(status: &tonic::Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

on_both!(an_event_is_decided_once_and_counted_once, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.fraud(&bank).await;
    let asked = check_now("e-1", 1);
    let first = client.check_fraud(asked.clone()).await.unwrap();
    assert!(first.metadata().get("riskport-replayed").is_none());
    let first = first.into_inner();
    assert_eq!(first.decision, FraudDecision::Allow as i32);
    assert_eq!(first.policy_version, "fraudPolicies/platform/versions/1");
    assert_eq!(feature(&first, "account_count_24h"), Some(0.0));
    let again = client.check_fraud(asked.clone()).await.unwrap();
    assert_eq!(again.metadata().get("riskport-replayed").unwrap(), "true");
    assert_eq!(again.into_inner().encode_to_vec(), first.encode_to_vec());

    let other = CheckFraudRequest { include_features: false, ..asked.clone() };
    let reused = client.check_fraud(other).await.unwrap_err();
    assert_eq!((reused.code(), reason(&reused)), (Code::FailedPrecondition, "REQUEST_ID_REUSED".to_owned()));
    let second = client.check_fraud(CheckFraudRequest { request_id: "e-2".to_owned(), ..asked.clone() }).await.unwrap();
    assert_eq!(feature(second.get_ref(), "account_count_24h"), Some(1.0), "the event was counted other than once");

    // Also after a restart, when nothing is remembered.
    let platform = platform.restart().await;
    let mut client = platform.fraud(&bank).await;
    let again = client.check_fraud(asked.clone()).await.unwrap();
    assert_eq!(again.into_inner().encode_to_vec(), first.encode_to_vec());
    let third = client.check_fraud(CheckFraudRequest { request_id: "e-3".to_owned(), ..asked }).await.unwrap();
    assert_eq!(feature(third.get_ref(), "account_count_24h"), Some(2.0));
    platform.stop().await;
});

on_both!(callers_of_one_id_at_once_get_one_answer, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let client = platform.fraud(&bank).await;
    let asked = check_now("e-1", 1);
    let calls = (0..16).map(|_| {
        let (mut client, asked) = (client.clone(), asked.clone());
        tokio::spawn(async move { client.check_fraud(asked).await.unwrap() })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap());
    }
    let made = answers.iter().filter(|one| one.metadata().get("riskport-replayed").is_none()).count();
    assert_eq!(made, 1, "the event was decided {made} times");
    assert!(answers.iter().all(|one| one.get_ref() == answers[0].get_ref()));
    platform.stop().await;
});

on_both!(an_event_of_another_time_is_refused, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.fraud(&bank).await;
    let mut asked = check_now("e-1", 1);
    let now = asked.event.as_ref().unwrap().event_time.unwrap().seconds;
    for (seconds, taken) in
        [(now - 48 * 3_600 - 5, false), (now + 90, false), (now - 47 * 3_600, true), (now + 30, true)]
    {
        asked.request_id = format!("e{seconds}");
        asked.event.as_mut().unwrap().event_time = time(seconds);
        let answer = client.check_fraud(asked.clone()).await;
        match answer {
            Ok(_) => assert!(taken, "{} seconds from now was taken", seconds - now),
            Err(status) => {
                assert!(!taken, "{} seconds from now: {status:?}", seconds - now);
                let field = status.get_details_bad_request().unwrap().field_violations[0].field.clone();
                assert_eq!((status.code(), field.as_str()), (Code::InvalidArgument, "event.event_time"));
            }
        }
    }
    platform.stop().await;
});

on_both!(a_sandbox_tells_the_time_by_its_events, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    let mut client = platform.fraud(&bank).await;
    let answer = client.check_fraud(check("e-1", 0)).await.unwrap();
    let name = answer.into_inner().decision_name;
    let mut decisions = platform.decisions(&bank).await;
    let request = riskport::rpc::proto::decision::GetDecisionRequest { name, view: 2 };
    let decision = decisions.get_decision(request).await.unwrap().into_inner().decision.unwrap();
    assert_eq!(decision.billable_units, 0, "what is tried out is billed");
    assert_eq!(decision.model_version, "models/fraud-simulated/versions/1");
    assert!(decision.features.unwrap().fields.len() > 100);

    let newest = event(400).event_time.unwrap().seconds;
    client.check_fraud(check("e-2", 400)).await.unwrap();
    let mut late = check("e-3", 400);
    late.event.as_mut().unwrap().event_time = time(newest - 48 * 3_600 - 1);
    assert_eq!(client.check_fraud(late).await.unwrap_err().code(), Code::InvalidArgument);
    let report = ReportFraudOutcomeRequest {
        request_id: "r-1".to_owned(),
        outcome: outcome("e-1", FraudLabel::Fraud, newest - 10),
    };
    let reported = client.report_fraud_outcome(report).await.unwrap().into_inner();
    assert_eq!(reported.effective_time.unwrap().seconds, newest, "it counts by another clock");
    platform.stop().await;
});

on_both!(what_was_reported_counts_from_then_on_and_can_be_corrected, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.fraud(&bank).await;
    let asked = |id: &str| {
        let mut request = check_now(id, 1);
        "card-1".clone_into(&mut request.event.as_mut().unwrap().entities.as_mut().unwrap().card);
        request
    };
    client.check_fraud(asked("e-1")).await.unwrap();
    let now = asked("").event.unwrap().event_time.unwrap().seconds;
    let report = |id: &str, event: &str, label| ReportFraudOutcomeRequest {
        request_id: id.to_owned(),
        outcome: outcome(event, label, now),
    };
    let frauds = async |id: &str| {
        let mut client = client.clone();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        feature(client.check_fraud(asked(id)).await.unwrap().get_ref(), "card_frauds_24h").unwrap()
    };
    assert!((frauds("e-2").await - 0.0).abs() < 0.1);
    let mut reporting = client.clone();
    let first = reporting.report_fraud_outcome(report("r-1", "e-1", FraudLabel::Fraud)).await.unwrap().into_inner();
    assert!(!first.repeated_report);
    let again = reporting.report_fraud_outcome(report("r-1", "e-1", FraudLabel::Fraud)).await.unwrap().into_inner();
    assert_eq!((again.repeated_report, again.effective_time), (true, first.effective_time));
    assert!((frauds("e-3").await - 1.0).abs() < 0.1, "a report was not counted, or twice");
    let reused = reporting.report_fraud_outcome(report("r-1", "e-1", FraudLabel::Genuine)).await.unwrap_err();
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
    let unknown = reporting.report_fraud_outcome(report("r-2", "e-9", FraudLabel::Fraud)).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    reporting.report_fraud_outcome(report("r-3", "e-1", FraudLabel::Unsure)).await.unwrap();
    assert!((frauds("e-4").await - 0.0).abs() < 0.1, "a label that was taken back still counts");
    platform.stop().await;
});

on_both!(a_stream_takes_events_in_their_order, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    let mut client = platform.fraud(&bank).await;
    let items = (0..300).map(|at| {
        // One that is refused must not let those behind it go ahead.
        let request =
            (at % 7 != 3).then(|| CheckFraudRequest { event: Some(same_account(at)), ..check(&format!("e-{at}"), 0) });
        StreamCheckFraudRequest { request }
    });
    let mut answers =
        client.stream_check_fraud(tokio_stream::iter(items.collect::<Vec<_>>())).await.unwrap().into_inner();
    let (mut refused, mut counts) = (0, Vec::new());
    while let Some(answer) = answers.message().await.unwrap() {
        match answer.result.unwrap() {
            Item::Response(response) => {
                let at: usize = answer.request_id.trim_start_matches("e-").parse().unwrap();
                counts.push((at, feature(&response, "account_count_30d").unwrap()));
            }
            Item::Error(_) => refused += 1,
        }
    }
    counts.sort_by_key(|(at, _)| *at);
    assert_eq!((counts.len(), refused), (257, 43));
    for (before, (at, count)) in (0_u16..).zip(&counts) {
        assert!((count - f64::from(before)).abs() < 0.1, "event {at} saw {count} before it, not {before}");
    }
    platform.stop().await;
});

/// Events of one account a second apart.
fn same_account(at: usize) -> riskport::rpc::proto::fraud::FraudEvent {
    let mut event = event(0);
    event.event_time = time(crate::fraud::asked::START + i64::try_from(at).unwrap());
    event
}

on_both!(what_one_tenant_does_is_nothing_to_another, async |world| {
    let platform = Platform::start(world).await;
    let (north, south, alone) = (
        platform.onboard_replaying("north").await,
        platform.onboard_replaying("south").await,
        platform.onboard_replaying("alone").await,
    );
    let (mut north, mut south, mut alone) =
        (platform.fraud(&north).await, platform.fraud(&south).await, platform.fraud(&alone).await);
    for at in 0..120 {
        let id = format!("e-{at}");
        // The south's events have the same ids and entities, and fraud among them.
        south.check_fraud(check(&id, at * 7)).await.unwrap();
        let known = event(at * 7).event_time.unwrap().seconds;
        let report =
            ReportFraudOutcomeRequest { request_id: id.clone(), outcome: outcome(&id, FraudLabel::Fraud, known) };
        south.report_fraud_outcome(report).await.unwrap();
        let beside = north.check_fraud(check(&id, at)).await.unwrap().into_inner();
        let by_itself = alone.check_fraud(check(&id, at)).await.unwrap().into_inner();
        assert_eq!(beside.features, by_itself.features, "event {at} sees another tenant's");
    }
    platform.stop().await;
});
