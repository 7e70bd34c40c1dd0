//! A scorecard's calibration stands in its file, and a new one makes a new file.

use prost_types::{Struct, Value, value::Kind};
use riskport::{
    engine::statistics::{Cell, Cells, platt},
    rpc::proto::{
        credit::{ScoreCreditRequest, StreamScoreCreditRequest, stream_score_credit_response::Result as Scored},
        risk::{CalibrationMethod, ModelKind, ModelManifest, ModelStage, ReferenceRow},
    },
};
use tokio_stream::StreamExt;
use tonic::Code;

use super::{Credit, Row, answer, get, label, line, near, promote, put, recalibrate, risk, share};
use crate::{auth::refused, support::platform::Platform};

/// A buyer of the shop: how long the account is there, the channel, and whether an instalment was paid before; with the points.
fn buyers() -> Vec<(Struct, f64)> {
    let text = |one: &str| Kind::StringValue(one.to_owned());
    let mut buyers = Vec::new();
    for (age, of_age) in [(None, -10.0), (Some(3.0), -40.0), (Some(12.0), 0.0), (Some(30.0), 30.0)] {
        for (channel, of_channel) in [(None, -20.0), (Some("web"), 20.0), (Some("phone"), -50.0)] {
            for (paid, of_paid) in [(true, 60.0), (false, -10.0)] {
                let fields = [
                    ("age_of_account", age.map(Kind::NumberValue)),
                    ("channel", channel.map(text)),
                    ("paid_before", Some(Kind::BoolValue(paid))),
                ];
                let fields =
                    fields.into_iter().filter_map(|(name, kind)| Some((name.to_owned(), Value { kind: Some(kind?) })));
                buyers.push((Struct { fields: fields.collect() }, 520.0 + of_age + of_channel + of_paid));
            }
        }
    }
    buyers
}

async fn score_buyers(credit: &mut Credit, buyers: &[(Struct, u8)]) -> Vec<String> {
    let items = buyers.iter().enumerate().map(|(at, (features, _))| StreamScoreCreditRequest {
        request: Some(ScoreCreditRequest {
            request_id: format!("buyer-{at}"),
            subject: format!("buyer-{at}"),
            model: "models/shop".to_owned(),
            features: Some(features.clone()),
            ..ScoreCreditRequest::default()
        }),
    });
    let items: Vec<_> = items.collect();
    let mut answers = credit.stream_score_credit(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut decisions = vec![String::new(); buyers.len()];
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        let Some(Scored::Response(response)) = answer.result else { panic!("{answer:?}") };
        let at: usize = answer.request_id.rsplit('-').next().unwrap().parse().unwrap();
        decisions[at] = response.decision;
    }
    decisions
}

on_both!(a_scorecards_calibration_is_rewritten_in_its_file, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    let card = std::fs::read("tests/cases/shop-scorecard.json").unwrap();
    // The odds are 10 good to 1 bad at 500 points, and double every 40.
    let ln_odds = |points: f64| 10.0_f64.ln() + (points - 500.0) / 40.0 * std::f64::consts::LN_2;
    let reference: Vec<ReferenceRow> = buyers()
        .into_iter()
        .map(|(features, points)| ReferenceRow { features: Some(features), expected: risk(-ln_odds(points)) })
        .collect();
    let about = ModelManifest { title: "Shop".to_owned(), kind: ModelKind::Credit as i32, ..ModelManifest::default() };
    let old = put(&mut models, "shop", &card, about, reference).await;
    promote(&mut models, "shop/versions/1").await.unwrap();

    let mut live_buyers: Vec<(Struct, u8)> = Vec::new();
    let mut counted = Vec::new();
    for (features, points) in buyers() {
        let bad = share(20, risk(1.5 - 0.8 * ln_odds(points)));
        live_buyers.extend((0..20).map(|at| (features.clone(), u8::from(at < bad))));
        counted.push(Cell { value: -ln_odds(points), good: u64::from(20 - bad), bad: u64::from(bad) });
    }
    let decisions = score_buyers(&mut credit, &live_buyers).await;
    let rows: Vec<Row> = live_buyers.iter().map(|(_, bad)| Row { defaulted: Some(*bad), ..Row::default() }).collect();
    label(&mut credit, "shop", &decisions, &rows, 60).await;
    let unsuitable = (Code::FailedPrecondition, "MODEL_UNSUITABLE".to_owned());
    assert_eq!(refused(recalibrate(&mut models, "shop/versions/1", CalibrationMethod::Isotonic).await), unsuitable);

    let made = recalibrate(&mut models, "shop/versions/1", CalibrationMethod::Platt).await.unwrap();
    let version = made.version.unwrap();
    let (intercept, slope) = line(&version);
    let by_itself = platt(&Cells::new(counted).unwrap()).unwrap();
    near(intercept, by_itself.intercept.value);
    near(slope, by_itself.slope.value);
    assert!((intercept - 1.5).abs() < 0.2 && (slope - 0.8).abs() < 0.1, "{intercept} {slope}");
    assert_eq!((version.stage(), version.reference_rows), (ModelStage::Validated, 24));
    assert_ne!(version.digest, old.digest);
    assert_eq!(get(&mut models, "shop/versions/1").await.digest, old.digest);
    let intercept_alone = recalibrate(&mut models, "shop/versions/1", CalibrationMethod::Intercept).await.unwrap();
    assert_eq!(line(&intercept_alone.version.unwrap()).1, 1.0);

    // The new file scores the same points with the new probability, also when another process reads it from the database.
    let (features, points) = buyers().swap_remove(4);
    let before = answer(&mut credit, "before", "shop", features.clone()).await;
    assert_eq!(before.0, "models/shop/versions/1");
    promote(&mut models, "shop/versions/2").await.unwrap();
    let after = answer(&mut credit, "after", "shop", features.clone()).await;
    assert_eq!((after.0.as_str(), after.1), ("models/shop/versions/2", before.1));
    near(after.2, risk(intercept - slope * ln_odds(points)));
    let platform = platform.restart().await;
    let again = answer(&mut platform.credit(&bank).await, "again", "shop", features).await;
    assert_eq!(again, after);
    platform.stop().await;
});
