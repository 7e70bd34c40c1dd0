//! Lists of decisions: newest first, by time, kind and subject, in pages.

use prost_types::Timestamp;
use riskport::rpc::proto::decision::{DecisionKind, ListDecisionsRequest};
use tonic::Code;

use super::score;
use crate::support::platform::{Partner, Platform};

/// The request ids of every page, and how many pages there were.
async fn list(platform: &Platform, bank: &Partner, filter: ListDecisionsRequest) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut page_token) = (Vec::new(), 0, String::new());
    let mut decisions = platform.decisions(bank).await;
    loop {
        let request = ListDecisionsRequest { page_token: page_token.clone(), ..filter.clone() };
        let page = decisions.list_decisions(request).await.unwrap().into_inner();
        assert!(page.decisions.iter().all(|one| one.features.is_none() && one.credit_outcome.is_none()));
        ids.extend(page.decisions.into_iter().map(|one| one.request_id));
        pages += 1;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (ids, pages);
        }
    }
}

/// Seven decisions, named after their order and, by the applicant's number, their subject: `client-0` or `client-1`.
async fn seven(platform: &Platform, bank: &Partner) -> Vec<Timestamp> {
    let mut times = Vec::new();
    for at in 0..7 {
        times.push(score(platform, bank, &format!("d{at}"), at % 2).await.decide_time.unwrap());
    }
    times
}

on_both!(decisions_are_listed_newest_first_by_time_kind_and_subject, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let times = seven(&platform, &north).await;
    score(&platform, &south, "foreign", 0).await;
    let all = ["d6", "d5", "d4", "d3", "d2", "d1", "d0"];
    let filter = ListDecisionsRequest::default;
    assert_eq!(list(&platform, &north, filter()).await, (all.map(str::to_owned).to_vec(), 1));

    let kind = DecisionKind::CreditScore as i32;
    for page_size in [1, 2, 3, 6, 7, 8] {
        let (ids, pages) = list(&platform, &north, ListDecisionsRequest { page_size, kind, ..filter() }).await;
        assert_eq!(ids, all, "pages of {page_size}");
        assert_eq!(pages, all.len().div_ceil(usize::try_from(page_size).unwrap()), "pages of {page_size}");
    }
    // From the second on, and before the fifth: the start counts and the end does not.
    let between = ListDecisionsRequest { start_time: Some(times[1]), end_time: Some(times[4]), ..filter() };
    assert_eq!(list(&platform, &north, between).await.0, ["d3", "d2", "d1"]);
    let empty = ListDecisionsRequest { start_time: Some(times[4]), end_time: Some(times[4]), ..filter() };
    assert_eq!(list(&platform, &north, empty).await.0, Vec::<String>::new());

    let subject = |name: &str| ListDecisionsRequest { subject: name.to_owned(), page_size: 2, ..filter() };
    assert_eq!(list(&platform, &north, subject("client-1")).await, (["d5", "d3", "d1"].map(str::to_owned).to_vec(), 2));
    assert_eq!(list(&platform, &north, subject("client-9")).await.0, Vec::<String>::new());
    assert_eq!(list(&platform, &south, subject("client-1")).await.0, Vec::<String>::new());
    platform.stop().await;
});

on_both!(a_page_token_belongs_to_its_filter, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let times = seven(&platform, &north).await;
    let mut decisions = platform.decisions(&north).await;
    let filter =
        ListDecisionsRequest { subject: "client-0".to_owned(), page_size: 2, ..ListDecisionsRequest::default() };
    let page_token = decisions.list_decisions(filter.clone()).await.unwrap().into_inner().next_page_token;
    let next = ListDecisionsRequest { page_token, ..filter };
    // Another size is the same filter.
    let same = ListDecisionsRequest { page_size: 3, ..next.clone() };
    assert_eq!(decisions.list_decisions(same).await.unwrap().into_inner().decisions.len(), 2);
    let others = [
        ListDecisionsRequest { subject: "client-1".to_owned(), ..next.clone() },
        ListDecisionsRequest { subject: String::new(), ..next.clone() },
        ListDecisionsRequest { kind: DecisionKind::CreditScore as i32, ..next.clone() },
        ListDecisionsRequest { start_time: Some(times[0]), ..next.clone() },
        ListDecisionsRequest { end_time: Some(times[6]), ..next.clone() },
        ListDecisionsRequest { page_token: format!("{}A", next.page_token), ..next.clone() },
    ];
    for other in others {
        let refused = decisions.list_decisions(other.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{other:?}");
    }
    // Another tenant's token opens nothing: the subject's hash is under another key there.
    let foreign = platform.decisions(&south).await.list_decisions(next).await.unwrap_err();
    assert_eq!(foreign.code(), Code::InvalidArgument);
    platform.stop().await;
});
