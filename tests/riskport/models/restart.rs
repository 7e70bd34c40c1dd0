//! A restart forgets nothing that was decided: lineups, decisions, shadows.

use prost::Message;
use riskport::rpc::proto::{
    decision::GetDecisionRequest,
    risk::{GetModelRequest, ModelKind},
};

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
            let anew = question(&format!("{}-{}", request.request_id, platform.address.port()), "stump", &request.subject, None);
            let answer = evaluate(&mut client, anew).await.unwrap();
            let first = riskport::rpc::proto::risk::EvaluateRiskResponse::decode(message.as_slice()).unwrap();
            assert_eq!((answer.model_version, answer.challenger), (first.model_version, first.challenger));
        }
    }
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM audit WHERE action = 'publish_built_in'").await, 1);
    platform.stop().await;
});
