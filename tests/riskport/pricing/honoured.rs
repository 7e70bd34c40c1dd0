//! A quote is honoured until it expires, once, whatever has become of the plan.

use std::time::Duration;

use riskport::rpc::proto::pricing::{AcceptQuoteRequest, AcceptQuoteResponse, GetQuoteRequest, Quote};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::asked::{Pricing, loan_spec, loan_to, not_found, precondition, put_in_charge, quote, refused};
use crate::support::platform::Platform;

async fn accept(client: &mut Pricing, quote: &Quote, request_id: &str) -> Result<AcceptQuoteResponse, Status> {
    let request = AcceptQuoteRequest { quote: quote.name.clone(), request_id: request_id.to_owned() };
    Ok(client.accept_quote(request).await?.into_inner())
}

on_both!(a_quote_is_accepted_at_its_price_after_the_plan_has_changed, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut pricing = platform.pricing(&bank).await;
    put_in_charge(&mut pricing, "loans", &loan_spec(600, 12_000)).await;
    let first = quote(pricing.quote_price(loan_to("q-1", "loans", 1)).await.unwrap());
    let second = quote(pricing.quote_price(loan_to("q-2", "loans", 2)).await.unwrap());
    let (decided, expires) = (first.decide_time.unwrap(), first.expire_time.unwrap());
    assert_eq!((expires.seconds - decided.seconds, expires.nanos), (600, decided.nanos));
    put_in_charge(&mut pricing, "loans", &loan_spec(600, 90_000)).await;
    let accepted = accept(&mut pricing, &first, "a-1").await.unwrap();
    assert_eq!(accepted.quote.as_ref(), Some(&first));
    let acceptance = accepted.acceptance.clone().unwrap();
    assert_eq!((acceptance.request_id.as_str(), acceptance.kid.as_str()), ("a-1", bank.key.public.kid.as_str()));

    // Once more is the same; under another id it is refused, and so is the id for another quote.
    assert_eq!(accept(&mut pricing, &first, "a-1").await.unwrap(), accepted);
    assert_eq!(refused(accept(&mut pricing, &first, "a-2").await), precondition("QUOTE_ACCEPTED"));
    assert_eq!(refused(accept(&mut pricing, &second, "a-1").await), precondition("REQUEST_ID_REUSED"));
    let mut others = platform.pricing(&other).await;
    assert_eq!(refused(accept(&mut others, &second, "a-1").await), not_found());

    let platform = platform.restart().await;
    let mut pricing = platform.pricing(&bank).await;
    let found = |quote: &Quote| GetQuoteRequest { name: quote.name.clone() };
    let first_now = pricing.get_quote(found(&first)).await.unwrap().into_inner();
    assert_eq!((first_now.quote, first_now.acceptance), (Some(first), accepted.acceptance));
    assert_eq!(pricing.get_quote(found(&second)).await.unwrap().into_inner().acceptance, None);
    platform.stop().await;
});

on_both!(an_expired_quote_is_not_accepted_and_an_accepted_one_stays_so, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    put_in_charge(&mut pricing, "loans", &loan_spec(2, 12_000)).await;
    let taken = quote(pricing.quote_price(loan_to("q-1", "loans", 1)).await.unwrap());
    let missed = quote(pricing.quote_price(loan_to("q-2", "loans", 2)).await.unwrap());
    let accepted = accept(&mut pricing, &taken, "a-1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(refused(accept(&mut pricing, &missed, "a-2").await), precondition("QUOTE_EXPIRED"));
    assert_eq!(accept(&mut pricing, &taken, "a-1").await.unwrap(), accepted);
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM quote_acceptances").await, 1);
    platform.stop().await;
});

on_both!(of_many_who_accept_at_once_one_does, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let quoted = quote(pricing.quote_price(loan_to("q-1", "consumer-loan", 1)).await.unwrap());
    let mut callers = JoinSet::new();
    for caller in 0..12 {
        let (mut pricing, quoted) = (platform.pricing(&bank).await, quoted.clone());
        callers.spawn(async move { accept(&mut pricing, &quoted, &format!("a-{caller}")).await });
    }
    let (accepted, refusals): (Vec<_>, Vec<_>) = callers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((accepted.len(), refusals.len()), (1, 11));
    assert!(refusals.into_iter().all(|refusal| refusal.unwrap_err().code() == Code::FailedPrecondition));
    platform.stop().await;
});
