//! A model of fraud is recalibrated on events that were checked and reported on.

use riskport::{
    engine::statistics::{Cell, Cells, platt},
    rpc::proto::{
        common::Money,
        fraud::{FraudLabel, PolicySpec, ReportFraudOutcomeRequest},
        risk::{CalibrationMethod, ModelKind, RecalibrateModelRequest, calibration::Method},
    },
};

use super::{
    asked::outcome,
    ruled::{plain, put_in_charge, spec},
    scored,
};
use crate::support::{now, platform::Platform};

on_both!(events_and_their_outcomes_recalibrate_the_model_that_scored_them, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    scored::upload(&platform, &bank, "amounts", ModelKind::Fraud).await;
    let policy = PolicySpec { model: "models/amounts".to_owned(), ..spec(&[]) };
    put_in_charge(&mut platform.policies(&bank).await, "shop", policy).await;
    let mut checks = platform.fraud(&bank).await;
    // Of twelve events of each amount so many are fraud; one more is of neither.
    let frauds = [1_u64, 6, 7, 11];
    let mut cells = Vec::new();
    for ((most, score), bad) in scored::STEPS.into_iter().zip(frauds) {
        cells.push(Cell { value: (f64::from(score) - 500.0) / 100.0, good: 12 - bad, bad });
        for at in 0..13 {
            let id = format!("{score}-{at}");
            let mut request = plain(&id);
            let amount_minor = most.min(40_000);
            request.event.as_mut().unwrap().amount = Some(Money { currency_code: "CNY".to_owned(), amount_minor });
            let answer = checks.check_fraud(request).await.unwrap().into_inner();
            assert_eq!((answer.score, answer.model_version.as_str()), (Some(score), "models/amounts/versions/1"));
            let label = match at {
                12 => FraudLabel::Unsure,
                at if at < bad => FraudLabel::Fraud,
                _ => FraudLabel::Genuine,
            };
            let report =
                ReportFraudOutcomeRequest { request_id: id.clone(), outcome: outcome(&id, label, now().seconds) };
            checks.report_fraud_outcome(report).await.unwrap();
        }
    }
    let request = RecalibrateModelRequest {
        name: "models/amounts/versions/1".to_owned(),
        method: CalibrationMethod::Platt as i32,
        ..RecalibrateModelRequest::default()
    };
    let made = platform.models(&bank).await.recalibrate_model(request).await.unwrap().into_inner();
    assert_eq!((made.fitted_on, made.bad), (48, 25));
    let calibration = made.version.unwrap().manifest.unwrap().calibration.unwrap().method.unwrap();
    let Method::Platt(found) = calibration else { panic!("{calibration:?}") };
    let expected = platt(&Cells::new(cells).unwrap()).unwrap();
    assert!((found.intercept - expected.intercept.value).abs() < 1e-9);
    assert!((found.slope - expected.slope.value).abs() < 1e-9);
    platform.stop().await;
});
