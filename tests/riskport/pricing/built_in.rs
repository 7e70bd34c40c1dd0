//! The platform's own plans, end to end: a score to a loan, a check to a premium.

use std::time::Duration;

use riskport::rpc::proto::{
    credit::ScoreCreditRequest,
    pricing::{
        GetRatePlanVersionRequest, PreviewPriceRequest, QuotePriceRequest, RatePlanStage, preview_price_request,
        price::Detail, quote_price_request::Risk,
    },
};

use super::asked::{
    adds_up, check_of, loan_spec, loan_to, not_found, precondition, put_in_charge, quote, refused, version_name,
};
use crate::support::{applicant, platform::Platform};

on_both!(a_loan_is_priced_by_the_score_of_a_decision_or_of_features_alike, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let scored = platform.credit(&bank).await.score_credit(applicant::request("s-1", 7)).await.unwrap().into_inner();
    let by_features = quote(pricing.quote_price(loan_to("q-1", "consumer-loan", 7)).await.unwrap());
    let by_decision =
        QuotePriceRequest { risk: Some(Risk::Decision(scored.decision.clone())), ..loan_to("q-2", "consumer-loan", 7) };
    let by_decision = quote(pricing.quote_price(by_decision).await.unwrap());
    assert_eq!(by_decision.price, by_features.price);
    assert_eq!(by_decision.risk, by_features.risk);
    assert_eq!(by_decision.risk, format!("{:.12}", scored.probability_of_default));
    assert_eq!(
        (by_decision.risk_decision.as_str(), by_features.risk_decision.as_str()),
        (scored.decision.as_str(), "")
    );
    assert_eq!((&by_decision.model_version, &by_decision.model_digest), (&scored.model_version, &scored.model_digest));
    assert_eq!(by_decision.plan_version, version_name("consumer-loan", 1));
    let Some(Detail::Loan(of)) = by_decision.price.unwrap().detail else { panic!("no loan") };
    let apr: f64 = of.apr_nominal.parse().unwrap();
    assert!(apr > of.annual_rate.parse().unwrap(), "the fee costs something: {of:?}");
    assert!(of.schedule.is_empty() && of.instalment_minor <= of.last_instalment_minor);
    platform.stop().await;
});

on_both!(account_safety_costs_88_to_288_fen_and_never_less_for_a_riskier_user, async |world| {
    let platform = Platform::start(world).await;
    let shop = platform.onboard("harbour-shop").await;
    let (mut pricing, mut fraud) = (platform.pricing(&shop).await, platform.fraud(&shop).await);
    let plan = GetRatePlanVersionRequest { name: version_name("account-safety", 1) };
    let plan = pricing.get_rate_plan_version(plan).await.unwrap().into_inner().version.unwrap();
    assert!(plan.platform && plan.stage() == RatePlanStage::Active && plan.kid.is_empty());
    let mut premiums = Vec::new();
    for at in 0..20_u32 {
        // One user after another behind one device: each finds it shared by more.
        let check = check_of(&format!("e-{at}"), &format!("user-{at}"));
        let checked = fraud.check_fraud(check).await.unwrap().into_inner();
        let request = QuotePriceRequest {
            request_id: format!("q-{at}"),
            subject: format!("user-{at}"),
            plan: "ratePlans/account-safety".to_owned(),
            risk: Some(Risk::Decision(checked.decision_name)),
            ..QuotePriceRequest::default()
        };
        let quoted = quote(pricing.quote_price(request).await.unwrap());
        assert_eq!(quoted.risk, format!("{:.12}", f64::from(checked.score.unwrap()) / 1e3));
        let price = quoted.price.unwrap();
        let Some(Detail::Insurance(of)) = &price.detail else { panic!("no insurance") };
        assert_eq!((of.cover_minor, of.period_months), (100_000_000, 12));
        premiums.push((checked.score.unwrap(), adds_up(&price)));
    }
    // And every score that there is, by the same plan.
    for score in (0..=1_000).step_by(50) {
        let risk = preview_price_request::Risk::Probability(format!("{:.3}", f64::from(score) / 1e3));
        let request = PreviewPriceRequest {
            plan_version: version_name("account-safety", 1),
            risk: Some(risk),
            ..PreviewPriceRequest::default()
        };
        let price = pricing.preview_price(request).await.unwrap().into_inner().price.unwrap();
        premiums.push((score, adds_up(&price)));
    }
    premiums.sort_unstable();
    assert!(premiums.is_sorted_by_key(|(_, premium)| *premium), "{premiums:?}");
    let (least, most) = (premiums.first().unwrap().1, premiums.last().unwrap().1);
    assert_eq!((least, most), (88, 288), "{premiums:?}");
    platform.stop().await;
});

on_both!(a_decision_that_cannot_bring_the_risk_is_refused, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut pricing = platform.pricing(&bank).await;
    let mut short = loan_spec(60, 12_000);
    short.risk.max_age_seconds = 1;
    put_in_charge(&mut pricing, "short", &short).await;
    let score: ScoreCreditRequest = applicant::request("s-1", 3);
    let scored = platform.credit(&bank).await.score_credit(score.clone()).await.unwrap().into_inner();
    let foreign = platform.credit(&other).await.score_credit(score).await.unwrap().into_inner();
    let ask = |id: &str, plan: &str, at: usize, decision: &str| QuotePriceRequest {
        risk: Some(Risk::Decision(decision.to_owned())),
        ..loan_to(id, plan, at)
    };
    // Of another subject; of another kind; another tenant's; too old.
    let wrong = pricing.quote_price(ask("q-1", "consumer-loan", 4, &scored.decision)).await;
    assert_eq!(refused(wrong), precondition("DECISION_UNSUITABLE"));
    let safety = QuotePriceRequest { loan: None, ..ask("q-2", "account-safety", 3, &scored.decision) };
    assert_eq!(refused(pricing.quote_price(safety).await), precondition("DECISION_UNSUITABLE"));
    let wrong = pricing.quote_price(ask("q-3", "consumer-loan", 3, &foreign.decision)).await;
    assert_eq!(refused(wrong), not_found());
    let quoted = quote(pricing.quote_price(ask("q-4", "short", 3, &scored.decision)).await.unwrap());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let late = pricing.quote_price(ask("q-5", "short", 3, &scored.decision)).await;
    assert_eq!(refused(late), precondition("DECISION_TOO_OLD"));
    // What was quoted is found again all the same.
    let again = pricing.quote_price(ask("q-4", "short", 3, &scored.decision)).await.unwrap();
    assert!(again.metadata().contains_key("riskport-replayed"));
    assert_eq!(quote(again), quoted);
    // A quote is a decision, and brings no risk.
    let wrong = pricing.quote_price(ask("q-6", "consumer-loan", 3, &quoted.name)).await;
    assert_eq!(refused(wrong), precondition("DECISION_UNSUITABLE"));
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions WHERE kind = 'price_quote'").await, 1);
    platform.stop().await;
});
