//! Clients that do not read, and clients that go away.

use std::time::Duration;

use tonic::{Code, transport::Channel};

use super::{Told, keep_sending, next, open, to_the_end};
use crate::support::{
    World,
    platform::{Platform, token},
};

/// The smallest that HTTP/2 lets a client make the window for answers: some fifty of them.
const WINDOW: u32 = 65_535;

async fn count(world: &World) -> usize {
    let mut raw = world.raw().await;
    let rows = raw.integer("SELECT COUNT(*) FROM decisions").await;
    raw.close().await;
    usize::try_from(rows).unwrap()
}

/// How many decisions there are once there come no more of them.
async fn count_at_rest(world: &World) -> usize {
    let (mut last, mut unchanged) = (0, 0);
    while unchanged < 8 || last == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = count(world).await;
        unchanged = if now == last { unchanged + 1 } else { 0 };
        last = now;
    }
    last
}

on_both!(a_client_that_does_not_read_is_not_read_from, async |world| {
    const ITEMS: usize = 1_500;
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let channel = Channel::from_shared(platform.url()).unwrap().initial_stream_window_size(WINDOW);
    let mut talk = open(channel.connect().await.unwrap(), &token(&bank, None), None).await;
    let sending = keep_sending(talk.items, "unread", ITEMS);

    // 256 in flight, some fifty answers in the client's window, and a few on the way between the two.
    let made = count_at_rest(world).await;
    assert!((256..=500).contains(&made), "{made} decisions were made for a client that reads nothing");

    let told = to_the_end(&mut talk.answers).await;
    sending.await.unwrap();
    assert_eq!((told.ended_with().0, told.scores.len()), (Code::Ok, ITEMS));
    assert_eq!(count(world).await, ITEMS);
    platform.stop().await;
});

on_both!(what_a_client_was_told_before_it_went_away_is_there, async |world| {
    const ITEMS: usize = 400;
    const TAKEN: usize = 60;
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let mut before = Told::default();
    let mut talk = open(channel.clone(), &token, None).await;
    let sending = keep_sending(talk.items, "dropped", ITEMS);
    for _ in 0..TAKEN {
        before.note(next(&mut talk.answers).await);
    }
    drop(talk.answers);
    sending.await.unwrap();

    let mut talk = open(channel, &token, None).await;
    let sending = keep_sending(talk.items, "dropped", ITEMS);
    let after = to_the_end(&mut talk.answers).await;
    sending.await.unwrap();
    assert_eq!((after.ended_with().0, after.scores.len()), (Code::Ok, ITEMS));
    assert_eq!(before.scores.len(), TAKEN);
    for (id, score) in &before.scores {
        assert_eq!(after.scores.get(id), Some(score), "{id}");
    }
    assert_eq!(count(world).await, ITEMS);
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decision_inputs").await, i64::try_from(ITEMS).unwrap());
    assert_eq!(raw.integer("SELECT MAX(seq) FROM decisions").await, i64::try_from(ITEMS).unwrap());
    platform.stop().await;
});
