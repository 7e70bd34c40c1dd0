//! The figures of a report equal those that scikit-learn and scipy give for the same rows.

use riskport::rpc::proto::risk::{
    Drift, Estimate, GetModelReportRequest, ModelReport, ScoreUnit, SetModelTrafficRequest,
};
use serde_json::Value;

use super::{
    CHAMPION, MODEL, SHADOW, champion, counts, expected, manifest, outcomes, report, rows, score, tell, upload, whole,
};
use crate::support::platform::Platform;

#[track_caller]
fn near(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    let off = (found - expected).abs();
    assert!(off <= 1e-9 || off <= 1e-9 * expected.abs(), "{found} is not {expected}");
}

#[track_caller]
fn near_estimate(found: Option<&Estimate>, value: &Value, low: &Value, high: &Value) {
    let found = found.unwrap();
    near(found.value, value);
    near(found.low.unwrap(), low);
    near(found.high.unwrap(), high);
}

#[track_caller]
fn near_drift(found: &Drift, expected: &Value) {
    let bins: Vec<i64> = found.bins.iter().map(|bin| bin.decisions).collect();
    assert_eq!(bins, counts(&expected["bins"]), "{}", found.feature);
    near(found.psi.unwrap(), &expected["psi"]);
    near(found.expected_psi.unwrap(), &expected["expected"]);
    near(found.critical_psi.unwrap(), &expected["critical"]);
    near(found.p_value.unwrap(), &expected["p"]);
}

fn check_figures(report: &ModelReport, expected: &Value) {
    assert_eq!(report.decisions, expected["decisions"].as_i64().unwrap());
    assert_eq!(report.labelled, expected["labelled"].as_i64().unwrap());
    assert_eq!(report.bad, expected["bad"].as_i64().unwrap());
    assert_eq!((report.score_unit(), report.complete), (ScoreUnit::Points, true));
    near_drift(report.score_drift.as_ref().unwrap(), &expected["score"]);
    let [income, age] = &report.feature_drift[..] else { panic!("{:?}", report.feature_drift) };
    near_drift(income, &expected["income"]);
    near_drift(age, &expected["age"]);
    let discrimination = report.discrimination.as_ref().unwrap();
    let auc = discrimination.auc.as_ref().unwrap();
    near(auc.value, &expected["auc"]);
    // The interval lies on the scale of log odds, with the error that scikit-learn's rows give by DeLong's formula.
    let log_odds = |share: f64| (share / (1.0 - share)).ln();
    let (low, high) = (log_odds(auc.low.unwrap()), log_odds(auc.high.unwrap()));
    let error = (high - low) / 2.0 / 1.959_963_984_540_054 * auc.value * (1.0 - auc.value);
    near(error, &expected["auc_error"]);
    near(discrimination.gini.as_ref().unwrap().value, &expected["gini"]);
    near(discrimination.ks.as_ref().unwrap().value, &expected["ks"]);
    near(discrimination.ks_p_value, &expected["ks_p"]);
    let calibration = report.calibration.as_ref().unwrap();
    near(calibration.brier.as_ref().unwrap().value, &expected["brier"]);
    near(calibration.expected_over_observed.as_ref().unwrap().value, &expected["expected_over_observed"]);
    let table = &expected["calibration"];
    near(calibration.hosmer_lemeshow.unwrap(), &table["hosmer_lemeshow"]);
    assert_eq!(i64::from(calibration.degrees_of_freedom), table["degrees"].as_i64().unwrap());
    near(calibration.p_value.unwrap(), &table["p"]);
    let groups = table["groups"].as_array().unwrap();
    assert_eq!(calibration.groups.len(), groups.len());
    for (found, expected) in calibration.groups.iter().zip(groups) {
        near(found.mean_probability, &expected["mean"]);
        let rate = found.bad_rate.as_ref();
        assert_eq!(rate.unwrap().decisions, expected["n"].as_i64().unwrap());
        near_estimate(rate, &expected["rate"], &expected["low"], &expected["high"]);
    }
}

