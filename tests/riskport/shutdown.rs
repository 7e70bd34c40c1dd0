//! SIGTERM: no new calls, what was accepted is answered, and the program ends within ten seconds, whoever holds on.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use riskport::{
    cli::client::Signer,
    rpc::proto::credit::{
        StreamScoreCreditRequest, credit_score_service_client::CreditScoreServiceClient,
        stream_score_credit_response::Result as Item,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, service::interceptor::InterceptedService, transport::Channel};

use crate::support::{World, applicant, platform::Platform, process::Process};

/// What the program promises, with room for a busy machine.
const END_LIMIT: Duration = Duration::from_secs(11);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_an_open_stream_and_the_program() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let folder = platform.stop().await;
    let process = Process::start(&world.database, &folder.path().join("master.key"));
    let channel = Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap();
    let signer = Signer::new(Arc::clone(&bank.key), &bank.id, "riskport");
    let mut client = CreditScoreServiceClient::new(InterceptedService::new(channel, signer));
    // A connection that says nothing at all must not hold the end up either.
    let silent = std::net::TcpStream::connect(process.url.trim_start_matches("http://")).unwrap();

    let (items, receiver) = mpsc::channel(8);
    let mut answers = client.stream_score_credit(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    for at in 0..8 {
        let request = Some(applicant::request(&format!("item-{at}"), at));
        items.send(StreamScoreCreditRequest { request }).await.unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        assert!(matches!(answer.result, Some(Item::Response(_))), "{answer:?}");
    }
    let told = Instant::now();
    process.terminate();
    let ended = answers.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    let status = process.wait().await;
    assert!(status.success(), "the program ended with {status}");
    assert!(told.elapsed() < END_LIMIT, "the program took {:?} to end", told.elapsed());
    drop(silent);
}
