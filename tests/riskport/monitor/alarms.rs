//! Windows of decisions that are no longer what they were raise alarms, and others do not.

use std::time::Duration;

use riskport::rpc::proto::risk::{AlarmSignal, ModelAlarm, WatchModelRequest};
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::{MODEL, Models, Row, champion, expected, outcome, score, tell, whole};
use crate::support::platform::Platform;

/// Incomes and ages as they fell in training: each bin of the profile gets its share, evenly, and income and age have
/// nothing to do with each other.
#[expect(clippy::cast_precision_loss, reason = "a few thousand rows")]
fn as_in_training(count: usize, shift: f64) -> Vec<Row> {
    let profile = &expected()["profile"];
    let drawn = |name: &str, seed: usize| -> Vec<Option<f64>> {
        let cuts: Vec<f64> = super::numbers(&profile[format!("{name}_below")]);
        let mut bins = super::counts(&profile[format!("{name}_rows")]);
        bins.push(profile[format!("{name}_missing")].as_i64().unwrap());
        let total: i64 = bins.iter().sum();
        let value = |bin: usize| match bin {
            0 => Some(cuts[0] - 1.0),
            bin if bin == cuts.len() + 1 => None,
            bin => Some(cuts[bin - 1]),
        };
        (0..count)
            .map(|at| {
                // Steps of an irrational share fill the bins evenly.
                let place = (at * seed + 7) as f64 * 0.618_033_988_749_895 % 1.0 * total as f64;
                let mut below = 0.0;
                let bin = bins.iter().position(|rows| {
                    below += *rows as f64;
                    place < below
                });
                value(bin.unwrap())
            })
            .collect()
    };
    let (incomes, ages) = (drawn("income", 1), drawn("age", 3));
    let row = |(income, age): (&Option<f64>, &Option<f64>)| Row {
        income: *income,
        age: age.unwrap() + shift,
        ..Row::default()
    };
    incomes.iter().zip(&ages).map(row).collect()
}

async fn next(alarms: &mut tonic::Streaming<riskport::rpc::proto::risk::WatchModelResponse>) -> ModelAlarm {
    let next = timeout(Duration::from_secs(20), alarms.next()).await.expect("no alarm came");
    next.unwrap().unwrap().alarm.unwrap()
}

async fn watch(
    models: &mut Models,
    after_sequence: i64,
) -> tonic::Streaming<riskport::rpc::proto::risk::WatchModelResponse> {
    let request = WatchModelRequest { model: format!("models/{MODEL}"), after_sequence };
    models.watch_model(request).await.unwrap().into_inner()
}

on_both!(a_feature_that_drifts_raises_an_alarm_and_others_do_not, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let mut alarms = watch(&mut models, 0).await;
    score(&mut credit, "as-before", &as_in_training(2_200, 0.0)).await;
    let before = whole(&mut models).await;
    let of_features: Vec<&ModelAlarm> =
        before.alarms.iter().filter(|alarm| alarm.signal() == AlarmSignal::Feature).collect();
    assert!(of_features.is_empty(), "{of_features:?}");

    // Everybody is ten years older.
    score(&mut credit, "older", &as_in_training(3_000, 10.0)).await;
    let after = whole(&mut models).await;
    let raised: Vec<&ModelAlarm> = after.alarms.iter().filter(|alarm| alarm.signal() == AlarmSignal::Feature).collect();
    let [raised] = raised[..] else { panic!("{:?}", after.alarms) };
    assert_eq!((raised.feature.as_str(), raised.model_version.as_str()), ("age", "models/ladder/versions/1"));
    assert!(raised.decisions >= 2_000 && raised.window == 2, "{raised:?}");
    assert!(raised.value > raised.expected + 0.05 && raised.p_value < raised.alpha, "{raised:?}");
    // Whoever watches is told the same.
    let mut told = next(&mut alarms).await;
    while told.signal() != AlarmSignal::Feature {
        told = next(&mut alarms).await;
    }
    assert_eq!(&told, raised);
    let mut later = watch(&mut models, raised.sequence - 1).await;
    assert_eq!(&next(&mut later).await, raised);
    platform.stop().await;
});

on_both!(probabilities_that_are_off_raise_an_alarm, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    let rows: Vec<Row> = as_in_training(1_100, 0.0);
    let decisions = score(&mut credit, "r", &rows).await;
    // Nobody defaults, where the model expects hundreds to.
    let all_good = |decision: &String, at: usize| {
        outcome(decision, &format!("o-{at}"), &Row { defaulted: Some(0), ..Row::default() }, 5)
    };
    let reports = decisions.iter().enumerate().map(|(at, decision)| all_good(decision, at)).collect();
    tell(&mut credit, reports).await;
    let report = whole(&mut models).await;
    let raised: Vec<&ModelAlarm> =
        report.alarms.iter().filter(|alarm| alarm.signal() == AlarmSignal::Calibration).collect();
    let [raised] = raised[..] else { panic!("{:?}", report.alarms) };
    assert!(raised.decisions >= 1_000 && raised.value > 1.25, "{raised:?}");
    platform.stop().await;
});
