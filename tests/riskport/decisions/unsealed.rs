//! The FULL view: what was decided on, exactly.

use prost_types::{Struct, Value, value::Kind};
use riskport::rpc::proto::decision::{DecisionView, GetDecisionRequest, decision::Reply};

use super::score;
use crate::support::{applicant, platform::Platform};

on_both!(the_full_view_gives_the_features_as_they_were_sent, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut request = applicant::request("first", 3);
    let fields = &mut request.features.as_mut().unwrap().fields;
    let set = |fields: &mut std::collections::BTreeMap<String, Value>, name: &str, kind| {
        fields.insert(name.to_owned(), Value { kind: Some(kind) });
    };
    // A number that has no short decimal form, and one that is missing.
    set(fields, "payment_amount_1", Kind::NumberValue(0.1 + 0.2));
    set(fields, "payment_amount_2", Kind::NullValue(0));
    let scored = platform.credit(&bank).await.score_credit(request.clone()).await.unwrap().into_inner();

    let mut decisions = platform.decisions(&bank).await;
    let mut get = async |view: DecisionView| {
        let request = GetDecisionRequest { name: scored.decision.clone(), view: view as i32 };
        decisions.get_decision(request).await.unwrap().into_inner().decision.unwrap()
    };
    let full = get(DecisionView::Full).await;
    let mut given: Struct = request.features.unwrap();
    given.fields.retain(|_, value| value.kind != Some(Kind::NullValue(0)));
    assert_eq!(full.features, Some(given));
    assert_eq!(full.reply, Some(Reply::CreditScore(scored.clone())));
    assert_eq!((full.subject_hmac.len(), full.input_commitment.len(), full.billable_units), (64, 64, 1));
    assert_eq!((full.request_id.as_str(), full.sequence), ("first", 1));
    assert_eq!(get(DecisionView::Basic).await.features, None);
    assert_eq!(get(DecisionView::Unspecified).await.features, None);

    // The same inputs again give another commitment, for the salt is another; the subject's hash is the same.
    let again = score(&platform, &bank, "second", 3).await;
    let request = GetDecisionRequest { name: again.decision, view: 0 };
    let again = platform.decisions(&bank).await.get_decision(request).await.unwrap().into_inner().decision.unwrap();
    assert_eq!(again.subject_hmac, full.subject_hmac);
    assert_ne!(again.input_commitment, full.input_commitment);

    // Erased inputs are gone from the full view, and the decision stays.
    world.raw().await.execute("DELETE FROM decision_inputs").await;
    let erased = get(DecisionView::Full).await;
    assert_eq!((erased.features, erased.input_commitment), (None, full.input_commitment));
    platform.stop().await;
});
