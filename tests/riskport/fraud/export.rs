//! Exports: bit for bit what was answered live, with what each event turned out to be.

use std::collections::BTreeMap;

use prost_types::value::Kind;
use riskport::rpc::proto::fraud::{
    CheckFraudResponse, Entity, EntityKind, ExportFeaturesRequest, ExportFeaturesResponse, ExportedEvent, Feature,
    FraudLabel, FraudOutcome, ListFeaturesRequest, RecordEventsRequest, ReportFraudOutcomeRequest,
    fraud_outcome::Target, record_events_request::Record,
};
use tonic::{Code, Status};

use super::{
    asked::{check, event, outcome, time},
    history::record,
    ruled::{refused, wrong},
};
use crate::support::platform::{Partner, Platform, new_key};

const EVENTS: usize = 220;

async fn export(platform: &Platform, bank: &Partner, request: ExportFeaturesRequest) -> Result<Export, Status> {
    let mut pieces = platform.fraud(bank).await.export_features(request).await?.into_inner();
    let mut export = Export::default();
    while let Some(piece) = pieces.message().await? {
        assert_eq!(piece.columns.is_empty(), export.told > 0, "the first message names the columns, and no other");
        export.columns.extend(piece.columns);
        export.rows.extend(piece.rows);
        assert!(piece.events_read <= piece.events_total);
        export.read = (piece.events_read, piece.events_total);
        export.told += 1;
    }
    Ok(export)
}

#[derive(Default)]
struct Export {
    columns: Vec<String>,
    rows: Vec<ExportedEvent>,
    /// Entries read, and entries in all, by the last message.
    read: (i64, i64),
    told: usize,
}

fn period(start: i64, end: i64) -> ExportFeaturesRequest {
    ExportFeaturesRequest { start_time: time(start), end_time: time(end), features: Vec::new() }
}

fn whole() -> ExportFeaturesRequest {
    period(0, 4_000_000_000)
}

/// A feature of a live answer as an export has it.
fn exported(of: &Feature, answer: &CheckFraudResponse) -> f64 {
    match answer.features.as_ref().unwrap().fields.get(&of.name).and_then(|value| value.kind.clone()) {
        None => f64::NAN,
        Some(Kind::NumberValue(number)) => number,
        Some(Kind::BoolValue(flag)) => f64::from(u8::from(flag)),
        Some(Kind::StringValue(text)) => {
            let place = of.values.iter().position(|value| *value == text).unwrap();
            f64::from(u32::try_from(place).unwrap())
        }
        Some(other) => panic!("{}: {other:?}", of.name),
    }
}

/// Takes events with reports between them, of which some correct others and some are of entities.
async fn live(platform: &Platform, bank: &Partner) -> Vec<(String, CheckFraudResponse)> {
    let mut client = platform.fraud(bank).await;
    let mut answers = Vec::new();
    for at in 0..EVENTS {
        let id = format!("e-{at}");
        if at % 9 == 4 {
            let past = RecordEventsRequest { request_id: id, record: Some(Record::Event(event(at))) };
            record(platform, bank, vec![past]).await.unwrap();
        } else {
            let answer = client.check_fraud(check(&id, at)).await.unwrap().into_inner();
            answers.push((id, answer));
        }
        let known = event(at).event_time.unwrap().seconds;
        let reported = match at % 10 {
            3 => outcome(&format!("e-{}", at - 3), FraudLabel::Fraud, known),
            6 => outcome(&format!("e-{}", at - 5), FraudLabel::Genuine, known),
            // A correction of what was said seven events before.
            0 if at > 0 => outcome(&format!("e-{}", at - 10), FraudLabel::Unsure, known),
            8 => outcome(&format!("e-{}", at - 1), FraudLabel::ChargeBack, known),
            5 => Some(FraudOutcome {
                target: Some(Target::Entity(Entity {
                    kind: EntityKind::Card as i32,
                    value: format!("card-{}", at % 20),
                })),
                label: FraudLabel::Fraud as i32,
                known_time: time(known),
                ..FraudOutcome::default()
            }),
            _ => None,
        };
        if let Some(reported) = reported {
            let report = ReportFraudOutcomeRequest { request_id: format!("r-{at}"), outcome: Some(reported) };
            client.report_fraud_outcome(report).await.unwrap();
        }
    }
    answers
}

/// What an event turned out to be, by the last report of it.
fn label(at: usize) -> FraudLabel {
    match at % 10 {
        // Said to be fraud, and taken back when the tenth event after it came.
        0 if at + 10 < EVENTS => FraudLabel::Unsure,
        0 => FraudLabel::Fraud,
        1 => FraudLabel::Genuine,
        7 => FraudLabel::ChargeBack,
        _ => FraudLabel::Unspecified,
    }
}

