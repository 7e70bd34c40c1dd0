//! A history that is loaded: counted as if it had been checked, once, in order, and not billed.

use riskport::rpc::proto::fraud::{
    CheckFraudResponse, Entities, Entity, EntityKind, FraudLabel, FraudOutcome, RecordEventsRequest,
    RecordEventsResponse, ReportFraudOutcomeRequest, fraud_outcome::Target, record_events_request::Record,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::asked::{START, check, event, outcome, time};
use crate::support::platform::{Partner, Platform};

fn past(at: usize) -> RecordEventsRequest {
    RecordEventsRequest { request_id: format!("e-{at}"), record: Some(Record::Event(event(at))) }
}

fn known(at: usize, label: FraudLabel) -> RecordEventsRequest {
    let known = event(at).event_time.unwrap().seconds;
    RecordEventsRequest {
        request_id: format!("r-{at}"),
        record: outcome(&format!("e-{at}"), label, known).map(Record::Outcome),
    }
}

pub async fn record(
    platform: &Platform,
    partner: &Partner,
    records: Vec<RecordEventsRequest>,
) -> Result<RecordEventsResponse, Status> {
    let mut client = platform.fraud(partner).await;
    let mut answers = client.record_events(tokio_stream::iter(records)).await?.into_inner();
    let mut last = None;
    while let Some(answer) = answers.message().await? {
        last = Some(answer);
    }
    Ok(last.unwrap())
}

on_both!(what_is_loaded_counts_like_what_is_checked, async |world| {
    let platform = Platform::start(world).await;
    let (live, loaded) = (platform.onboard_replaying("live").await, platform.onboard_replaying("loaded").await);
    let mut client = platform.fraud(&live).await;
    let mut records = Vec::new();
    for at in 0..200 {
        client.check_fraud(check(&format!("e-{at}"), at)).await.unwrap();
        records.push(past(at));
        if at % 5 == 0 {
            let known_at = event(at).event_time.unwrap().seconds;
            let report = ReportFraudOutcomeRequest {
                request_id: format!("r-{at}"),
                outcome: outcome(&format!("e-{at}"), FraudLabel::ChargeBack, known_at),
            };
            let effective = client.report_fraud_outcome(report).await.unwrap().into_inner().effective_time.unwrap();
            let mut outcome = known(at, FraudLabel::ChargeBack);
            if let Some(Record::Outcome(one)) = &mut outcome.record {
                one.known_time = Some(effective);
            }
            records.push(outcome);
        }
    }
    let taken = record(&platform, &loaded, records.clone()).await.unwrap();
    assert_eq!((taken.events, taken.outcomes, taken.repeated_records), (200, 40, 0));
    let again = record(&platform, &loaded, records).await.unwrap();
    assert_eq!((again.events, again.outcomes, again.repeated_records), (0, 0, 240));

    let of_live = client.check_fraud(check("probe", 201)).await.unwrap().into_inner();
    let of_loaded = platform.fraud(&loaded).await.check_fraud(check("probe", 201)).await.unwrap().into_inner();
    assert_eq!(of_live.features, of_loaded.features);
    assert!(crate::fraud::check::feature(&of_live, "account_count_30d").unwrap() > 5.0);
    let listed = riskport::rpc::proto::decision::ListDecisionsRequest::default();
    let decisions = platform.decisions(&loaded).await.list_decisions(listed).await.unwrap().into_inner().decisions;
    assert_eq!(decisions.len(), 1, "history makes decisions");
    platform.stop().await;
});

on_both!(a_history_is_refused_at_its_first_bad_record_and_keeps_what_was_before, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut too_old = RecordEventsRequest { request_id: "old".to_owned(), ..past(900) };
    if let Some(Record::Event(event)) = &mut too_old.record {
        event.event_time = time(event.event_time.unwrap().seconds - 60 * 86_400);
    }
    let refused = record(&platform, &bank, vec![past(0), past(900), too_old, past(901)]).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "records[2].event.event_time");
    let taken = record(&platform, &bank, vec![past(0), past(900), past(901)]).await.unwrap();
    assert_eq!((taken.events, taken.repeated_records), (1, 2));

    let mut ahead = past(902);
    if let Some(Record::Event(event)) = &mut ahead.record {
        event.event_time = time(4_000_000_000);
    }
    let refused = record(&platform, &bank, vec![ahead]).await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "records[0].event.event_time");
    let other = RecordEventsRequest { request_id: "e-901".to_owned(), ..past(903) };
    assert_eq!(record(&platform, &bank, vec![other]).await.unwrap_err().code(), Code::FailedPrecondition);
    // A check of what was only recorded has no answer to repeat.
    let mut asked = check("e-901", 901);
    asked.event.as_mut().unwrap().event_time = crate::fraud::asked::check_now("", 0).event.unwrap().event_time;
    let again = platform.fraud(&bank).await.check_fraud(asked).await.unwrap_err();
    assert_eq!(again.code(), Code::FailedPrecondition);
    platform.stop().await;
});

