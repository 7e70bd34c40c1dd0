//! What ends the streams of events from the server's side: what was accepted is answered and is on disk, and the end says why.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use riskport::rpc::proto::{
    fraud::{
        Entities, FraudEvent, RecordEventsRequest, RecordEventsResponse, Scene, StreamCheckFraudRequest,
        StreamCheckFraudResponse, fraud_check_service_client::FraudCheckServiceClient, record_events_request::Record,
        stream_check_fraud_response::Result as Item,
    },
    tenant::{RevokeKeyRequest, SuspendTenantRequest},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt;

use super::asked::check_now;
use crate::support::{
    World, now,
    platform::{Partner, Platform, token, token_for},
};

/// How long an end may take on a machine that does other things too; the promise is a second.
const SOON: Duration = Duration::from_secs(10);

/// What came of a stream of checks: the code of each item, and how it ended.
#[derive(Default)]
struct Told {
    items: BTreeMap<String, Code>,
    end: Option<Status>,
}

impl Told {
    fn decided(&self) -> usize {
        self.items.values().filter(|code| **code == Code::Ok).count()
    }
}

/// Both streams of one caller under way at once.
struct Talks {
    checks: Streaming<StreamCheckFraudResponse>,
    history: JoinHandle<Result<Option<RecordEventsResponse>, Status>>,
    sending: Vec<JoinHandle<usize>>,
}

fn with<T>(message: T, token: &str, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

fn item(id: &str) -> StreamCheckFraudRequest {
    StreamCheckFraudRequest { request: Some(check_now(id, 1)) }
}

fn record(at: usize) -> RecordEventsRequest {
    let event = check_now("", at % 40).event;
    RecordEventsRequest { request_id: format!("past-{at}"), record: event.map(Record::Event) }
}

/// Sends what `make` makes until the stream takes no more, and tells how much that was.
fn keep_sending<T: Send + 'static>(
    make: impl Fn(usize) -> T + Send + 'static,
) -> (ReceiverStream<T>, JoinHandle<usize>) {
    let (items, sent) = mpsc::channel(1);
    let sending = tokio::spawn(async move {
        let mut count = 0;
        while items.send(make(count)).await.is_ok() {
            count += 1;
        }
        count
    });
    (ReceiverStream::new(sent), sending)
}

/// Takes a history to its end.
async fn last(mut answers: Streaming<RecordEventsResponse>) -> Result<Option<RecordEventsResponse>, Status> {
    let mut last = None;
    while let Some(answer) = answers.message().await? {
        last = Some(answer);
    }
    Ok(last)
}

async fn open(platform: &Platform, token: &str, timeout: Option<Duration>) -> Talks {
    let mut client = FraudCheckServiceClient::new(platform.channel().await);
    let (items, checking) = keep_sending(|at| item(&format!("item-{at}")));
    let checks = client.stream_check_fraud(with(items, token, timeout)).await.unwrap().into_inner();
    let (records, recording) = keep_sending(record);
    let answers = client.record_events(with(records, token, timeout)).await.unwrap().into_inner();
    Talks { checks, history: tokio::spawn(last(answers)), sending: vec![checking, recording] }
}

async fn to_the_end(mut answers: Streaming<StreamCheckFraudResponse>) -> Told {
    let mut told = Told::default();
    loop {
        match answers.message().await {
            Ok(Some(StreamCheckFraudResponse { request_id, result, .. })) => {
                let code = match result.unwrap() {
                    Item::Response(_) => Code::Ok,
                    Item::Error(error) => Code::from(error.code),
                };
                assert_eq!(told.items.insert(request_id.clone(), code), None, "{request_id} was answered twice");
            }
            Ok(None) => return told,
            Err(status) => {
                told.end = Some(status);
                return told;
            }
        }
    }
}

fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_error_details().error_info().unwrap().reason.clone())
}

async fn logged(world: &World, prefix: &str) -> usize {
    let sql = format!("SELECT COUNT(*) FROM fraud_log WHERE request_id LIKE '{prefix}-%'");
    usize::try_from(world.raw().await.integer(&sql).await).unwrap()
}

/// Both streams under way, ended by what `end` does: both say why and soon, whatever was decided was answered, and whatever
/// was answered is on disk.
async fn assert_ended(world: &World, talks: Talks, end: impl AsyncFnOnce(), expected: (Code, &str)) {
    let answers = tokio::spawn(to_the_end(talks.checks));
    let under_way = async {
        while logged(world, "item").await < 3 || logged(world, "past").await < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, under_way).await.expect("both streams are under way");
    end().await;
    let done = Instant::now();
    let told = answers.await.unwrap();
    let history = talks.history.await.unwrap().unwrap_err();
    assert!(done.elapsed() < SOON, "{:?}", done.elapsed());
    for sending in talks.sending {
        sending.await.unwrap();
    }
    let expected = (expected.0, expected.1.to_owned());
    assert_eq!((reason(&told.end.clone().unwrap()), reason(&history)), (expected.clone(), expected));
    assert_eq!(logged(world, "item").await, told.decided(), "an event was taken and not answered, or the reverse");
}

