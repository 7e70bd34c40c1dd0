//! Credit scores by a partner's own model: whole points that add up exactly.

use riskport::rpc::proto::{credit::ScoreCreditRequest, risk::ModelKind};

use super::{Upload, as_credit, features, manifest, precondition, predicted, promote, refused, stump};
use crate::support::{applicant, platform::Platform};

fn request(id: &str, model: &str, income: Option<f64>) -> ScoreCreditRequest {
    ScoreCreditRequest {
        request_id: id.to_owned(),
        subject: "anna".to_owned(),
        model: model.to_owned(),
        features: Some(features(income)),
        ..ScoreCreditRequest::default()
    }
}

on_both!(a_partners_own_credit_model_scores_in_points_that_add_up, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut client, mut credit) = (platform.models(&bank).await, platform.credit(&bank).await);
    let version = Upload::stump("own", ModelKind::Credit, -0.7, -3.9).send(&mut client).await.unwrap();
    promote(&mut client, "own", 1).await.unwrap();
    for (at, income) in [None, Some(10.0), Some(50.0), Some(51.0), Some(1e9)].into_iter().enumerate() {
        let score = credit.score_credit(request(&format!("o-{at}"), "models/own", income)).await.unwrap().into_inner();
        let pd = predicted(-0.7, -3.9, income);
        assert!((score.probability_of_default - pd).abs() < 1e-12);
        // 600 points at odds of 20 to 1, 40 points double them (Siddiqi).
        let exact = 600.0 + 40.0 * (((1.0 - pd) / pd) / 20.0).log2();
        assert!((f64::from(score.score) - exact).abs() <= 0.5 + 1e-9, "{} instead of {exact}", score.score);
        let sum: i32 = score.contributions.iter().map(|one| one.points).sum();
        assert_eq!(score.score, score.base_points + sum + score.clamp_points);
        assert_eq!(score.band, if score.score >= 600 { "A" } else { "B" });
        assert_eq!((score.model_version.as_str(), &score.model_digest), ("models/own/versions/1", &version.digest));
    }
    // Clamped scores add up as well.
    let extreme =
        Upload { rows: Vec::new(), ..Upload::new("far", as_credit(manifest(ModelKind::Credit)), stump(60.0, -60.0)) };
    extreme.send(&mut client).await.unwrap();
    assert_eq!(refused(promote(&mut client, "far", 1).await), precondition("MODEL_VERSION_NOT_VALIDATED"));
    Upload::stump("clamped", ModelKind::Credit, 12.0, -30.0).send(&mut client).await.unwrap();
    promote(&mut client, "clamped", 1).await.unwrap();
    for (id, income, expected) in [("low", Some(1.0), 300), ("high", Some(99.0), 900)] {
        let score = credit.score_credit(request(id, "models/clamped", income)).await.unwrap().into_inner();
        let sum: i32 = score.contributions.iter().map(|one| one.points).sum();
        assert_eq!((score.score, score.score), (expected, score.base_points + sum + score.clamp_points));
        assert_ne!(score.clamp_points, 0);
    }
    platform.stop().await;
});

on_both!(what_is_no_credit_model_gives_no_score_and_the_default_stays, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut client, mut credit) = (platform.models(&bank).await, platform.credit(&bank).await);
    for (model, kind) in [("own", ModelKind::Credit), ("fraud", ModelKind::Fraud), ("plain", ModelKind::Generic)] {
        Upload::stump(model, kind, 1.5, -1.0).send(&mut client).await.unwrap();
        promote(&mut client, model, 1).await.unwrap();
    }
    for model in ["fraud", "plain"] {
        let asked = credit.score_credit(request("one", &format!("models/{model}"), None)).await;
        assert_eq!(refused(asked), precondition("MODEL_UNSUITABLE"), "{model}");
    }
    let score = credit.score_credit(applicant::request("one", 0)).await.unwrap().into_inner();
    assert!(score.model_version.starts_with("models/card-behaviour/versions/"), "{}", score.model_version);
    platform.stop().await;
});
