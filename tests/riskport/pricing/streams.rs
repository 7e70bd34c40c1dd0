//! Prices on a stream: one answer an item, the same as a unary call gives.

use std::collections::BTreeMap;

use riskport::rpc::proto::pricing::{
    QuotePriceRequest, StreamQuotePriceRequest, StreamQuotePriceResponse, stream_quote_price_response::Result as Item,
};
use tonic::Code;

use super::asked::{Pricing, adds_up, loan, loan_to, quote};
use crate::support::platform::Platform;

const ITEMS: usize = 120;

async fn answers(pricing: &mut Pricing, items: Vec<QuotePriceRequest>) -> BTreeMap<String, StreamQuotePriceResponse> {
    let items = items.into_iter().map(|request| StreamQuotePriceRequest { request: Some(request) });
    let items = tokio_stream::iter(items.collect::<Vec<_>>());
    let mut stream = pricing.stream_quote_price(items).await.unwrap().into_inner();
    let mut answers = BTreeMap::new();
    while let Some(answer) = stream.message().await.unwrap() {
        let before = answers.insert(answer.request_id.clone(), answer);
        assert!(before.is_none(), "{before:?} was answered twice");
    }
    answers
}

on_both!(a_portfolio_is_priced_item_by_item_as_one_by_one, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let mut unary = BTreeMap::new();
    for at in 0..10 {
        let id = format!("q-{at}");
        unary.insert(id.clone(), quote(pricing.quote_price(loan_to(&id, "consumer-loan", at)).await.unwrap()));
    }
    let bad = |at: usize| QuotePriceRequest { loan: loan(1, 12), ..loan_to(&format!("bad-{at}"), "consumer-loan", at) };
    let mut items: Vec<_> = (0..ITEMS).map(|at| loan_to(&format!("q-{at}"), "consumer-loan", at)).collect();
    items.extend((0..5).map(bad));
    let told = answers(&mut pricing, items).await;
    assert_eq!(told.len(), ITEMS + 5);
    for (id, answer) in &told {
        match answer.result.as_ref().unwrap() {
            Item::Response(response) => {
                let quoted = response.quote.as_ref().unwrap();
                adds_up(quoted.price.as_ref().unwrap());
                assert_eq!(answer.replayed, unary.contains_key(id));
                assert!(unary.get(id).is_none_or(|before| before == quoted), "{id}");
            }
            Item::Error(error) => {
                assert!(id.starts_with("bad-"), "{error:?}");
                assert_eq!((error.code, error.violations.len()), (Code::InvalidArgument as i32, 1));
                assert_eq!(error.violations[0].field, "loan.principal.amount_minor");
            }
        }
    }
    let mut raw = world.raw().await;
    let stored = "SELECT COUNT(*) FROM decisions WHERE kind = 'price_quote'";
    assert_eq!(raw.integer(stored).await, i64::try_from(ITEMS).unwrap());
    platform.stop().await;
});
