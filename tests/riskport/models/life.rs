//! The life of a version: draft, validated, in charge, back again, retired; and what does not happen.

use riskport::rpc::proto::risk::{
    GetModelRequest, MissingPolicy, Model, ModelKind,
    ModelStage::{self, Challenger, Champion, Draft, Shadow, Validated},
    ReferenceRow,
};
use tonic::Code;

use super::{
    Client, Upload, evaluate, features, not_found, number, precondition, predicted, promote, question, refused, retire,
    roll_back, set_traffic, wrong,
};
use crate::support::platform::Platform;

async fn stage(client: &mut Client, version: i64) -> ModelStage {
    let name = format!("models/stump/versions/{version}");
    client.get_model(GetModelRequest { name }).await.unwrap().into_inner().version.unwrap().stage()
}

async fn stages<const N: usize>(client: &mut Client) -> [ModelStage; N] {
    let mut stages = [ModelStage::Unspecified; N];
    for (version, found) in (1..).zip(&mut stages) {
        *found = stage(client, version).await;
    }
    stages
}

fn in_charge(model: &Model) -> (i64, i64) {
    (model.champion_version, model.previous_version)
}

/// Versions 1 to `count`, each validated.
async fn upload(client: &mut Client, count: u32) {
    for low in 1..=count {
        let upload = Upload::stump("stump", ModelKind::Generic, f64::from(low), -1.0);
        assert_eq!(upload.send(client).await.unwrap().name, format!("models/stump/versions/{low}"));
    }
}

on_both!(versions_are_promoted_and_rolled_back, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    upload(&mut client, 3).await;
    Upload::stump("stump", ModelKind::Generic, 4.0, -1.0).draft().send(&mut client).await.unwrap();

    // Row 41: it is there, and no version of it is in charge.
    let asked = evaluate(&mut client, question("early", "stump", "anna", None)).await;
    assert_eq!(refused(asked), precondition("MODEL_NOT_ACTIVE"));
    assert_eq!(refused(roll_back(&mut client, "stump").await), precondition("NO_PREVIOUS_CHAMPION"));
    assert_eq!(refused(promote(&mut client, "stump", 4).await), precondition("MODEL_VERSION_NOT_VALIDATED"));
    assert_eq!(refused(promote(&mut client, "stump", 9).await), not_found());
    assert_eq!(refused(promote(&mut client, "nobodys", 1).await), not_found());

    assert_eq!(in_charge(&promote(&mut client, "stump", 1).await.unwrap()), (1, 0));
    // Once more changes nothing.
    assert_eq!(in_charge(&promote(&mut client, "stump", 1).await.unwrap()), (1, 0));
    let answer = evaluate(&mut client, question("early", "stump", "anna", None)).await.unwrap();
    assert_eq!(answer.model_version, "models/stump/versions/1");
    assert_eq!(in_charge(&promote(&mut client, "stump", 2).await.unwrap()), (2, 1));
    assert_eq!(
        stages(&mut client).await,
        [ModelStage::Retired, ModelStage::Champion, ModelStage::Validated, ModelStage::Draft]
    );
    assert_eq!(refused(promote(&mut client, "stump", 1).await), precondition("MODEL_VERSION_RETIRED"));

    assert_eq!(in_charge(&roll_back(&mut client, "stump").await.unwrap()), (1, 2));
    assert_eq!(
        stages(&mut client).await,
        [ModelStage::Champion, ModelStage::Retired, ModelStage::Validated, ModelStage::Draft]
    );
    let answer = evaluate(&mut client, question("back", "stump", "anna", None)).await.unwrap();
    assert_eq!((answer.prediction, &*answer.model_version), (predicted(1.0, 0.0, None), "models/stump/versions/1"));
    assert_eq!(in_charge(&roll_back(&mut client, "stump").await.unwrap()), (2, 1));
    assert_eq!(in_charge(&promote(&mut client, "stump", 3).await.unwrap()), (3, 2));
    assert_eq!(in_charge(&roll_back(&mut client, "stump").await.unwrap()), (2, 3));

    // The way back is lost with the version that it leads to.
    assert_eq!(refused(retire(&mut client, "stump", 2).await), precondition("MODEL_VERSION_IN_TRAFFIC"));
    assert_eq!(retire(&mut client, "stump", 3).await.unwrap().stage(), ModelStage::Retired);
    assert_eq!(refused(roll_back(&mut client, "stump").await), precondition("NO_PREVIOUS_CHAMPION"));
    assert_eq!(retire(&mut client, "stump", 4).await.unwrap().stage(), ModelStage::Retired);
    assert_eq!(refused(promote(&mut client, "stump", 4).await), precondition("MODEL_VERSION_RETIRED"));
    assert_eq!(refused(retire(&mut client, "stump", 9).await), not_found());

    let mut raw = world.raw().await;
    let actions = raw.texts("SELECT action FROM audit WHERE by_tenant_id = 'north-bank' ORDER BY seq").await;
    let expected = [
        &["upload_model"; 4][..],
        &["promote_model_version", "promote_model_version", "rollback_model", "rollback_model"],
        &["promote_model_version", "rollback_model", "retire_model_version", "retire_model_version"],
    ];
    assert_eq!(actions, expected.concat());
    let kids = raw.texts("SELECT DISTINCT by_kid FROM audit WHERE by_tenant_id = 'north-bank'").await;
    assert_eq!(kids, [bank.key.public.kid.as_str()]);
    platform.stop().await;
});

