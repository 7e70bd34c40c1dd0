//! Nobody's model is anybody else's; the platform's are whose the operator says.

use std::time::{Duration, Instant};

use riskport::rpc::proto::{
    credit::ScoreCreditRequest,
    risk::{
        GetModelRequest, GrantModelRequest, ListModelVersionsRequest, ListModelsRequest, ModelKind, ReferenceRow,
        RevokeModelRequest, ValidateModelVersionRequest,
    },
};
use tonic::Code;

use super::{
    Client, Upload, evaluate, features, not_found, precondition, predicted, promote, question, refused, retire,
    roll_back, set_traffic,
};
use crate::support::platform::{Partner, Platform, is_postgres};

/// Every method that names a model, and what it is answered.
async fn everywhere(platform: &Platform, caller: &Partner, model: &str) -> Vec<(&'static str, (Code, String))> {
    let mut client = platform.models(caller).await;
    let (name, version) = (format!("models/{model}"), format!("models/{model}/versions/1"));
    let rows = vec![ReferenceRow { features: Some(features(None)), expected: predicted(1.0, -1.0, None) }];
    let validate = ValidateModelVersionRequest { name: version.clone(), rows, tolerance: 0.0 };
    let versions = ListModelVersionsRequest { model: name.clone(), ..Default::default() };
    let score = ScoreCreditRequest {
        request_id: "foreign".to_owned(),
        subject: "anna".to_owned(),
        model: name.clone(),
        features: Some(features(None)),
        ..ScoreCreditRequest::default()
    };
    vec![
        ("GetModel", refused(client.get_model(GetModelRequest { name }).await)),
        ("GetModel, version", refused(client.get_model(GetModelRequest { name: version }).await)),
        ("ListModelVersions", refused(client.list_model_versions(versions).await)),
        ("ValidateModelVersion", refused(client.validate_model_version(validate).await)),
        ("PromoteModelVersion", refused(promote(&mut client, model, 1).await)),
        ("RollbackModel", refused(roll_back(&mut client, model).await)),
        ("SetModelTraffic", refused(set_traffic(&mut client, model, (1, 30), &[]).await)),
        ("RetireModelVersion", refused(retire(&mut client, model, 1).await)),
        ("EvaluateRisk", refused(evaluate(&mut client, question("foreign", model, "anna", None)).await)),
        ("ScoreCredit", refused(platform.credit(caller).await.score_credit(score).await)),
    ]
}

on_both!(another_tenants_model_is_as_one_that_never_was, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut client = platform.models(&north).await;
    Upload::stump("cards", ModelKind::Credit, 1.0, -1.0).send(&mut client).await.unwrap();
    Upload::stump("cards", ModelKind::Credit, 2.0, -1.0).draft().send(&mut client).await.unwrap();
    promote(&mut client, "cards", 1).await.unwrap();
    let never = everywhere(&platform, &south, "never-was").await;
    assert!(never.iter().all(|(_, answer)| *answer == not_found()), "{never:?}");
    assert_eq!(everywhere(&platform, &south, "cards").await, never);
    let listed = platform.models(&south).await.list_models(ListModelsRequest::default()).await.unwrap().into_inner();
    let names: Vec<&str> = listed.models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["models/card-behaviour", "models/fraud-simulated"]);
    // The operator reads no partner's models either.
    let mut operator = platform.models(&platform.operator()).await;
    let found = operator.get_model(GetModelRequest { name: "models/cards".to_owned() }).await;
    assert_eq!(refused(found), not_found());
    // The name is free to everybody, and each has its own under it.
    let mut other = platform.models(&south).await;
    Upload::stump("cards", ModelKind::Fraud, 3.0, -1.0).send(&mut other).await.unwrap();
    promote(&mut other, "cards", 1).await.unwrap();
    for (client, low) in [(&mut client, 1.0), (&mut other, 3.0)] {
        let answer = evaluate(client, question("own", "cards", "anna", None)).await.unwrap();
        assert_eq!(answer.prediction, predicted(low, -1.0, None));
    }
    platform.stop().await;
});

on_both!(a_partner_uses_the_platforms_models_and_changes_none, async |world| {
    let platform = Platform::start(world).await;
    let north = platform.onboard("north-bank").await;
    let mut client = platform.models(&north).await;
    let seen =
        client.get_model(GetModelRequest { name: "models/card-behaviour".to_owned() }).await.unwrap().into_inner();
    assert!(seen.model.unwrap().platform);
    // It says what a request must give, though its file says it and nobody wrote it into a manifest.
    let manifest = seen.version.unwrap().manifest.unwrap();
    assert!(manifest.features.iter().any(|one| one.name == "credit_limit") && manifest.scaling.is_some());
    let rows = vec![ReferenceRow { features: Some(features(None)), expected: 0.5 }];
    let name = "models/card-behaviour/versions/1".to_owned();
    let validate = client.validate_model_version(ValidateModelVersionRequest { name, rows, tolerance: 0.0 }).await;
    assert_eq!(refused(validate), not_found());
    assert_eq!(refused(promote(&mut client, "card-behaviour", 1).await), not_found());
    assert_eq!(refused(roll_back(&mut client, "card-behaviour").await), not_found());
    assert_eq!(refused(set_traffic(&mut client, "card-behaviour", (1, 30), &[]).await), not_found());
    assert_eq!(refused(retire(&mut client, "card-behaviour", 1).await), not_found());
    platform.stop().await;
});