fn check_rates(report: &ModelReport, expected: &Value) {
    for (found, expected) in report.bands.iter().zip(expected["bands"].as_array().unwrap()) {
        assert_eq!(found.band, expected["band"].as_str().unwrap());
        assert_eq!(found.decisions, expected["decisions"].as_i64().unwrap());
        for (found, expected) in [(&found.approval_rate, &expected["approval"]), (&found.bad_rate, &expected["bad"])] {
            near_estimate(found.as_ref(), &expected["value"], &expected["low"], &expected["high"]);
        }
    }
    assert_eq!((report.bands.len(), report.groups.len()), (3, 3));
    for found in &report.groups {
        let expected = &expected["groups"][&found.group];
        let rate = &expected["rate"];
        near_estimate(found.approval_rate.as_ref(), &rate["value"], &rate["low"], &rate["high"]);
        near_estimate(found.impact_ratio.as_ref(), &expected["ratio"], &expected["low"], &expected["high"]);
        assert_eq!(found.reference, found.group == "north");
        assert_eq!(found.below_four_fifths, expected["ratio"].as_f64().unwrap() < 0.8);
    }
}

fn check_shadow(report: &ModelReport, expected: &Value) {
    let [comparison] = &report.comparisons[..] else { panic!("{:?}", report.comparisons) };
    let expected = &expected["shadow"];
    assert!(comparison.shadow);
    assert_eq!(comparison.other_decisions, report.decisions);
    assert_eq!(comparison.pairs, report.labelled);
    near(comparison.other_auc.as_ref().unwrap().value, &expected["auc"]);
    near(comparison.auc_difference.as_ref().unwrap().value, &expected["difference"]);
    near(comparison.auc_p_value.unwrap(), &expected["p"]);
    near(comparison.cutoff, &expected["cutoff"]);
    let agreement = comparison.agreement.as_ref().unwrap();
    let table = [agreement.both_good, agreement.only_other_bad, agreement.only_this_bad, agreement.both_bad];
    assert_eq!(table.to_vec(), counts(&expected["table"]));
    near(agreement.kappa.unwrap(), &expected["kappa"]);
    assert_eq!(agreement.only_this_right, expected["only_this"].as_i64().unwrap());
    assert_eq!(agreement.only_other_right, expected["only_other"].as_i64().unwrap());
    near(agreement.mcnemar_p_value, &expected["mcnemar"]);
}

on_both!(a_report_equals_the_reference_libraries, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut credit, mut models) = (platform.credit(&bank).await, platform.models(&bank).await);
    champion(&mut models).await;
    upload(&mut models, SHADOW, manifest(), 1.2).await;
    let traffic =
        SetModelTrafficRequest { model: format!("models/{MODEL}"), shadow_versions: vec![2], ..Default::default() };
    models.set_model_traffic(traffic).await.unwrap();
    let (rows, expected) = (rows(), expected());
    let decisions = score(&mut credit, "r", &rows).await;
    tell(&mut credit, outcomes(&decisions, &rows)).await;

    let report_now = whole(&mut models).await;
    check_figures(&report_now, &expected);
    check_rates(&report_now, &expected);
    check_shadow(&report_now, &expected);
    assert_eq!(report_now.model_version, format!("models/{MODEL}/versions/1"));

    let online =
        report(&mut models, GetModelReportRequest { segment: "online".to_owned(), ..Default::default() }).await;
    assert_eq!(online.decisions, expected["segment_online"].as_i64().unwrap());
    let none = report(&mut models, GetModelReportRequest { segment: "nobody".to_owned(), ..Default::default() }).await;
    assert_eq!((none.decisions, none.discrimination), (0, None));
    // The shadow's own report has its score, and no features: they are the champion's.
    let request = GetModelReportRequest { name: format!("models/{MODEL}/versions/2"), ..Default::default() };
    let shadow = models.get_model_report(request).await.unwrap().into_inner().report.unwrap();
    assert!(shadow.shadow && shadow.feature_drift.is_empty());
    assert_eq!((shadow.decisions, shadow.labelled), (report_now.decisions, report_now.labelled));
    // Against itself nothing has moved.
    let (start, end) = (report_now.start_time, report_now.end_time);
    let baseline = GetModelReportRequest { baseline_start_time: start, baseline_end_time: end, ..Default::default() };
    let baseline = report(&mut models, baseline).await;
    assert_eq!(baseline.score_drift.unwrap().psi, Some(0.0));

    // A restart loses and doubles nothing.
    let platform = platform.restart().await;
    let again = whole(&mut platform.models(&bank).await).await;
    assert_eq!(again, report_now);
    platform.stop().await;
});

#[test]
fn the_fixture_is_of_two_models() {
    assert_ne!(CHAMPION, SHADOW);
}
