//! What ends a stream from the server's side: it stops reading, answers what it has read, and says why.

use std::time::{Duration, Instant};

use riskport::rpc::proto::tenant::{RevokeKeyRequest, SuspendTenantRequest};
use tokio::task::JoinHandle;
use tonic::Code;

use super::{Told, keep_sending, next, open, to_the_end};
use crate::support::{
    World,
    platform::{Partner, Platform, token, token_for},
};

/// More than any stream here takes before it ends.
const ENDLESS: usize = 1_000_000;
/// How long an end may take on a machine that does other things too; the promise is a second.
const SOON: Duration = Duration::from_secs(10);

/// Everything that was decided was answered, and everything that was answered is decided.
async fn assert_all_answered(world: &World, told: &Told, already: usize) {
    let mut ids = world.raw().await.texts("SELECT request_id FROM decisions").await;
    ids.sort_unstable();
    assert_eq!(ids.len(), told.scores.len() + already);
    assert!(told.scores.keys().all(|id| ids.binary_search(id).is_ok()));
}

/// A stream under way, ended by what `end` does: how it ended, and that it was soon.
async fn ended_by(world: &World, platform: &Platform, bank: &Partner, end: impl AsyncFnOnce()) -> (Code, String) {
    let mut talk = open(platform.channel().await, &token(bank, None), None).await;
    let sending = keep_sending(talk.items, "item", ENDLESS);
    next(&mut talk.answers).await;
    let answers = tokio::spawn(async move { to_the_end(&mut talk.answers).await });
    end().await;
    let done = Instant::now();
    let told = answers.await.unwrap();
    assert!(done.elapsed() < SOON, "{:?}", done.elapsed());
    sending.await.unwrap();
    assert_all_answered(world, &told, 1).await;
    told.ended_with()
}

on_both!(a_token_that_ends_ends_its_stream_with_16, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let short = token_for(&bank, Duration::from_secs(2));
    let mut talk = open(platform.channel().await, &short, None).await;
    let sending = keep_sending(talk.items, "item", ENDLESS);
    let told = to_the_end(&mut talk.answers).await;
    sending.await.unwrap();
    assert_eq!(told.ended_with(), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    assert!(!told.scores.is_empty(), "nothing was scored before the token ended");
    assert!(told.refused.values().all(|code| *code == Code::Unauthenticated), "{:?}", told.refused);
    assert_all_answered(world, &told, 0).await;
    platform.stop().await;
});

on_both!(a_revoked_key_ends_its_streams_with_16, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let name = format!("tenants/north-bank/keys/{}", bank.key.public.kid);
    let revoke = async || {
        platform.tenants().await.revoke_key(RevokeKeyRequest { name }).await.unwrap();
    };
    let ended = ended_by(world, &platform, &bank, revoke).await;
    assert_eq!(ended, (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    platform.stop().await;
});

on_both!(a_suspended_tenant_ends_its_streams_with_7, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let suspend = async || {
        let request = SuspendTenantRequest { name: "tenants/north-bank".to_owned() };
        platform.tenants().await.suspend_tenant(request).await.unwrap();
    };
    let ended = ended_by(world, &platform, &bank, suspend).await;
    assert_eq!(ended, (Code::PermissionDenied, "TENANT_SUSPENDED".to_owned()));
    platform.stop().await;
});

on_both!(a_drain_ends_streams_with_14, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut talk = open(platform.channel().await, &token(&bank, None), None).await;
    let sending = keep_sending(talk.items, "item", ENDLESS);
    next(&mut talk.answers).await;
    let answers: JoinHandle<Told> = tokio::spawn(async move { to_the_end(&mut talk.answers).await });
    platform.stop().await;
    let told = answers.await.unwrap();
    sending.await.unwrap();
    assert_eq!(told.ended_with(), (Code::Unavailable, "UNAVAILABLE".to_owned()));
    assert_all_answered(world, &told, 1).await;
});

on_both!(a_stream_that_is_idle_ends_as_well, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut talk = open(platform.channel().await, &token_for(&bank, Duration::from_secs(1)), None).await;
    assert_eq!(to_the_end(&mut talk.answers).await.ended_with().0, Code::Unauthenticated);
    // The other way ends with the server, which would wait for it otherwise.
    let mut talk = open(platform.channel().await, &token(&bank, None), None).await;
    let stopped = Instant::now();
    platform.stop().await;
    assert!(stopped.elapsed() < Duration::from_secs(8), "the drain waited for an idle stream");
    assert_eq!(to_the_end(&mut talk.answers).await.ended_with().0, Code::Unavailable);
});

on_both!(the_clients_deadline_ends_its_stream_with_4, async |world| {
    let timeout = Duration::from_millis(700);
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let begun = Instant::now();
    let mut talk = open(platform.channel().await, &token(&bank, None), Some(timeout)).await;
    let sending = keep_sending(talk.items, "item", ENDLESS);
    let told = to_the_end(&mut talk.answers).await;
    assert!(begun.elapsed() >= timeout && begun.elapsed() < SOON, "{:?}", begun.elapsed());
    sending.await.unwrap();
    assert_eq!(told.ended_with(), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    // What was not answered in time is found again under its id, so only this much holds: what was answered is there.
    let mut ids = world.raw().await.texts("SELECT request_id FROM decisions").await;
    ids.sort_unstable();
    assert!(told.scores.keys().all(|id| ids.binary_search(id).is_ok()));
    platform.stop().await;
});
