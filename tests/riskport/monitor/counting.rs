//! Decisions are counted once each, by whichever process, and none is left out.

use riskport::rpc::proto::risk::GetModelReportRequest;
use tonic::Code;

use super::{MODEL, Row, champion, outcomes, score, tell, whole};
use crate::support::platform::Platform;

fn rows(count: u32) -> Vec<Row> {
    (0..count)
        .map(|at| Row {
            income: (at % 11 != 0).then(|| f64::from(at % 97)),
            age: f64::from(20 + at % 60),
            defaulted: (at % 2 == 0).then_some(u8::from(at % 6 == 0)),
            segment: format!("branch-{}", at % 100),
            group: format!("group-{}", at % 20),
            ..Row::default()
        })
        .collect()
}

on_both!(two_processes_count_each_decision_once, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut models = platform.models(&bank).await;
    champion(&mut models).await;
    let beside = platform.beside().await;
    let rows = rows(1_500);
    let (mut here, mut there) = (platform.credit(&bank).await, beside.credit(&bank).await);
    let (first, second) = tokio::join!(score(&mut here, "here", &rows), score(&mut there, "there", &rows));
    let told = async {
        tell(&mut here, outcomes(&first, &rows)).await;
        let again = outcomes(&second, &rows).into_iter().map(|one| {
            let request_id = format!("there-{}", one.request_id);
            riskport::rpc::proto::credit::ReportCreditOutcomeRequest { request_id, ..one }
        });
        tell(&mut there, again.collect()).await;
    };
    let (mut one, mut other) = (platform.models(&bank).await, beside.models(&bank).await);
    let reported = async {
        for _ in 0..5 {
            let (one, other) = tokio::join!(whole(&mut one), whole(&mut other));
            assert!(one.decisions <= 3_000 && other.decisions <= 3_000);
        }
    };
    tokio::join!(told, reported);
    let report = whole(&mut models).await;
    assert_eq!((report.decisions, report.complete), (3_000, true));
    assert_eq!((report.labelled, report.bad), (1_500, 500));
    let income = &report.feature_drift[0];
    assert_eq!(income.bins.iter().map(|bin| bin.decisions).sum::<i64>(), 3_000);
    assert_eq!(income.bins.last().unwrap().decisions, 2 * 137);
    assert_eq!(whole(&mut beside.models(&bank).await).await, report);
    // Sixteen groups are told apart, the others count together.
    let groups: i64 = report.groups.iter().map(|group| group.decisions).sum();
    let others = report.groups.iter().find(|group| group.group.is_empty()).unwrap();
    assert_eq!(groups, 3_000);
    // Two processes that meet new tags at once may each keep some of their own.
    assert!((17..=21).contains(&report.groups.len()), "{} groups", report.groups.len());
    assert!(others.decisions > 0);
    beside.stop().await;
    platform.stop().await;
});

on_both!(a_report_is_of_the_callers_own_decisions, async |world| {
    let platform = Platform::start(world).await;
    let north = platform.onboard("north-bank").await;
    let south = platform.onboard("south-bank").await;
    let (mut ours, mut theirs) = (platform.models(&north).await, platform.models(&south).await);
    champion(&mut ours).await;
    score(&mut platform.credit(&north).await, "r", &rows(50)).await;
    let request = GetModelReportRequest { name: format!("models/{MODEL}"), ..Default::default() };
    assert_eq!(theirs.get_model_report(request).await.unwrap_err().code(), Code::NotFound);
    // A model of the same name is another model.
    champion(&mut theirs).await;
    assert_eq!(whole(&mut theirs).await.decisions, 0);
    assert_eq!(whole(&mut ours).await.decisions, 50);
    // Of the platform's model each sees its own decisions.
    let scorecard = GetModelReportRequest { name: "models/card-behaviour".to_owned(), ..Default::default() };
    let report = ours.get_model_report(scorecard).await.unwrap().into_inner().report.unwrap();
    assert_eq!(report.decisions, 0);
    platform.stop().await;
});