on_both!(a_partner_sees_versions_of_the_platform_that_took_part_and_not_who_made_them, async |world| {
    let platform = Platform::start(world).await;
    let north = platform.onboard("north-bank").await;
    let (mut operator, mut client) = (platform.models(&platform.operator()).await, platform.models(&north).await);
    Upload::stump("shared", ModelKind::Generic, 1.0, -1.0).send(&mut operator).await.unwrap();
    operator.grant_model(grant().0).await.unwrap();
    let model = || GetModelRequest { name: "models/shared".to_owned() };
    let second = || GetModelRequest { name: "models/shared/versions/2".to_owned() };
    let untried = client.get_model(model()).await.unwrap().into_inner();
    assert!(untried.model.is_some() && untried.version.is_none(), "{untried:?}");
    promote(&mut operator, "shared", 1).await.unwrap();
    Upload::stump("shared", ModelKind::Generic, 2.0, -1.0).send(&mut operator).await.unwrap();
    assert_eq!(refused(client.get_model(second()).await), not_found());
    let list = || ListModelVersionsRequest { model: "models/shared".to_owned(), ..Default::default() };
    let seen = client.list_model_versions(list()).await.unwrap().into_inner().versions;
    let own = operator.list_model_versions(list()).await.unwrap().into_inner().versions;
    assert_eq!((seen.len(), own.len()), (1, 2));
    assert!(seen[0].upload_kid.is_empty() && seen[0].name.ends_with("/versions/1"), "{seen:?}");
    assert!(own.iter().all(|version| !version.upload_kid.is_empty()), "{own:?}");
    let champion = client.get_model(model()).await.unwrap().into_inner().version.unwrap();
    assert!(champion.upload_kid.is_empty() && champion.manifest.is_some());
    set_traffic(&mut operator, "shared", (0, 0), &[2]).await.unwrap();
    assert!(client.get_model(second()).await.is_ok());
    platform.stop().await;
});

fn grant() -> (GrantModelRequest, RevokeModelRequest) {
    let (model, tenant) = ("models/shared".to_owned(), "tenants/north-bank".to_owned());
    (GrantModelRequest { model: model.clone(), tenant: tenant.clone() }, RevokeModelRequest { model, tenant })
}

/// How long it takes until a verdict can be had, or cannot.
async fn until(client: &mut Client, run: &str, granted: bool) -> Duration {
    let begun = Instant::now();
    for at in 0.. {
        let answer = evaluate(client, question(&format!("{run}-{at}"), "shared", "anna", None)).await;
        match answer {
            Ok(_) if granted => break,
            Err(status) if !granted && status.code() == Code::NotFound => break,
            Err(status) if status.code() != Code::NotFound => panic!("{status:?}"),
            _ => assert!(begun.elapsed() < Duration::from_secs(20), "{run}: nothing changed"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

on_both!(a_model_of_the_platform_is_granted_and_revoked, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut operator = platform.models(&platform.operator()).await;
    let mut client = platform.models(&north).await;
    let (give, take) = grant();
    assert_eq!(refused(operator.grant_model(give.clone()).await), not_found());
    Upload::stump("shared", ModelKind::Generic, 1.0, -1.0).send(&mut operator).await.unwrap();
    promote(&mut operator, "shared", 1).await.unwrap();
    assert!(everywhere(&platform, &north, "shared").await.iter().all(|(_, answer)| *answer == not_found()));
    assert_eq!(refused(client.grant_model(give.clone()).await).0, Code::PermissionDenied);
    let nobody = GrantModelRequest { tenant: "tenants/nobody".to_owned(), ..give.clone() };
    assert_eq!(refused(operator.grant_model(nobody).await), not_found());

    let other = if is_postgres(&world.database) { Some(platform.beside().await) } else { None };
    for round in 0..2 {
        operator.grant_model(give.clone()).await.unwrap();
        operator.grant_model(give.clone()).await.unwrap();
        let here = until(&mut client, &format!("give-{round}"), true).await;
        assert!(here < Duration::from_secs(1), "{here:?}");
        let found = client.get_model(GetModelRequest { name: "models/shared".to_owned() }).await.unwrap().into_inner();
        assert!(found.model.unwrap().platform);
        assert_eq!(refused(promote(&mut client, "shared", 1).await), not_found());
        let taken = Upload::stump("shared", ModelKind::Generic, 2.0, -1.0).send(&mut client).await;
        assert_eq!(refused(taken), precondition("MODEL_NAME_TAKEN"));
        if let Some(other) = &other {
            let mut there = other.models(&north).await;
            let took = until(&mut there, &format!("there-{round}"), true).await;
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        operator.revoke_model(take.clone()).await.unwrap();
        operator.revoke_model(take.clone()).await.unwrap();
        let here = until(&mut client, &format!("take-{round}"), false).await;
        assert!(here < Duration::from_secs(1), "{here:?}");
        if let Some(other) = &other {
            let mut there = other.models(&north).await;
            let took = until(&mut there, &format!("gone-{round}"), false).await;
            assert!(took < Duration::from_secs(5), "{took:?}");
            println!("another process knew of it after {took:?}");
        }
    }
    let mut raw = world.raw().await;
    let changes = "SELECT action || ' ' || tenant_id || ' ' || target FROM audit
        WHERE action IN ('grant_model', 'revoke_model') ORDER BY seq";
    let row = |action: &str| format!("{action} north-bank tenants/operator/models/shared");
    assert_eq!(
        raw.texts(changes).await,
        [row("grant_model"), row("revoke_model"), row("grant_model"), row("revoke_model")]
    );
    // Who has a model of that name is not given another.
    Upload::stump("shared", ModelKind::Generic, 2.0, -1.0).send(&mut platform.models(&south).await).await.unwrap();
    let clash = GrantModelRequest { tenant: "tenants/south-bank".to_owned(), ..give };
    assert_eq!(refused(operator.grant_model(clash).await), precondition("MODEL_NAME_TAKEN"));
    if let Some(other) = other {
        other.stop().await;
    }
    platform.stop().await;
});