on_both!(an_export_is_bit_for_bit_what_was_answered_live, async |world| {
    let mut platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    let live = live(&platform, &bank).await;
    let mut policies = platform.policies(&bank).await;
    let features = policies.list_features(ListFeaturesRequest {}).await.unwrap().into_inner();
    assert_eq!(features.digest, live[0].1.catalogue_digest);
    for restarted in [false, true] {
        if restarted {
            platform = platform.restart().await;
        }
        let exported_all = export(&platform, &bank, whole()).await.unwrap();
        let names: Vec<_> = features.features.iter().map(|feature| feature.name.clone()).collect();
        assert_eq!(exported_all.columns, names);
        let ids: Vec<_> = exported_all.rows.iter().map(|row| row.request_id.clone()).collect();
        assert_eq!(ids, (0..EVENTS).map(|at| format!("e-{at}")).collect::<Vec<_>>(), "restarted: {restarted}");
        let rows: BTreeMap<_, _> = exported_all.rows.iter().map(|row| (row.request_id.clone(), row)).collect();
        let mut compared = 0;
        for (id, answer) in &live {
            let row = rows[id];
            assert_eq!(row.features_truncated, answer.features_truncated);
            for (feature, value) in features.features.iter().zip(&row.values) {
                let wanted = exported(feature, answer);
                let same = wanted.to_bits() == value.to_bits() || (wanted.is_nan() && value.is_nan());
                assert!(same, "{id}: {} is {value} and was {wanted}", feature.name);
                compared += usize::from(!wanted.is_nan());
            }
        }
        assert!(compared > 20_000, "only {compared} values were there");
        for (at, row) in exported_all.rows.iter().enumerate() {
            assert_eq!(row.label(), label(at), "event {at}");
            assert_eq!(row.event_time, event(at).event_time);
            assert_eq!(row.scene, ["payment", "login", "order", "withdrawal"][scene(at)]);
        }
        assert_eq!(exported_all.read.0, exported_all.read.1);
    }
    platform.stop().await;
});

/// The place of an event's scene among the four that there are.
fn scene(at: usize) -> usize {
    use riskport::rpc::proto::fraud::Scene;
    let scenes = [Scene::Payment, Scene::Login, Scene::Order, Scene::Withdrawal];
    scenes.into_iter().position(|scene| scene == event(at).scene()).unwrap()
}

on_both!(an_export_is_of_a_period_and_of_the_features_asked_for, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard_replaying("trial").await, platform.onboard_replaying("other").await);
    let live = live(&platform, &bank).await;
    let second = |at: usize| event(at).event_time.unwrap().seconds;
    // The start counts and the end does not.
    let (start, end) = (second(50), second(150));
    let features = ["hour", "account_count_24h", "amount_minor", "account_count_24h"].map(str::to_owned).to_vec();
    let some = ExportFeaturesRequest { features: features.clone(), ..period(start, end) };
    let exported = export(&platform, &bank, some).await.unwrap();
    assert_eq!(exported.columns, features);
    let ids: Vec<_> = exported.rows.iter().map(|row| row.request_id.clone()).collect();
    let inside = (0..EVENTS).filter(|at| (start..end).contains(&second(*at))).map(|at| format!("e-{at}"));
    assert_eq!(ids, inside.collect::<Vec<_>>());
    assert!(ids.contains(&"e-50".to_owned()) && !ids.contains(&"e-150".to_owned()));
    // What was known before the period is known in it.
    for (id, answer) in &live {
        if let Some(row) = exported.rows.iter().find(|row| row.request_id == *id) {
            let count = crate::fraud::check::feature(answer, "account_count_24h").unwrap();
            assert_eq!([row.values[1].to_bits(), row.values[3].to_bits()], [count.to_bits(); 2]);
        }
    }
    assert!(export(&platform, &bank, period(start, start)).await.unwrap().rows.is_empty());
    assert!(export(&platform, &other, whole()).await.unwrap().rows.is_empty());

    let names = ["hour", "no_such", "f.hour"].map(str::to_owned).to_vec();
    let refusal = export(&platform, &bank, ExportFeaturesRequest { features: names, ..whole() }).await.map(|_| ());
    assert_eq!(wrong(refusal).into_iter().map(|one| one.0).collect::<Vec<_>>(), ["features[1]", "features[2]"]);
    let refusal = export(&platform, &bank, ExportFeaturesRequest::default()).await.map(|_| ());
    assert_eq!(wrong(refusal).into_iter().map(|one| one.0).collect::<Vec<_>>(), ["start_time", "end_time"]);
    let weak = Partner { key: new_key(), ..bank.clone() };
    platform.add_key(&weak, &[riskport::rpc::proto::tenant::Scope::FraudCheck]).await;
    let denied = refused(export(&platform, &weak, whole()).await.map(|_| ()));
    assert_eq!(denied, (Code::PermissionDenied, "SCOPE_MISSING".to_owned()));
    platform.stop().await;
});

/// Takes the first message of an export that is far larger than what may lie between server and client.
async fn begun(platform: &Platform, bank: &Partner) -> tonic::Streaming<ExportFeaturesResponse> {
    let mut pieces = platform.fraud(bank).await.export_features(whole()).await.unwrap().into_inner();
    assert!(!pieces.message().await.unwrap().unwrap().columns.is_empty());
    pieces
}

async fn end(mut pieces: tonic::Streaming<ExportFeaturesResponse>) -> Result<usize, Status> {
    let mut rows = 0;
    while let Some(piece) = pieces.message().await? {
        rows += piece.rows.len();
    }
    Ok(rows)
}

on_both!(an_export_ends_when_its_caller_may_not_go_on_or_the_server_drains, async |world| {
    const MANY: usize = 700;
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    let weak = Partner { key: new_key(), ..bank.clone() };
    platform.add_key(&weak, &[riskport::rpc::proto::tenant::Scope::FraudExport]).await;
    let events = (0..MANY)
        .map(|at| RecordEventsRequest { request_id: format!("e-{at}"), record: Some(Record::Event(event(at))) });
    record(&platform, &bank, events.collect()).await.unwrap();
    let unread = begun(&platform, &weak).await;
    let revoked = riskport::rpc::proto::tenant::RevokeKeyRequest {
        name: format!("tenants/{}/keys/{}", weak.id, weak.key.public.kid.as_str()),
    };
    platform.tenants().await.revoke_key(revoked).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(end(unread).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(end(begun(&platform, &bank).await).await.unwrap(), MANY);

    let unread = begun(&platform, &bank).await;
    let stopping = tokio::spawn(platform.stop());
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    // What is cut off does not look whole.
    assert!(end(unread).await.is_err());
    stopping.await.unwrap();
});
