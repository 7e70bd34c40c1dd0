//! Verdicts: what adds up, one id one answer, and all that is wrong told at once.

use prost::Message;
use prost_types::{Value, value::Kind};
use riskport::rpc::proto::{
    credit::Language,
    decision::GetDecisionRequest,
    risk::{
        EvaluateRiskRequest, EvaluateRiskResponse, ModelKind, RevokeModelRequest, StreamEvaluateRiskRequest,
        StreamEvaluateRiskResponse, stream_evaluate_risk_response::Result as Item,
    },
};
use tonic::Code;

use super::{Upload, evaluate, predicted, promote, question, refused, trained, wrong};
use crate::support::{
    World, applicant, descriptors,
    platform::{Platform, token},
    wire::{self, Reply},
};

fn path(method: &str) -> String {
    descriptors::path(&descriptors::method(method))
}

/// What the contract says of every verdict that is explained.
fn assert_adds_up(answer: &EvaluateRiskResponse) {
    assert!(answer.explained, "{answer:?}");
    let sum = answer.base + answer.contributions.iter().map(|one| one.value).sum::<f64>();
    let size = answer.contributions.iter().map(|one| one.value.abs()).sum::<f64>() + answer.base.abs();
    assert!((sum - answer.raw).abs() <= 1e-9 * size.max(1.0), "{sum} instead of {}: {answer:?}", answer.raw);
    let reasons = answer.reasons.iter().map(|one| one.contribution).sum::<f64>();
    assert!(answer.reasons.len() <= 4 && answer.other_contribution >= 0.0);
    assert!(
        answer.reasons.iter().all(|one| one.contribution > 0.0 && !one.sentence.is_empty() && !one.code.is_empty())
    );
    assert!(answer.reasons.windows(2).all(|two| two[0].contribution >= two[1].contribution));
    // Against the best attribute, a scorecard's reasons are another sum.
    if answer.model_version.starts_with("models/late-payments/") {
        let raising = answer.contributions.iter().map(|one| one.value.max(0.0)).sum::<f64>();
        let told = reasons + answer.other_contribution;
        assert!((raising - told).abs() <= 1e-9 * size.max(1.0), "{told} instead of {raising}");
    }
}

on_both!(a_trained_model_predicts_as_in_its_library_and_its_verdicts_add_up, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let upload = trained::upload("late-payments");
    let version = upload.send(&mut client).await.unwrap();
    promote(&mut client, "late-payments", 1).await.unwrap();
    for (at, row) in upload.rows.iter().take(200).enumerate() {
        let request = EvaluateRiskRequest {
            request_id: format!("row-{at}"),
            subject: format!("client-{at}"),
            model: "models/late-payments".to_owned(),
            features: row.features.clone(),
            ..EvaluateRiskRequest::default()
        };
        let answer = evaluate(&mut client, request).await.unwrap();
        assert!((answer.prediction - row.expected).abs() < 1e-12, "row {at}: {}", answer.prediction);
        assert_eq!(answer.probability, Some(answer.prediction));
        assert_eq!((&answer.model_digest, &answer.manifest_digest), (&version.digest, &version.manifest_digest));
        assert_eq!((answer.score, answer.challenger, answer.band.as_str()), (None, false, ""));
        assert_adds_up(&answer);
        let missing = answer.contributions.iter().filter(|one| one.missing).count();
        assert_eq!(missing, 22 - row.features.as_ref().unwrap().fields.len());
    }
    platform.stop().await;
});

on_both!(a_scorecards_verdicts_add_up, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut client, mut credit) = (platform.models(&bank).await, platform.credit(&bank).await);
    for at in 0..50 {
        let scored = credit.score_credit(applicant::request(&format!("s-{at}"), at)).await.unwrap().into_inner();
        let request = EvaluateRiskRequest {
            request_id: format!("s-{at}"),
            subject: "anna".to_owned(),
            model: "models/card-behaviour".to_owned(),
            features: applicant::request("", at).features,
            ..EvaluateRiskRequest::default()
        };
        let answer = evaluate(&mut client, request).await.unwrap();
        assert_adds_up(&answer);
        assert_eq!((answer.score, answer.clamp_points), (Some(scored.score), scored.clamp_points));
        assert_eq!(answer.probability, Some(scored.probability_of_default));
        assert_eq!((answer.model_version, answer.band), (scored.model_version, scored.band));
        assert!(answer.target.is_some());
    }
    platform.stop().await;
});

async fn ask(platform: &Platform, token: &str, request: &EvaluateRiskRequest) -> Reply {
    wire::call(&platform.channel().await, &path("EvaluateRisk"), token, request).await
}

