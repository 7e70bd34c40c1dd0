//! What became of decisions counts once, however late, corrected or repeated it is reported, and in whatever order.

use riskport::rpc::proto::{
    credit::{CreditAction, CreditPerformance, ReportCreditOutcomeRequest, StreamReportCreditOutcomeRequest},
    risk::ModelReport,
};
use tokio_stream::StreamExt;
use tonic::Code;

use super::{Credit, Reported, Row, champion, outcome, score, tell, whole};
use crate::support::platform::Platform;

fn counted(report: &ModelReport) -> (i64, i64, i64) {
    let approvals = report.bands.iter().filter_map(|band| band.approval_rate.as_ref());
    (report.labelled, report.bad, approvals.map(|rate| rate.decisions).sum())
}

on_both!(a_correction_replaces_what_was_counted, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let row = |defaulted, approved| Row { income: Some(30.0), age: 40.0, defaulted, approved, ..Row::default() };
    let decisions = score(&mut credit, "r", &[row(None, None), row(None, None)]).await;
    assert_eq!(counted(&whole(&mut models).await), (0, 0, 0));

    // The action first, and the performance by itself later: both count.
    tell(&mut credit, vec![outcome(&decisions[0], "approved", &row(None, Some(1)), 1_000)]).await;
    assert_eq!(counted(&whole(&mut models).await), (0, 0, 1));
    let good = outcome(&decisions[0], "good", &row(Some(0), None), 500);
    tell(&mut credit, vec![good.clone()]).await;
    assert_eq!(counted(&whole(&mut models).await), (1, 0, 1));
    // The same again changes nothing; nor does an earlier observation that comes late.
    tell(&mut credit, vec![good.clone(), good]).await;
    tell(&mut credit, vec![outcome(&decisions[0], "early", &row(Some(1), None), 800)]).await;
    assert_eq!(counted(&whole(&mut models).await), (1, 0, 1));
    // A later one corrects it, and back.
    tell(&mut credit, vec![outcome(&decisions[0], "bad", &row(Some(1), None), 100)]).await;
    assert_eq!(counted(&whole(&mut models).await), (1, 1, 1));
    let before = whole(&mut models).await;
    tell(&mut credit, vec![outcome(&decisions[0], "good-after-all", &row(Some(0), None), 50)]).await;
    let after = whole(&mut models).await;
    assert_eq!(counted(&after), (1, 0, 1));
    assert_ne!(before.calibration, after.calibration);
    tell(&mut credit, vec![outcome(&decisions[1], "other", &row(Some(1), Some(0)), 10)]).await;
    assert_eq!(counted(&whole(&mut models).await), (2, 1, 2));
    platform.stop().await;
});

on_both!(many_at_once_and_out_of_order_count_once, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let rows: Vec<Row> =
        (0..200u32).map(|at| Row { income: Some(f64::from(at % 90)), age: 40.0, ..Row::default() }).collect();
    let decisions = score(&mut credit, "r", &rows).await;
    // Ten reports of each, observed in another order than they are sent; the latest observation is of `at % 3 == 0`.
    let reports: Vec<ReportCreditOutcomeRequest> = (0..10usize)
        .flat_map(|round| {
            decisions.iter().enumerate().map(move |(at, decision)| {
                let seconds_ago = 10 + i64::try_from((round * 7) % 10).unwrap();
                let latest = (round * 7) % 10 == 0;
                let bad = if latest { at % 3 == 0 } else { round % 2 == 0 };
                let row = Row { defaulted: Some(u8::from(bad)), approved: Some(1), ..Row::default() };
                outcome(decision, &format!("o-{round}-{at}"), &row, seconds_ago)
            })
        })
        .collect();
    let (first, second) = reports.split_at(reports.len() / 2);
    let (mut one, mut other) = (platform.credit(&bank).await, platform.credit(&bank).await);
    let watched = async {
        // Reports are read while they come in.
        for _ in 0..5 {
            let report = whole(&mut models).await;
            assert!(report.labelled <= 200 && report.bad <= report.labelled);
        }
    };
    tokio::join!(tell(&mut one, first.to_vec()), tell(&mut other, second.to_vec()), watched);
    let report = whole(&mut models).await;
    assert_eq!(counted(&report), (200, 67, 200));
    platform.stop().await;
});

on_both!(an_item_that_is_refused_does_not_end_the_stream, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let other = platform.onboard("south-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let decisions = score(&mut credit, "r", &[Row { age: 40.0, ..Row::default() }]).await;
    let good = outcome(&decisions[0], "good", &Row { defaulted: Some(1), ..Row::default() }, 5);
    let nothing = ReportCreditOutcomeRequest { performance: None, request_id: "nothing".to_owned(), ..good.clone() };
    let changed = ReportCreditOutcomeRequest {
        performance: Some(CreditPerformance::default()),
        action: CreditAction::Approved as i32,
        ..good.clone()
    };
    let send = async |credit: &mut Credit, reports: Vec<Option<ReportCreditOutcomeRequest>>| {
        let items: Vec<_> = reports.into_iter().map(|request| StreamReportCreditOutcomeRequest { request }).collect();
        let mut answers = credit.stream_report_credit_outcome(tokio_stream::iter(items)).await.unwrap().into_inner();
        let mut told = Vec::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.unwrap();
            let code = match answer.result.unwrap() {
                Reported::Response(_) => Code::Ok,
                Reported::Error(error) => Code::from(error.code),
            };
            told.push((answer.request_id, code));
        }
        told.sort_by_key(|(id, code): &(String, Code)| (id.clone(), *code as i32));
        told
    };
    assert_eq!(send(&mut credit, vec![Some(good.clone())]).await, [("good".to_owned(), Code::Ok)]);
    let told = send(&mut credit, vec![None, Some(nothing), Some(changed), Some(good.clone())]).await;
    let expected = [
        ("", Code::InvalidArgument),
        ("good", Code::Ok),
        ("good", Code::FailedPrecondition),
        ("nothing", Code::InvalidArgument),
    ];
    assert_eq!(told, expected.map(|(id, code)| (id.to_owned(), code)));
    // Another bank's decision is not there.
    let told = send(&mut platform.credit(&other).await, vec![Some(good)]).await;
    assert_eq!(told, [("good".to_owned(), Code::NotFound)]);
    assert_eq!(counted(&whole(&mut models).await), (1, 1, 0));
    platform.stop().await;
});
