//! A restart forgets nothing that was decided: lineups, decisions, shadows.

use prost::Message;
use riskport::{
    config::SettingsSource,
    ops::App,
    rpc::proto::{
        decision::GetDecisionRequest,
        risk::{GetModelRequest, ModelKind},
    },
    vault::MasterKey,
};
use tokio::task::JoinSet;

use super::{Upload, evaluate, promote, question, set_traffic};
use crate::support::{
    descriptors,
    platform::{Platform, token},
    wire,
};

on_both!(a_restart_forgets_nothing, async |world| {
    let mut platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    for low in [1.0, 2.0, 3.0] {
        Upload::stump("stump", ModelKind::Generic, low, -1.0).send(&mut client).await.unwrap();
    }
    promote(&mut client, "stump", 1).await.unwrap();
    set_traffic(&mut client, "stump", (2, 50), &[3]).await.unwrap();
    let name = || GetModelRequest { name: "models/stump".to_owned() };
    let before = client.get_model(name()).await.unwrap().into_inner();
    let path = descriptors::path(&descriptors::method("EvaluateRisk"));
    let mut answers = Vec::new();
    for at in 0..20 {
        let request = question(&format!("r-{at}"), "stump", &format!("client-{at}"), Some(f64::from(at) * 5.0));
        let reply = wire::call(&platform.channel().await, &path, &token(&bank, None), &request).await;
        let answer = riskport::rpc::proto::risk::EvaluateRiskResponse::decode(reply.message()).unwrap();
        let decision = GetDecisionRequest { name: answer.decision, view: 2 };
        let decision = platform.decisions(&bank).await.get_decision(decision).await.unwrap().into_inner();
        answers.push((request, reply.message().to_vec(), decision));
    }
    for _ in 0..2 {
        drop(client);
        platform = platform.restart().await;
        client = platform.models(&bank).await;
        assert_eq!(client.get_model(name()).await.unwrap().into_inner(), before);
        for (request, message, decision) in &answers {
            let again = wire::call(&platform.channel().await, &path, &token(&bank, None), request).await;
            assert!(again.replayed() && again.message() == message, "{}", request.request_id);
            let name = decision.decision.clone().unwrap().name;
            let found = platform.decisions(&bank).await.get_decision(GetDecisionRequest { name, view: 2 }).await;
            assert_eq!(found.unwrap().into_inner(), *decision);
        }
        // What is decided anew falls to the same side as before.
        for (request, message, _) in &answers {
            let anew = question(
                &format!("{}-{}", request.request_id, platform.address.port()),
                "stump",
                &request.subject,
                None,
            );
            let answer = evaluate(&mut client, anew).await.unwrap();
            let first = riskport::rpc::proto::risk::EvaluateRiskResponse::decode(message.as_slice()).unwrap();
            assert_eq!((answer.model_version, answer.challenger), (first.model_version, first.challenger));
        }
    }
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM audit WHERE action = 'publish_built_in'").await, 2);
    platform.stop().await;
});

on_both!(processes_that_start_at_once_publish_the_built_in_models_and_plans_once, async |world| {
    let folder = tempfile::tempdir().unwrap();
    let master_key_file = folder.path().join("master.key");
    MasterKey::create(&master_key_file).unwrap();
    let listen = Some("127.0.0.1:0".parse().unwrap());
    let source = SettingsSource { listen, master_key_file: Some(master_key_file), ..SettingsSource::default() };
    let mut settings = source.validate().unwrap();
    settings.database = world.database.clone();
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let settings = settings.clone();
        starting.spawn(async move { App::start(&settings).await.unwrap() });
    }
    for (app, writer) in starting.join_all().await {
        writer.finish().await;
        app.close().await;
    }
    let mut raw = world.raw().await;
    for (table, count) in [("models", 2), ("model_versions", 2), ("rate_plans", 2), ("audit", 4)] {
        assert_eq!(raw.integer(&format!("SELECT COUNT(*) FROM {table}")).await, count, "{table}");
    }
    assert_eq!(raw.texts("SELECT stage FROM model_versions").await, ["champion", "champion"]);
    assert_eq!(raw.texts("SELECT stage FROM rate_plans").await, ["active", "active"]);
});