on_both!(one_id_has_one_answer_whatever_becomes_of_the_model, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let token = token(&bank, None);
    let mut client = platform.models(&bank).await;
    for low in [1.5, 2.5] {
        Upload::stump("stump", ModelKind::Generic, low, -1.0).send(&mut client).await.unwrap();
    }
    promote(&mut client, "stump", 1).await.unwrap();
    let request = question("one", "stump", "anna", Some(10.0));
    let first = ask(&platform, &token, &request).await;
    let answer = EvaluateRiskResponse::decode(first.message()).unwrap();
    assert!(!first.replayed() && answer.prediction == predicted(1.5, -1.0, Some(10.0)));

    // As an item of a stream, and after another version is in charge, it is the same answer.
    promote(&mut client, "stump", 2).await.unwrap();
    let again = ask(&platform, &token, &request).await;
    assert!(again.replayed() && again.message() == first.message());
    let item = StreamEvaluateRiskRequest { request: Some(request.clone()) };
    let streamed = wire::call(&platform.channel().await, &path("StreamEvaluateRisk"), &token, &item).await;
    let streamed = StreamEvaluateRiskResponse::decode(streamed.message()).unwrap();
    assert!(streamed.replayed && streamed.request_id == "one");
    let Some(Item::Response(response)) = streamed.result else { panic!("{streamed:?}") };
    assert_eq!(response.encode_to_vec(), first.message());
    let item = StreamEvaluateRiskRequest { request: Some(question("two", "stump", "anna", Some(10.0))) };
    let streamed = wire::call(&platform.channel().await, &path("StreamEvaluateRisk"), &token, &item).await;
    let again = ask(&platform, &token, &question("two", "stump", "anna", Some(10.0))).await;
    let streamed = StreamEvaluateRiskResponse::decode(streamed.message()).unwrap();
    let Some(Item::Response(response)) = streamed.result else { panic!("{streamed:?}") };
    assert!(again.replayed() && again.message() == response.encode_to_vec() && !streamed.replayed);
    assert_eq!(response.prediction, predicted(2.5, -1.0, Some(10.0)));

    // Row 35: other content under the id.
    for other in [
        EvaluateRiskRequest { subject: "berta".to_owned(), ..request.clone() },
        EvaluateRiskRequest { purpose: "limit".to_owned(), ..request.clone() },
        EvaluateRiskRequest { language: Language::Zh as i32, ..request.clone() },
        EvaluateRiskRequest { model: "models/card-behaviour".to_owned(), ..request.clone() },
        EvaluateRiskRequest { model: "models/nobodys".to_owned(), ..request.clone() },
        question("one", "stump", "anna", Some(11.0)),
        question("one", "stump", "anna", None),
    ] {
        let refused = ask(&platform, &token, &other).await;
        let found = (refused.code(), refused.reason());
        assert_eq!(found, (Code::FailedPrecondition, "REQUEST_ID_REUSED".to_owned()), "{other:?}");
    }
    // Scores have ids of their own.
    platform.credit(&bank).await.score_credit(applicant::request("one", 0)).await.unwrap();
    let kinds = world.raw().await.texts("SELECT kind FROM decisions ORDER BY seq").await;
    assert_eq!(kinds, ["risk_evaluation", "risk_evaluation", "credit_score"]);
    // What it was decided on is kept, sealed.
    let get = GetDecisionRequest { name: answer.decision, view: 2 };
    let found = platform.decisions(&bank).await.get_decision(get).await.unwrap().into_inner().decision.unwrap();
    assert_eq!(found.features, request.features);
    assert_eq!((found.model_version.as_str(), found.billable_units), ("models/stump/versions/1", 1));
    platform.stop().await;
});

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let mut upload = Upload::stump("stump", ModelKind::Generic, 1.5, -1.0);
    upload.header.manifest.as_mut().unwrap().features[0].max = Some(100.0);
    upload.send(&mut client).await.unwrap();
    promote(&mut client, "stump", 1).await.unwrap();
    let mut request = question("one", "stump", "", Some(100.5));
    let fields = &mut request.features.as_mut().unwrap().fields;
    fields.remove("age");
    fields.insert("shoe_size".to_owned(), Value { kind: Some(Kind::NumberValue(44.0)) });
    request.purpose = "a b".to_owned();
    let expected = ["features.age", "features.income", "features.shoe_size", "purpose", "subject"];
    assert_eq!(wrong(evaluate(&mut client, request.clone()).await), expected);
    (request.subject, request.purpose) = ("anna".to_owned(), String::new());
    assert_eq!(wrong(evaluate(&mut client, request.clone()).await), &expected[..3]);
    request.features.as_mut().unwrap().fields.insert("income".to_owned(), Value { kind: Some(Kind::BoolValue(true)) });
    assert_eq!(wrong(evaluate(&mut client, request).await), &expected[..3]);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 0);
    let revoke = RevokeModelRequest { model: "models/stump".to_owned(), tenant: "tenants/north-bank".to_owned() };
    assert_eq!(refused(client.revoke_model(revoke).await).0, Code::PermissionDenied);
    platform.stop().await;
}