on_both!(a_drain_ends_both_streams_with_14_and_answers_what_was_accepted, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let talks = open(&platform, &token(&bank, None), None).await;
    let drain = async || drop(platform.stop().await);
    assert_ended(world, talks, drain, (Code::Unavailable, "UNAVAILABLE")).await;
});

on_both!(a_revoked_key_ends_both_streams_with_16, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let talks = open(&platform, &token(&bank, None), None).await;
    let revoke = async || {
        let name = format!("tenants/north-bank/keys/{}", bank.key.public.kid);
        platform.tenants().await.revoke_key(RevokeKeyRequest { name }).await.unwrap();
    };
    assert_ended(world, talks, revoke, (Code::Unauthenticated, "UNAUTHENTICATED")).await;
    platform.stop().await;
});

on_both!(a_suspended_tenant_ends_both_streams_with_7, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let talks = open(&platform, &token(&bank, None), None).await;
    let suspend = async || {
        let request = SuspendTenantRequest { name: "tenants/north-bank".to_owned() };
        platform.tenants().await.suspend_tenant(request).await.unwrap();
    };
    assert_ended(world, talks, suspend, (Code::PermissionDenied, "TENANT_SUSPENDED")).await;
    platform.stop().await;
});

on_both!(a_token_that_ends_ends_both_streams_with_16, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let talks = open(&platform, &token_for(&bank, Duration::from_secs(2)), None).await;
    // It is taken for five seconds more, for clocks that are not quite right.
    let over = async || tokio::time::sleep(Duration::from_secs(7)).await;
    assert_ended(world, talks, over, (Code::Unauthenticated, "UNAUTHENTICATED")).await;
    platform.stop().await;
});

/// Items that were read when the drain begins, and whose commit it finds under way, are answered before the stream ends.
async fn assert_answered_at_drain(world: &World, platform: Platform, bank: &Partner) {
    const ITEMS: usize = 40;
    let mut client = FraudCheckServiceClient::new(platform.channel().await);
    let (items, sent) = mpsc::channel(ITEMS + 1);
    let request = with(ReceiverStream::new(sent), &token(bank, None), None);
    let mut answers = client.stream_check_fraud(request).await.unwrap().into_inner();
    items.send(item("first")).await.unwrap();
    answers.message().await.unwrap().unwrap();

    let mut lock = world.raw().await;
    lock.hold_commits().await;
    for at in 0..ITEMS {
        items.send(item(&format!("held-{at}"))).await.unwrap();
    }
    // A bad one among them is answered like the others.
    items.send(StreamCheckFraudRequest::default()).await.unwrap();
    let bad = answers.message().await.unwrap().unwrap();
    assert!(matches!(bad.result, Some(Item::Error(_))), "{bad:?}");
    let draining = tokio::spawn(platform.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    lock.release().await;

    let told = to_the_end(answers).await;
    assert_eq!(told.items.len(), ITEMS, "{:?}", told.items);
    assert_eq!(reason(told.end.as_ref().unwrap()).0, Code::Unavailable);
    // On a slow machine PostgreSQL may have given up waiting for the lock, which is an answer too.
    assert_eq!(logged(world, "held").await, told.decided());
    draining.await.unwrap();
}

on_both!(an_event_that_was_accepted_is_answered_at_a_drain, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    assert_answered_at_drain(world, platform, &bank).await;
});

on_both!(the_clients_deadline_ends_both_streams_with_4, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let timeout = Duration::from_secs(2);
    let begun = Instant::now();
    let talks = open(&platform, &token(&bank, None), Some(timeout)).await;
    let (told, history) = tokio::join!(to_the_end(talks.checks), talks.history);
    assert!(begun.elapsed() >= timeout && begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let exceeded = (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned());
    let history = history.unwrap().unwrap_err();
    assert_eq!((reason(told.end.as_ref().unwrap()), reason(&history)), (exceeded.clone(), exceeded));
    // What was not answered in time is found again under its id, so only this much holds: what was answered is there.
    assert!(told.decided() > 0 && logged(world, "item").await >= told.decided());
    platform.stop().await;
});

/// About the smallest record that there is. Sent one by one, each goes in a frame of its own.
fn small_record(at: usize) -> RecordEventsRequest {
    let entities = Entities { account: format!("a-{}", at % 900), ..Entities::default() };
    let event = FraudEvent {
        scene: Scene::Login as i32,
        event_time: Some(now()),
        entities: Some(entities),
        ..FraudEvent::default()
    };
    RecordEventsRequest { request_id: format!("past-{at}"), record: Some(Record::Event(event)) }
}

on_both!(a_client_that_sends_faster_than_events_are_taken_is_held_back_and_not_cut_off, async |world| {
    const RECORDS: usize = 12_000;
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.fraud(&bank).await;
    client.check_fraud(check_now("first", 1)).await.unwrap();
    let (records, sent) = mpsc::channel(1);
    tokio::spawn(async move {
        for at in 0..RECORDS {
            records.send(small_record(at)).await.unwrap();
        }
    });
    let answers = client.record_events(ReceiverStream::new(sent)).await.unwrap().into_inner();
    let taken = last(answers).await.unwrap().unwrap();
    assert_eq!((taken.events, taken.repeated_records), (RECORDS.try_into().unwrap(), 0));
    platform.stop().await;
});