fn day(days: i64) -> i64 {
    START + days * 86_400
}

/// An event of a card alone.
fn of_card(id: &str, card: &str, seconds: i64) -> RecordEventsRequest {
    let mut event = event(0);
    event.event_time = time(seconds);
    event.entities = Some(Entities { card: card.to_owned(), ..Entities::default() });
    RecordEventsRequest { request_id: id.to_owned(), record: Some(Record::Event(event)) }
}

/// That a card became known as fraud.
fn fraud_of_card(id: &str, card: &str, seconds: i64) -> RecordEventsRequest {
    let outcome = FraudOutcome {
        target: Some(Target::Entity(Entity { kind: EntityKind::Card as i32, value: card.to_owned() })),
        label: FraudLabel::Fraud as i32,
        known_time: time(seconds),
        ..FraudOutcome::default()
    };
    RecordEventsRequest { request_id: id.to_owned(), record: Some(Record::Outcome(outcome)) }
}

on_both!(nothing_much_older_follows_what_became_known, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    record(&platform, &bank, vec![fraud_of_card("r-1", "card-1", day(29))]).await.unwrap();
    // Taken, it would stand behind the report and hide it from a restart.
    let refused = record(&platform, &bank, vec![of_card("e-1", "card-1", day(20))]).await.unwrap_err();
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!((refused.code(), &*violations[0].field), (Code::InvalidArgument, "records[0].event.event_time"));
    let taken = record(&platform, &bank, vec![of_card("e-1", "card-1", day(28))]).await.unwrap();
    assert_eq!((taken.events, taken.repeated_records), (1, 0));
    platform.stop().await;
});

on_both!(what_became_known_in_a_long_silence_is_known_after_a_restart, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    // What is known of the card stands behind an old event, and before one of now.
    let records = vec![
        of_card("e-1", "card-1", day(-10)),
        fraud_of_card("r-1", "card-1", day(29)),
        of_card("e-2", "card-2", day(31)),
    ];
    record(&platform, &bank, records).await.unwrap();
    let probe = |id: &str| {
        let mut request = check(id, 0);
        if let Some(Record::Event(event)) = of_card("", "card-1", day(31) + 60).record {
            request.event = Some(event);
        }
        request
    };
    let before = platform.fraud(&bank).await.check_fraud(probe("p-1")).await.unwrap().into_inner();
    let confirmed =
        |answer: &CheckFraudResponse| answer.features.clone().unwrap().fields.get("card_confirmed").cloned();
    let yes = Some(prost_types::Value { kind: Some(prost_types::value::Kind::BoolValue(true)) });
    assert_eq!(confirmed(&before), yes);
    let platform = platform.restart().await;
    let after = platform.fraud(&bank).await.check_fraud(probe("p-2")).await.unwrap().into_inner();
    assert_eq!(confirmed(&after), yes);
    platform.stop().await;
});
