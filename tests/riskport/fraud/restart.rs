//! What is known survives `kill -9`, exactly; and only one process answers.

use std::{sync::Arc, time::Duration};

use riskport::{
    cli::client::{SignedChannel, Signer},
    rpc::proto::fraud::{
        CheckFraudResponse, FraudLabel, ReportFraudOutcomeRequest, fraud_check_service_client::FraudCheckServiceClient,
    },
};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};
use tonic_types::StatusExt;

use super::asked::{check, check_now, event, outcome};
use crate::support::{
    platform::{Partner, Platform},
    process::Process,
};

const EVENTS: usize = 160;
const KILLS: usize = 4;

async fn client(process: &Process, partner: &Partner) -> FraudCheckServiceClient<SignedChannel> {
    let channel = Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap();
    let signer = Signer::new(Arc::clone(&partner.key), &partner.id, "riskport");
    FraudCheckServiceClient::new(InterceptedService::new(channel, signer))
}

/// A call fails in one of these ways when the server is killed under it, and in no other.
fn assert_gone(status: &Status) {
    assert!(matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled), "{status:?}");
}

/// Decides the events from `from` on, with some outcomes, until the server is gone or there are no more.
async fn decide(mut client: FraudCheckServiceClient<SignedChannel>, from: usize) -> Vec<CheckFraudResponse> {
    let mut answers = Vec::new();
    for at in from..EVENTS {
        if at % 6 == 5 {
            let of = at - 5;
            let known = event(of).event_time.unwrap().seconds;
            let report = ReportFraudOutcomeRequest {
                request_id: format!("r-{of}"),
                outcome: outcome(&format!("e-{of}"), FraudLabel::Fraud, known),
            };
            if let Err(status) = client.report_fraud_outcome(report).await {
                assert_gone(&status);
                return answers;
            }
        }
        match client.check_fraud(check(&format!("e-{at}"), at)).await {
            Ok(answer) => answers.push(answer.into_inner()),
            Err(status) => {
                assert_gone(&status);
                return answers;
            }
        }
    }
    answers
}

/// Waits until a process has taken charge of what a killed one held.
async fn in_charge(client: &mut FraudCheckServiceClient<SignedChannel>, at: usize) {
    loop {
        match client.check_fraud(check(&format!("e-{at}"), at)).await {
            Ok(_) => return,
            Err(status) => {
                let reason = status.get_error_details().error_info().unwrap().reason.clone();
                assert!(["FRAUD_STATE_ELSEWHERE", "FRAUD_STATE_REBUILDING"].contains(&reason.as_str()), "{status:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

on_both!(what_is_known_is_the_same_after_every_kill, async |world| {
    let platform = Platform::start(world).await;
    let (killed, spared) = (platform.onboard_replaying("killed").await, platform.onboard_replaying("spared").await);
    let expected = decide(platform.fraud(&spared).await, 0).await;
    assert_eq!(expected.len(), EVENTS);
    let folder = platform.stop().await;

    let mut answers: Vec<CheckFraudResponse> = Vec::new();
    for kill in 0..=KILLS {
        let process = Process::start(&world.database, &folder.path().join("master.key"));
        let mut client = client(&process, &killed).await;
        // The retry of what was answered last: what was under way may be a report that comes before the next event.
        in_charge(&mut client, answers.len().saturating_sub(1)).await;
        let deciding = tokio::spawn(decide(client.clone(), answers.len()));
        if kill < KILLS {
            tokio::time::sleep(Duration::from_millis(60 + 45 * kill as u64)).await;
            process.kill();
            answers.extend(deciding.await.unwrap());
        } else {
            answers.extend(deciding.await.unwrap());
        }
    }
    assert_eq!(answers.len(), EVENTS);
    for (at, (answer, expected)) in answers.iter().zip(&expected).enumerate() {
        assert_eq!(answer.features, expected.features, "event {at} knows other things after a kill");
    }
    let frauds = answers.iter().filter_map(|one| crate::fraud::check::feature(one, "account_frauds_30d"));
    assert!(frauds.fold(0.0, f64::max) > 1.0, "no outcome reached a feature");
});

on_both!(one_process_answers_and_another_takes_over, async |world| {
    let first = Platform::start(world).await;
    let bank = first.onboard("north-bank").await;
    first.fraud(&bank).await.check_fraud(check_now("e-1", 1)).await.unwrap();
    let second = first.beside().await;
    let mut client = second.fraud(&bank).await;
    let refused = client.check_fraud(check_now("e-2", 1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "FRAUD_STATE_ELSEWHERE");
    // A graceful end gives it up at once; a second is enough for the other to see it.
    first.stop().await;
    let mut tries = 0;
    let answer = loop {
        match client.check_fraud(check_now("e-2", 1)).await {
            Ok(answer) => break answer.into_inner(),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        tries += 1;
        assert!(tries < 100, "the other process does not take over");
    };
    assert_eq!(crate::fraud::check::feature(&answer, "account_count_24h"), Some(1.0));
    second.stop().await;
});
