//! A model of fraud is reported on by its events and what became of them.

use riskport::rpc::proto::{
    fraud::{
        FraudLabel, FraudOutcome, PartnerAction, ReportFraudOutcomeRequest, StreamReportFraudOutcomeRequest,
        fraud_check_service_client::FraudCheckServiceClient, stream_report_fraud_outcome_response::Result as Item,
    },
    risk::{GetModelReportRequest, ModelReport, ScoreUnit},
};
use tokio_stream::StreamExt;
use tonic::Code;

use super::Models;
use crate::{
    fraud::asked::{check_now, outcome},
    support::{now, platform::Platform},
};

type Checks = FraudCheckServiceClient<riskport::cli::client::SignedChannel>;

async fn report(models: &mut Models) -> ModelReport {
    let request = GetModelReportRequest { name: "models/fraud-simulated".to_owned(), ..Default::default() };
    models.get_model_report(request).await.unwrap().into_inner().report.unwrap()
}

/// Reports labels of events in order, and gives the code of each answer by its id.
async fn tell(checks: &mut Checks, reports: Vec<ReportFraudOutcomeRequest>) -> Vec<(String, Code)> {
    let items = reports.into_iter().map(|request| StreamReportFraudOutcomeRequest { request: Some(request) });
    let items: Vec<_> = items.collect();
    let mut answers = checks.stream_report_fraud_outcome(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        let code = match answer.result.unwrap() {
            Item::Response(_) => Code::Ok,
            Item::Error(error) => Code::from(error.code),
        };
        told.push((answer.request_id, code));
    }
    told.sort_by(|one, other| one.0.cmp(&other.0));
    told
}

fn of_event(id: &str, event: &str, label: FraudLabel) -> ReportFraudOutcomeRequest {
    ReportFraudOutcomeRequest { request_id: id.to_owned(), outcome: outcome(event, label, now().seconds) }
}

on_both!(outcomes_of_events_count_once_and_the_last_one_holds, async |world| {
    let platform = Platform::start(world).await;
    let shop = platform.onboard("north-shop").await;
    let (mut checks, mut models) = (platform.fraud(&shop).await, platform.models(&shop).await);
    for at in 0..40 {
        checks.check_fraud(check_now(&format!("e-{at}"), at)).await.unwrap();
    }
    let before = report(&mut models).await;
    assert_eq!((before.decisions, before.labelled, before.score_unit()), (40, 0, ScoreUnit::Points));

    // A quarter is fraud, one is not known, one was first taken for fraud; one event never was.
    let mut reports: Vec<_> = (0..38)
        .map(|at| {
            let label = if at % 4 == 0 { FraudLabel::Fraud } else { FraudLabel::Genuine };
            of_event(&format!("r-{at:02}"), &format!("e-{at}"), label)
        })
        .collect();
    reports.push(of_event("r-38", "e-38", FraudLabel::Unsure));
    reports.push(of_event("r-39", "e-0", FraudLabel::Genuine));
    reports.push(of_event("r-40", "e-never", FraudLabel::Fraud));
    let told = tell(&mut checks, reports.clone()).await;
    assert_eq!(told.len(), 41);
    assert!(told.iter().all(|(id, code)| (*code == Code::Ok) == (id != "r-40")), "{told:?}");
    assert_eq!(told[40].1, Code::NotFound);
    let after = report(&mut models).await;
    assert_eq!((after.decisions, after.labelled, after.bad), (40, 38, 9));
    assert!(after.discrimination.is_some());

    // All again: nothing is counted twice. What was done with an event is no label, and takes none away.
    tell(&mut checks, reports).await;
    let blocked = FraudOutcome {
        label: 0,
        action: PartnerAction::Blocked as i32,
        ..outcome("e-4", FraudLabel::Fraud, now().seconds).unwrap()
    };
    tell(&mut checks, vec![ReportFraudOutcomeRequest { request_id: "blocked".to_owned(), outcome: Some(blocked) }])
        .await;
    let unsure = of_event("r-unsure", "e-8", FraudLabel::Unsure);
    tell(&mut checks, vec![unsure]).await;
    let last = report(&mut models).await;
    assert_eq!((last.decisions, last.labelled, last.bad), (40, 37, 8));
    let actions: i64 =
        last.bands.iter().filter_map(|band| band.approval_rate.as_ref()).map(|rate| rate.decisions).sum();
    assert_eq!(actions, 1);

    let platform = platform.restart().await;
    assert_eq!(report(&mut platform.models(&shop).await).await, last);
    platform.stop().await;
});
