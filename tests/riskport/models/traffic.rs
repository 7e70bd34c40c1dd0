//! A challenger decides for its share of the subjects, always the same ones; a shadow is recorded, and never answers.

use std::collections::BTreeMap;

use riskport::rpc::proto::{
    decision::{Decision, GetDecisionRequest, TrafficRole, shadow_result::Reply},
    risk::{
        EvaluateRiskRequest, FeatureSpec, MissingPolicy, ModelKind, StreamEvaluateRiskRequest,
        stream_evaluate_risk_response::Result as Item,
    },
};
use tokio_stream::StreamExt;

use super::{Client, Upload, evaluate, number, predicted, promote, question, set_traffic};
use crate::support::platform::{Partner, Platform};

const SUBJECTS: usize = 2_000;

/// Which subjects the challenger decides for; every verdict is held against the version that it names.
async fn sides(client: &mut Client, run: &str, model: &str) -> Vec<bool> {
    let items: Vec<StreamEvaluateRiskRequest> = (0..SUBJECTS)
        .map(|at| question(&format!("{run}-{at}"), model, &format!("client-{at}"), None))
        .map(|request| StreamEvaluateRiskRequest { request: Some(request) })
        .collect();
    let mut answers = client.stream_evaluate_risk(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut sides = BTreeMap::new();
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        let Some(Item::Response(response)) = answer.result else { panic!("{answer:?}") };
        let (version, low) = if response.challenger { (2, 2.0) } else { (1, 1.0) };
        assert_eq!(response.model_version, format!("models/{model}/versions/{version}"));
        assert_eq!(response.prediction, predicted(low, -1.0, None));
        let at: usize = answer.request_id.rsplit('-').next().unwrap().parse().unwrap();
        assert_eq!(sides.insert(at, response.challenger), None);
    }
    assert_eq!(sides.len(), SUBJECTS);
    sides.into_values().collect()
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand subjects")]
fn share(sides: &[bool]) -> f64 {
    100.0 * sides.iter().filter(|side| **side).count() as f64 / sides.len() as f64
}

on_both!(a_challenger_decides_for_its_share_and_always_for_the_same, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    for model in ["stump", "other"] {
        for low in [1.0, 2.0] {
            Upload::stump(model, ModelKind::Generic, low, -1.0).send(&mut client).await.unwrap();
        }
        promote(&mut client, model, 1).await.unwrap();
        set_traffic(&mut client, model, (2, 30), &[]).await.unwrap();
    }
    let first = sides(&mut client, "first", "stump").await;
    let at_30 = share(&first);
    assert!((26.0..=34.0).contains(&at_30), "{at_30} in a hundred");
    assert_eq!(sides(&mut client, "again", "stump").await, first);
    // The subjects of one model's challenger are not those of another's: independently, 42 in a hundred differ.
    let other = sides(&mut client, "other", "other").await;
    let differ: Vec<bool> = first.iter().zip(&other).map(|(one, other)| one != other).collect();
    assert!((36.0..=48.0).contains(&share(&differ)), "{} in a hundred differ", share(&differ));

    set_traffic(&mut client, "stump", (2, 60), &[]).await.unwrap();
    let more = sides(&mut client, "more", "stump").await;
    let at_60 = share(&more);
    assert!((56.0..=64.0).contains(&at_60), "{at_60} in a hundred");
    assert!(first.iter().zip(&more).all(|(small, large)| *large || !small), "a larger share lost a subject");
    set_traffic(&mut client, "stump", (2, 10), &[]).await.unwrap();
    let less = sides(&mut client, "less", "stump").await;
    assert!(less.iter().zip(&first).all(|(small, large)| *large || !small), "a smaller share got a new subject");
    println!("of {SUBJECTS} subjects: {} at 10, {at_30} at 30, {at_60} at 60 in a hundred", share(&less));

    let mut raw = world.raw().await;
    for (role, version) in [("champion", 1), ("challenger", 2)] {
        let named =
            format!("SELECT COUNT(*) FROM decisions WHERE traffic_role = '{role}' AND model_version <> {version}");
        assert_eq!(raw.integer(&named).await, 0, "{role}");
    }
    let challenged = first.iter().chain(&first).chain(&other).chain(&more).chain(&less).filter(|side| **side).count();
    let recorded = raw.integer("SELECT COUNT(*) FROM decisions WHERE traffic_role = 'challenger'").await;
    assert_eq!(recorded, i64::try_from(challenged).unwrap());
    platform.stop().await;
});

