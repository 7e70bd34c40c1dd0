//! A partner bank scores its clients.

use riskport::rpc::proto::decision::{GetDecisionRequest, decision::Reply};

use crate::support::{applicant, platform::Platform};

on_both!(a_score_adds_up_and_is_found_again, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let score = platform.credit(&bank).await.score_credit(applicant::request("first", 0)).await.unwrap().into_inner();

    let contributed: i32 = score.contributions.iter().map(|one| one.points).sum();
    assert_eq!(score.score, score.base_points + contributed + score.clamp_points);
    assert!(score.reasons.len() <= 4);

    let request = GetDecisionRequest { name: score.decision.clone(), ..GetDecisionRequest::default() };
    let found = platform.decisions(&bank).await.get_decision(request).await.unwrap().into_inner().decision.unwrap();
    assert_eq!(found.reply, Some(Reply::CreditScore(score)));
    platform.stop().await;
});