on_both!(who_stands_beside_the_champion, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    upload(&mut client, 4).await;
    Upload::stump("stump", ModelKind::Generic, 5.0, -1.0).draft().send(&mut client).await.unwrap();
    // Version 6 needs a feature that requests for the others do not have; 7 refuses incomes that the others take.
    let mut other = Upload::stump("stump", ModelKind::Generic, 6.0, -1.0);
    other.header.manifest.as_mut().unwrap().features[1] =
        riskport::rpc::proto::risk::FeatureSpec { input: "age".to_owned(), ..number("years", MissingPolicy::Accept) };
    other.rows = vec![ReferenceRow { features: None, expected: predicted(6.0, -1.0, None) }];
    other.send(&mut client).await.unwrap();
    let mut strict = Upload::stump("stump", ModelKind::Generic, 7.0, -1.0);
    strict.header.manifest.as_mut().unwrap().features[0].max = Some(100.0);
    strict.send(&mut client).await.unwrap();

    assert_eq!(refused(set_traffic(&mut client, "stump", (2, 30), &[]).await), precondition("MODEL_NOT_ACTIVE"));
    promote(&mut client, "stump", 1).await.unwrap();
    for (challenger, shadows, expected) in [
        ((1, 30), &[][..], precondition("MODEL_VERSION_IN_TRAFFIC")),
        ((0, 0), &[1], precondition("MODEL_VERSION_IN_TRAFFIC")),
        ((5, 30), &[], precondition("MODEL_VERSION_NOT_VALIDATED")),
        ((0, 0), &[5], precondition("MODEL_VERSION_NOT_VALIDATED")),
        ((9, 30), &[], not_found()),
        ((0, 0), &[9], not_found()),
        ((6, 30), &[], precondition("MODEL_SCHEMA_DIFFERS")),
        ((7, 30), &[], precondition("MODEL_SCHEMA_DIFFERS")),
    ] {
        let set = set_traffic(&mut client, "stump", challenger, shadows).await;
        assert_eq!(refused(set), expected, "{challenger:?} {shadows:?}");
    }
    let set = set_traffic(&mut client, "stump", (2, 30), &[4, 6]).await.unwrap();
    assert_eq!((set.challenger_version, set.challenger_percent, set.shadow_versions), (2, 30, vec![4, 6]));
    let found: [ModelStage; 7] = stages(&mut client).await;
    assert_eq!(found, [Champion, Challenger, Validated, Shadow, Draft, Shadow, Validated]);
    for taken in [2, 4, 6] {
        assert_eq!(refused(retire(&mut client, "stump", taken).await), precondition("MODEL_VERSION_IN_TRAFFIC"));
    }
    // The challenger wins: it is in charge, and no longer beside itself.
    let won = promote(&mut client, "stump", 2).await.unwrap();
    assert_eq!((won.champion_version, won.challenger_version, won.challenger_percent), (2, 0, 0));
    let set = set_traffic(&mut client, "stump", (0, 0), &[]).await.unwrap();
    assert_eq!((set.challenger_version, set.challenger_percent, set.shadow_versions.len()), (0, 0, 0));
    assert_eq!([stage(&mut client, 4).await, stage(&mut client, 6).await], [Validated, Validated]);
    assert_eq!(refused(set_traffic(&mut client, "nobodys", (2, 30), &[]).await).0, Code::NotFound);

    // A challenger that cannot take the requests of a new champion leaves with the old one.
    set_traffic(&mut client, "stump", (3, 50), &[]).await.unwrap();
    let lonely = promote(&mut client, "stump", 6).await.unwrap();
    assert_eq!((lonely.champion_version, lonely.challenger_version), (6, 0));
    assert_eq!(stage(&mut client, 3).await, Validated);
    let refusal = evaluate(&mut client, question("years", "stump", "anna", Some(1.0))).await;
    assert_eq!(wrong(refusal), ["features.age"]);
    assert!(features(None).fields.contains_key("age"));
    platform.stop().await;
});

on_both!(a_scorecard_does_not_challenge_one_with_other_characteristics, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let card = std::fs::read_to_string("tests/cases/shop-scorecard.json").unwrap();
    let manifest = riskport::rpc::proto::risk::ModelManifest {
        title: "Shop".to_owned(),
        kind: ModelKind::Credit as i32,
        ..Default::default()
    };
    for (name, version) in [("visits", 1), ("calls", 2)] {
        let file = card.replace("\"name\": \"visits\"", &format!("\"name\": \"{name}\"")).into_bytes();
        let mut upload = Upload::new("shop", manifest.clone(), file);
        // By hand: 520 + 20 (web) + 60 (paid before) - 10 - 20 + 0 for the rest; odds of 10 to 1 at 500 points.
        let value = |kind| prost_types::Value { kind: Some(kind) };
        let features = prost_types::Struct {
            fields: [
                ("channel".to_owned(), value(prost_types::value::Kind::StringValue("web".to_owned()))),
                ("paid_before".to_owned(), value(prost_types::value::Kind::BoolValue(true))),
            ]
            .into(),
        };
        let points = 520.0 - 10.0 + 20.0 + 60.0;
        let odds = 10.0 * ((points - 500.0_f64) / 40.0).exp2();
        upload.rows = vec![ReferenceRow { features: Some(features), expected: 1.0 / (1.0 + odds) }];
        assert_eq!(upload.send(&mut client).await.unwrap().name, format!("models/shop/versions/{version}"));
    }
    promote(&mut client, "shop", 1).await.unwrap();
    assert_eq!(refused(set_traffic(&mut client, "shop", (2, 30), &[]).await), precondition("MODEL_SCHEMA_DIFFERS"));
    platform.stop().await;
});
