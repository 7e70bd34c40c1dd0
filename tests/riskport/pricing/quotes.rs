//! A quote is a decision: found again byte for byte, shown by the decision service, and gone for everybody else.

use prost::Message;
use riskport::rpc::proto::{
    decision::{DecisionKind, DecisionView, GetDecisionRequest, ListDecisionsRequest, decision::Reply},
    pricing::{GetQuoteRequest, PreviewPriceRequest, QuotePriceRequest, preview_price_request::Risk, price::Detail},
};

use super::asked::{
    activate, adds_up, create, loan, loan_spec, loan_to, not_found, precondition, put_in_charge, quote, refused,
};
use crate::support::platform::Platform;

on_both!(a_repeat_gets_the_same_bytes_whatever_has_become_of_the_plan, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    put_in_charge(&mut pricing, "loans", &loan_spec(60, 12_000)).await;
    let request = QuotePriceRequest { include_schedule: true, ..loan_to("q-1", "loans", 1) };
    let first = pricing.quote_price(request.clone()).await.unwrap();
    assert!(!first.metadata().contains_key("riskport-replayed"));
    let first = first.into_inner();
    // A dearer version, then none at all; then a new process.
    put_in_charge(&mut pricing, "loans", &loan_spec(60, 50_000)).await;
    let dearer = quote(pricing.quote_price(loan_to("q-2", "loans", 1)).await.unwrap());
    assert!(adds_up(&dearer.price.unwrap()) > adds_up(first.quote.as_ref().unwrap().price.as_ref().unwrap()));
    let retire = riskport::rpc::proto::pricing::RetireRatePlanRequest { plan: "ratePlans/loans".to_owned() };
    pricing.retire_rate_plan(retire).await.unwrap();
    assert_eq!(refused(pricing.quote_price(loan_to("q-3", "loans", 1)).await), not_found());
    let platform = platform.restart().await;
    let mut pricing = platform.pricing(&bank).await;
    let again = pricing.quote_price(request.clone()).await.unwrap();
    assert!(again.metadata().contains_key("riskport-replayed"));
    assert_eq!(again.into_inner().encode_to_vec(), first.encode_to_vec());
    // The same id for anything else is refused.
    for other in [
        QuotePriceRequest { subject: "client-2".to_owned(), ..request.clone() },
        QuotePriceRequest { plan: "ratePlans/consumer-loan".to_owned(), ..request.clone() },
        QuotePriceRequest { loan: loan(1_001_001, 12), ..request.clone() },
        QuotePriceRequest { loan: loan(1_001_000, 13), ..request.clone() },
        QuotePriceRequest { include_schedule: false, ..request.clone() },
        QuotePriceRequest { purpose: "other".to_owned(), ..request.clone() },
        QuotePriceRequest { risk: loan_to("q-1", "loans", 2).risk, ..request.clone() },
    ] {
        assert_eq!(refused(pricing.quote_price(other).await), precondition("REQUEST_ID_REUSED"));
    }
    platform.stop().await;
});

on_both!(a_quote_is_shown_as_the_decision_that_it_is_and_to_its_tenant_alone, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut pricing = platform.pricing(&bank).await;
    let request =
        QuotePriceRequest { include_schedule: true, purpose: "offer".to_owned(), ..loan_to("q-1", "consumer-loan", 5) };
    let answer = pricing.quote_price(request.clone()).await.unwrap().into_inner();
    let quoted = answer.quote.clone().unwrap();
    let Some(Detail::Loan(of)) = quoted.price.clone().unwrap().detail else { panic!("no loan") };
    assert_eq!(of.schedule.len(), 12);
    assert_eq!(of.schedule.last().unwrap().balance_minor, 0);

    let mut decisions = platform.decisions(&bank).await;
    let get = GetDecisionRequest { name: quoted.name.clone(), view: DecisionView::Full as i32 };
    let shown = decisions.get_decision(get.clone()).await.unwrap().into_inner().decision.unwrap();
    assert_eq!(shown.reply, Some(Reply::PriceQuote(answer)));
    assert_eq!((shown.kind(), shown.purpose.as_str()), (DecisionKind::PriceQuote, "offer"));
    assert_eq!((&shown.policy_digest, &shown.model_version), (&quoted.plan_digest, &quoted.model_version));
    assert_eq!((shown.billable_units, shown.model_digest), (1, quoted.model_digest.clone()));
    let features = shown.features.unwrap().fields;
    assert!(features.contains_key("credit_limit"), "{features:?}");
    let list = ListDecisionsRequest {
        kind: DecisionKind::PriceQuote as i32,
        subject: "client-5".to_owned(),
        ..ListDecisionsRequest::default()
    };
    let listed = decisions.list_decisions(list.clone()).await.unwrap().into_inner().decisions;
    let Some(Reply::PriceQuote(reply)) = &listed[0].reply else { panic!("no quote: {listed:?}") };
    let Some(Detail::Loan(of)) = reply.quote.clone().unwrap().price.unwrap().detail else { panic!("no loan") };
    assert!(of.schedule.is_empty() && listed.len() == 1);

    let find = GetQuoteRequest { name: quoted.name.clone() };
    assert_eq!(pricing.get_quote(find.clone()).await.unwrap().into_inner().quote.unwrap(), quoted);
    let mut others = platform.pricing(&other).await;
    assert_eq!(refused(others.get_quote(find).await), not_found());
    assert_eq!(refused(platform.decisions(&other).await.get_decision(get).await), not_found());
    assert!(platform.decisions(&other).await.list_decisions(list).await.unwrap().into_inner().decisions.is_empty());
    // The same id is another tenant's own.
    assert_ne!(quote(others.quote_price(request).await.unwrap()).name, quoted.name);
    platform.stop().await;
});

on_both!(a_preview_answers_what_the_quote_would_and_records_nothing, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let draft = create(&mut pricing, "loans", &loan_spec(60, 50_000)).await.unwrap();
    let quoted = loan_to("q-1", "loans", 9);
    let Some(riskport::rpc::proto::pricing::quote_price_request::Risk::Features(features)) = quoted.risk.clone() else {
        panic!("no features")
    };
    let request = PreviewPriceRequest {
        plan_version: draft.name.clone(),
        risk: Some(Risk::Features(features)),
        loan: quoted.loan.clone(),
        ..PreviewPriceRequest::default()
    };
    let mut raw = world.raw().await;
    let tables = "SELECT (SELECT COUNT(*) FROM decisions) + (SELECT COUNT(*) FROM decision_inputs)
        + (SELECT COUNT(*) FROM idempotency)";
    let before = raw.integer(tables).await;
    let tried = pricing.preview_price(request).await.unwrap().into_inner();
    assert_eq!(raw.integer(tables).await, before);
    assert_eq!(tried.plan_digest, draft.digest);
    // What is a draft gives no quotes.
    assert_eq!(refused(pricing.quote_price(quoted.clone()).await), not_found());
    activate(&mut pricing, &draft.name).await.unwrap();
    let quoted = quote(pricing.quote_price(quoted).await.unwrap());
    assert_eq!((quoted.price, quoted.risk), (tried.price, tried.risk));
    platform.stop().await;
});
