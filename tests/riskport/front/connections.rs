//! Connections that misbehave are let go, and those that meet a quota are not.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tonic::Code;

use crate::support::{
    World,
    platform::{Platform, new_key, token},
    wire,
};

const LIST: &str = "/riskport.decision.v1.DecisionService/ListDecisions";
/// What a client of HTTP/2 begins with (RFC 9113, section 3.4), and settings without any setting.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

/// Reads until the server closes the connection, and tells how long that took; nothing, when it stays open for so long.
async fn closed(mut stream: TcpStream, limit: Duration) -> Option<Duration> {
    let begun = Instant::now();
    let mut unread = [0; 16_384];
    let reading = async { while stream.read(&mut unread).await.is_ok_and(|read| read > 0) {} };
    timeout(limit, reading).await.ok().map(|()| begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_refused_calls_leave_the_connection_open() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard_with("north-bank", 1, new_key()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let authorization = format!("Bearer {token}");
    let mut refused = 0;
    // The message comes in a frame of its own, mostly after the answer: a kilobyte of it, as a score has.
    for _ in 0..40 {
        let calls = (0..100).map(|_| {
            let (channel, authorization) = (channel.clone(), authorization.clone());
            tokio::spawn(async move {
                let headers = [("authorization", authorization.as_str())];
                wire::send(&channel, LIST, &headers, wire::frame(&[0; 1_024])).await.code()
            })
        });
        for call in calls.collect::<Vec<_>>() {
            // Transport errors panic in `send`: a connection that is closed fails the test.
            refused += usize::from(call.await.unwrap() == Code::ResourceExhausted);
        }
    }
    assert!(refused > 3_900, "{refused} of 4,000 calls were refused for their quota");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_says_nothing_or_drips_is_let_go_within_seconds() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let silent = TcpStream::connect(platform.address).await.unwrap();
    let silent = tokio::spawn(closed(silent, Duration::from_secs(15)));
    let mut spoken = TcpStream::connect(platform.address).await.unwrap();
    spoken.write_all(PREFACE).await.unwrap();
    let spoken = tokio::spawn(closed(spoken, Duration::from_secs(20)));
    let (reader, mut writer) = TcpStream::connect(platform.address).await.unwrap().into_split();
    // A head that never comes to its end, a byte at a time.
    let dripping = tokio::spawn(async move {
        writer.write_all(PREFACE).await.unwrap();
        writer.write_all(&[0, 1, 0, 1, 4, 0, 0, 0, 1]).await.unwrap();
        while writer.write_all(&[0]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let dripped = tokio::spawn(async move {
        let begun = Instant::now();
        let (mut reader, mut unread) = (reader, [0; 1_024]);
        let reading = async { while reader.read(&mut unread).await.is_ok_and(|read| read > 0) {} };
        timeout(Duration::from_secs(20), reading).await.ok().map(|()| begun.elapsed())
    });
    for (what, ended) in [("silent", silent), ("without a call", spoken), ("dripping", dripped)] {
        let after = ended.await.unwrap().unwrap_or_else(|| panic!("{what}: still open"));
        println!("{what}: let go after {after:?}");
    }
    dripping.abort();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pings_is_cut_off() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let (mut reader, mut writer) = TcpStream::connect(platform.address).await.unwrap().into_split();
    let reading = tokio::spawn(async move {
        let mut unread = [0; 16_384];
        while reader.read(&mut unread).await.is_ok_and(|read| read > 0) {}
    });
    writer.write_all(PREFACE).await.unwrap();
    let (begun, mut sent) = (Instant::now(), 0);
    while writer.write_all(&PING.repeat(1_000)).await.is_ok() {
        sent += 1_000;
        assert!(begun.elapsed() < Duration::from_mins(1), "{sent} pings were taken");
    }
    // What was on its way when the server closed counts as sent: buffers of both sides hold some megabytes.
    println!("cut off after {sent} pings, {:?}", begun.elapsed());
    assert!(sent < 3_000_000, "{sent} pings were taken");
    reading.abort();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_no_answer_is_let_go() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let authorization = format!("Bearer {}", token(&bank, None));
    // A window of 0 for every stream: the head of an answer comes, its message cannot.
    let stream = TcpStream::connect(platform.address).await.unwrap();
    let (mut sender, connection) =
        h2::client::Builder::new().initial_window_size(0).handshake::<_, bytes::Bytes>(stream).await.unwrap();
    let mut connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..50 {
        let request = http::Request::post(format!("http://{}{LIST}", platform.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", &authorization)
            .body(())
            .unwrap();
        let (answer, mut body) = sender.send_request(request, false).unwrap();
        body.send_data(wire::frame(&[]).into(), true).unwrap();
        answers.push(answer);
    }
    let begun = Instant::now();
    let ended = timeout(Duration::from_secs(20), &mut connection).await;
    assert!(ended.is_ok(), "the connection is still open");
    println!("let go after {:?}", begun.elapsed());
    platform.stop().await;
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn http2_frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], stream.to_be_bytes().as_slice(), content].concat()
}

/// Headers without indexing (RFC 7541, section 6.2.2), of names and values below 127 bytes.
fn head(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    headers.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// Reads frames up to the end of a stream's answer.
async fn answer_of(socket: &mut TcpStream, stream: u32) {
    const HEADERS: u8 = 1;
    const GOAWAY: u8 = 7;
    loop {
        let mut start = [0; 9];
        socket.read_exact(&mut start).await.unwrap_or_else(|error| panic!("call {}: {error}", stream / 2));
        let [a, b, c, kind, flags, id @ ..] = start;
        let mut content = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        socket.read_exact(&mut content).await.unwrap();
        assert_ne!(kind, GOAWAY, "sent away at call {}", stream / 2);
        if kind == HEADERS && flags & 1 == 1 && u32::from_be_bytes(id) == stream {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_after_their_refusal_are_no_fault_of_the_client() {
    const CALLS: u32 = 1_500;
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let mut socket = TcpStream::connect(platform.address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket.write_all(PREFACE).await.unwrap();
    let head = head(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", LIST),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]);
    // Nobody's calls, so that each is refused by its head; the message follows when the refusal is here.
    for stream in (0..CALLS).map(|call| call * 2 + 1) {
        socket.write_all(&http2_frame(1, 4, stream, &head)).await.unwrap();
        answer_of(&mut socket, stream).await;
        socket.write_all(&http2_frame(0, 1, stream, &wire::frame(&[0; 100]))).await.unwrap();
    }
    platform.stop().await;
}
