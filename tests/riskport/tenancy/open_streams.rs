//! Streams that are open at once.

use riskport::rpc::proto::{credit::StreamScoreCreditRequest, risk::WatchModelRequest, tenant::Quotas};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::quotas::set_all;
use crate::support::{
    applicant,
    platform::{Partner, Platform},
};

/// A stream that stays open as long as what is given is held.
async fn open(
    platform: &Platform,
    by: &Partner,
) -> Result<(mpsc::Sender<StreamScoreCreditRequest>, impl Sized), Status> {
    let (items, receiver) = mpsc::channel(1);
    let mut credit = platform.credit(by).await;
    let answers = credit.stream_score_credit(ReceiverStream::new(receiver)).await?;
    Ok((items, answers))
}

fn assert_full<T>(answer: Result<T, Status>) {
    let status = answer.err().unwrap();
    let details = status.get_error_details();
    let reason = &details.error_info().unwrap().reason;
    assert_eq!((status.code(), reason.as_str()), (Code::ResourceExhausted, "TOO_MANY_STREAMS"));
    assert_eq!(details.quota_failure().unwrap().violations[0].subject, "tenant:concurrent_streams");
    assert!(details.retry_info().is_some());
}

on_both!(streams_of_all_kinds_share_a_quota_and_give_it_back, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let quotas = Quotas { concurrent_streams: 2, ..Quotas::default() };
    set_all(&platform, "north-bank", quotas).await;
    let first = open(&platform, &bank).await.unwrap();
    let watch = WatchModelRequest { model: "models/card-behaviour".to_owned(), after_sequence: 0 };
    let watching = platform.models(&bank).await.watch_model(watch.clone()).await.unwrap();
    assert_full(open(&platform, &bank).await.map(drop));
    assert_full(platform.models(&bank).await.watch_model(watch).await);
    assert_full(platform.policies(&bank).await.change_list_entries(tokio_stream::iter([])).await);
    assert_full(platform.models(&bank).await.upload_model(tokio_stream::iter([])).await);
    // A unary call is no stream, and another tenant's are its own.
    platform.credit(&bank).await.score_credit(applicant::request("unary", 0)).await.unwrap();
    drop(open(&platform, &other).await.unwrap());
    // A larger quota lets one more in; one that ends makes room for another.
    set_all(&platform, "north-bank", Quotas { concurrent_streams: 3, ..quotas }).await;
    let third = open(&platform, &bank).await.unwrap();
    assert_full(open(&platform, &bank).await.map(drop));
    drop((first, watching, third));
    let mut again = Vec::new();
    while again.len() < 3 {
        match open(&platform, &bank).await {
            Ok(stream) => again.push(stream),
            // The server learns of the end a moment later.
            Err(status) => {
                assert_full::<()>(Err(status));
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }
    drop(again);
    platform.stop().await;
});
