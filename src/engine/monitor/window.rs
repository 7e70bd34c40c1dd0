//! When a window of decisions raises alarms.

use super::{Binning, drifts};
use crate::{
    domain::{
        model::Manifest,
        monitor::{AlarmSignal, CellTally, Day, NewAlarm, Tally, Watch},
    },
    engine::statistics::{DriftRule, Psi, normal_tail},
};

/// The probability that a version ever raises a false alarm.
const ALPHA: f64 = 0.01;
/// The decisions of a window, and those that are enough when it has been open for [`DAYS`].
const DECISIONS: i64 = 2_000;
const FEW_DECISIONS: i64 = 300;
/// The labels of a window, and those that are enough when it has been open for [`DAYS`].
const LABELS: i64 = 1_000;
const FEW_LABELS: i64 = 200;
/// The days after which a window need not be full.
const DAYS: i64 = 7;
/// Within which bad ones expected over bad ones observed are no alarm, however sure it is that they are not 1.
const CALIBRATED: std::ops::RangeInclusive<f64> = 0.8..=1.25;

/// Adds decisions to a version's window, and raises what it shows once it is full; then it begins anew.
pub fn decided(watch: &mut Watch, added: &Tally, today: Day, manifest: &Manifest, binning: &Binning) -> Vec<NewAlarm> {
    if watch.drift.as_ref().is_none_or(|drift| drift.decisions == 0) {
        watch.drift_since = today.number();
    }
    let drift = watch.drift.get_or_insert_default();
    drift.add(added);
    if !full(drift.decisions, DECISIONS, FEW_DECISIONS, watch.drift_since, today) {
        return Vec::new();
    }
    watch.drift_windows += 1;
    let (window, look) = (watch.drift_windows, u32::try_from(watch.drift_windows).unwrap_or(u32::MAX));
    let Some((drift, rule)) = watch.drift.take().zip(rule(manifest)) else { return Vec::new() };
    let (score, features) = drifts(manifest, binning, &drift, None);
    let all = [(AlarmSignal::Score, score.psi)]
        .into_iter()
        .chain(features.into_iter().map(|one| (AlarmSignal::Feature(one.feature), one.psi)));
    let raised = all.filter_map(|(signal, psi)| psi.map(|psi| (signal, psi)));
    raised
        .filter(|(_, psi)| rule.is_raised(psi, look))
        .map(|(signal, psi)| moved(signal, &psi, &rule, window))
        .collect()
}

/// Adds first labels to a version's window, and raises what it shows once it is full; then it begins anew.
pub fn labelled(watch: &mut Watch, added: &Tally, today: Day, manifest: &Manifest) -> Vec<NewAlarm> {
    let count = |tally: &Tally| tally.cells.values().map(CellTally::labelled).sum::<i64>();
    if watch.labels.as_ref().is_none_or(|labels| count(labels) == 0) {
        watch.labels_since = today.number();
    }
    let labels = watch.labels.get_or_insert_default();
    labels.add(added);
    if !full(count(labels), LABELS, FEW_LABELS, watch.labels_since, today) {
        return Vec::new();
    }
    watch.label_windows += 1;
    let look = u32::try_from(watch.label_windows).unwrap_or(u32::MAX);
    let Some((labels, rule)) = watch.labels.take().zip(rule(manifest)) else { return Vec::new() };
    let alarm = agreement(&labels).and_then(|(ratio, p_value)| {
        let alpha = rule.alpha_at(look);
        (p_value < alpha && !CALIBRATED.contains(&ratio)).then(|| NewAlarm {
            signal: AlarmSignal::Calibration,
            decisions: count(&labels),
            value: ratio,
            expected: 1.0,
            p_value,
            alpha,
            window: watch.label_windows,
        })
    });
    alarm.into_iter().collect()
}

fn full(count: i64, many: i64, few: i64, since: i64, today: Day) -> bool {
    count >= many || (count >= few && today.number() - since >= DAYS)
}

/// The rule of a version: its score, each feature that the profile has, and its calibration are tested.
fn rule(manifest: &Manifest) -> Option<DriftRule> {
    let features = manifest.profile.as_ref().map_or(0, |profile| profile.features.len());
    DriftRule::new(ALPHA, u32::try_from(features).unwrap_or(u32::MAX).saturating_add(2))
}

fn moved(signal: AlarmSignal, psi: &Psi, rule: &DriftRule, window: i64) -> NewAlarm {
    NewAlarm {
        signal,
        decisions: i64::try_from(psi.movement.n).unwrap_or(i64::MAX),
        value: psi.value,
        expected: psi.expected,
        // The rule needs both tests: the larger is what it went by. One without a test raises nothing.
        p_value: [psi.homogeneity, psi.freeman_tukey]
            .iter()
            .map(|test| test.map_or(1.0, |test| test.p))
            .fold(0.0, f64::max),
        alpha: rule.alpha_at(u32::try_from(window).unwrap_or(u32::MAX)),
        window,
    }
}

/// Bad ones expected over bad ones observed, and how often chance alone gives a difference as large: the sum of independent
/// outcomes is about normal, with the variance of each taken at the mean probability of its score. Nothing without any
/// probability between 0 and 1.
#[allow(clippy::cast_precision_loss, reason = "counts of one window")]
fn agreement(labels: &Tally) -> Option<(f64, f64)> {
    let (mut expected, mut variance, mut bad) = (0.0, 0.0, 0);
    for cell in labels.cells.values().filter(|cell| cell.labelled() > 0) {
        let sum = cell.probability_sum();
        expected += sum;
        variance += sum * (1.0 - sum / cell.labelled() as f64);
        bad += cell.bad;
    }
    if variance <= 0.0 {
        return None;
    }
    let p_value = 2.0 * normal_tail(((bad as f64 - expected) / variance.sqrt()).abs());
    // With no bad one at all the ratio has no value; half of one stands in for none.
    Some((expected / (bad as f64).max(0.5), p_value.min(1.0)))
}