async fn decision(platform: &Platform, bank: &Partner, name: &str) -> Decision {
    let request = GetDecisionRequest { name: name.to_owned(), view: 2 };
    platform.decisions(bank).await.get_decision(request).await.unwrap().into_inner().decision.unwrap()
}

on_both!(shadows_are_recorded_and_never_answer, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    for low in [1.0, 2.0, 3.0] {
        Upload::stump("stump", ModelKind::Generic, low, -1.0).send(&mut client).await.unwrap();
    }
    // Version 4 needs what nobody sends.
    let mut other = Upload::stump("stump", ModelKind::Generic, 4.0, -1.0);
    let years = FeatureSpec { input: "age".to_owned(), ..number("years", MissingPolicy::Refuse) };
    other.header.manifest.as_mut().unwrap().features[1] = years;
    for row in &mut other.rows {
        let fields = &mut row.features.as_mut().unwrap().fields;
        let age = fields.remove("age").unwrap();
        fields.insert("years".to_owned(), age);
    }
    other.send(&mut client).await.unwrap();
    promote(&mut client, "stump", 1).await.unwrap();
    set_traffic(&mut client, "stump", (2, 50), &[3, 4]).await.unwrap();

    let mut roles = BTreeMap::new();
    for at in 0..20 {
        let request = question(&format!("r-{at}"), "stump", &format!("client-{at}"), Some(10.0));
        let answer = evaluate(&mut client, request.clone()).await.unwrap();
        let (role, low) = if answer.challenger { (TrafficRole::Challenger, 2.0) } else { (TrafficRole::Champion, 1.0) };
        assert_eq!(answer.prediction, predicted(low, -1.0, Some(10.0)));
        let found = decision(&platform, &bank, &answer.decision).await;
        assert_eq!((found.traffic_role(), &found.model_version), (role, &answer.model_version));
        *roles.entry(found.traffic_role).or_insert(0) += 1;
        let [three, four] = &found.shadows[..] else { panic!("{:?}", found.shadows) };
        assert_eq!(three.model_version, "models/stump/versions/3");
        let Some(Reply::RiskEvaluation(shadow)) = &three.reply else { panic!("{three:?}") };
        assert_eq!(shadow.prediction, predicted(3.0, -1.0, Some(10.0)));
        assert_eq!((&shadow.decision, shadow.challenger), (&answer.decision, false));
        assert_eq!((&shadow.model_version, &shadow.model_digest), (&three.model_version, &three.model_digest));
        assert_eq!((four.model_version.as_str(), &four.reply), ("models/stump/versions/4", &None));
        // A repeat is the answer of whoever decided, and shadows nothing anew.
        assert_eq!(evaluate(&mut client, request).await.unwrap(), answer);
    }
    assert_eq!(roles.len(), 2, "only one side was met: {roles:?}");
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM shadow_results").await, 40);
    // No shadow is left once it is taken out.
    set_traffic(&mut client, "stump", (0, 0), &[]).await.unwrap();
    let answer = evaluate(
        &mut client,
        EvaluateRiskRequest { purpose: "later".to_owned(), ..question("later", "stump", "anna", None) },
    );
    let answer = answer.await.unwrap();
    assert!(decision(&platform, &bank, &answer.decision).await.shadows.is_empty());
    platform.stop().await;
});
