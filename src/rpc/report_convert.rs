//! Reports as the contract has them.

use super::{parse::proto_time, proto::risk as proto};
use crate::{
    domain::monitor::{Alarm, AlarmSignal, CellTally, Day, ScoreUnit, VersionKey},
    engine::{
        monitor::{BandResult, CalibrationCheck, Discrimination, Drift, ScoreScale},
        statistics::Estimate,
    },
    ops::{GroupResult, ModelReport, PairAgreement, VersionComparison},
};

/// How often chance may pass the critical PSI.
const CRITICAL: f64 = 0.01;

/// A report as the contract has it.
pub(super) fn report(from: &ModelReport, (start, end): (Day, Day), segment: &str) -> proto::ModelReport {
    let reported = &from.reported;
    let sum = |of: fn(&CellTally) -> i64| from.counts.cells.values().map(of).sum::<i64>();
    proto::ModelReport {
        model_version: resource(&reported.key),
        model_digest: reported.version.model.digest().to_owned(),
        manifest_digest: reported.key.manifest_digest.clone(),
        start_time: Some(proto_time(start.start())),
        end_time: Some(proto_time(end.start())),
        segment: segment.to_owned(),
        decisions: from.counts.decisions,
        complete: from.complete,
        labelled: sum(CellTally::labelled),
        bad: sum(|cell| cell.bad),
        score_unit: match reported.scale().unit {
            ScoreUnit::Points => proto::ScoreUnit::Points,
            ScoreUnit::Probability => proto::ScoreUnit::Probability,
            ScoreUnit::Amount => proto::ScoreUnit::Amount,
        } as i32,
        shadow: from.shadow,
        score_drift: Some(drift(&from.score_drift, from.against_baseline)),
        feature_drift: from.feature_drift.iter().map(|one| drift(one, from.against_baseline)).collect(),
        discrimination: from.discrimination.map(|one| discrimination(&one, reported.scale())),
        calibration: from.calibration.as_ref().map(calibration),
        bands: from.bands.iter().map(band).collect(),
        comparisons: from.comparisons.iter().map(comparison).collect(),
        groups: from.groups.iter().map(group).collect(),
        alarms: from.alarms.iter().map(alarm).collect(),
    }
}

fn resource(version: &VersionKey) -> String {
    format!("models/{}/versions/{}", version.model, version.version)
}

fn estimate(from: &Estimate) -> proto::Estimate {
    proto::Estimate {
        value: from.value,
        low: from.interval.map(|interval| interval.low),
        high: from.interval.map(|interval| interval.high),
        decisions: count(from.n),
    }
}

fn drift(from: &Drift, against_baseline: bool) -> proto::Drift {
    let reference = from.reference.as_deref();
    let rows = |at: usize| reference.and_then(|rows| rows.get(at)).copied().map_or(0, count);
    let bins = from.labels.iter().zip(&from.actual).enumerate().map(|(at, (label, decisions))| proto::DriftBin {
        label: label.clone(),
        decisions: count(*decisions),
        reference_rows: rows(at),
    });
    let kind = match (reference.is_some(), against_baseline) {
        (false, _) => proto::DriftReference::Unspecified,
        (true, false) => proto::DriftReference::Training,
        (true, true) => proto::DriftReference::Baseline,
    };
    proto::Drift {
        feature: from.feature.clone(),
        bins: bins.collect(),
        reference: kind as i32,
        psi: from.psi.map(|psi| psi.value),
        expected_psi: from.psi.map(|psi| psi.expected),
        critical_psi: from.psi.filter(|psi| psi.bins > 1).map(|psi| psi.significant_at(CRITICAL)),
        p_value: from.psi.and_then(|psi| psi.homogeneity).map(|test| test.p),
        decisions: count(from.actual.iter().sum()),
        reference_rows: count(reference.unwrap_or_default().iter().sum()),
        movement: from.psi.map(|psi| estimate(&psi.movement)),
    }
}

fn discrimination(from: &Discrimination, scale: ScoreScale) -> proto::Discrimination {
    proto::Discrimination {
        auc: Some(estimate(&from.auc.estimate)),
        auc_step_error: from.auc.tie_bound,
        gini: Some(estimate(&from.auc.gini())),
        ks: Some(estimate(&from.ks.estimate)),
        ks_score: scale.score_of_risk(from.ks.at),
        ks_p_value: from.ks.p,
    }
}

fn calibration(from: &CalibrationCheck) -> proto::CalibrationCheck {
    let groups =
        from.ranges.iter().zip(&from.table.rows).map(|((from_score, to_score), row)| proto::CalibrationGroup {
            from_score: *from_score,
            to_score: *to_score,
            mean_probability: row.predicted,
            bad_rate: Some(estimate(&row.observed)),
        });
    let test = from.table.hosmer_lemeshow;
    proto::CalibrationCheck {
        brier: Some(estimate(&from.brier)),
        expected_over_observed: from.table.expected_to_observed.as_ref().map(estimate),
        groups: groups.collect(),
        hosmer_lemeshow: test.map(|test| test.statistic),
        degrees_of_freedom: test.map_or(0, |test| i32::try_from(test.degrees).unwrap_or(i32::MAX)),
        p_value: test.map(|test| test.p),
    }
}

fn band(from: &BandResult) -> proto::BandResult {
    proto::BandResult {
        band: from.band.clone(),
        min_score: from.min_score,
        decisions: count(from.rates.decisions),
        approval_rate: from.rates.approval.as_ref().map(estimate),
        bad_rate: from.rates.bad.as_ref().map(estimate),
    }
}

fn comparison(from: &VersionComparison) -> proto::ModelComparison {
    let difference = from.difference.as_ref();
    let pairs = from.pairs.as_ref();
    proto::ModelComparison {
        other_version: resource(&from.other.key),
        shadow: from.shadow,
        other_decisions: count(from.decisions),
        other_auc: from.auc.as_ref().map(estimate),
        auc_difference: difference.map(|one| estimate(&one.estimate)),
        auc_p_value: difference.and_then(|one| one.test).map(|test| test.p),
        pairs: pairs.map_or(0, |pairs| count(pairs.pairs)),
        cutoff: pairs.map_or(0.0, |pairs| pairs.cutoff),
        agreement: pairs.map(agreement),
    }
}

fn agreement(from: &PairAgreement) -> proto::Agreement {
    let [[both_good, only_other_bad], [only_this_bad, both_bad]] = from.table.map(|row| row.map(count));
    proto::Agreement {
        both_good,
        only_other_bad,
        only_this_bad,
        both_bad,
        kappa: from.agreement.kappa.map(|kappa| kappa.value),
        only_this_right: count(from.right.only_first),
        only_other_right: count(from.right.only_second),
        mcnemar_p_value: from.right.p,
    }
}

fn group(from: &GroupResult) -> proto::GroupResult {
    let impact = from.impact.as_ref();
    proto::GroupResult {
        group: from.group.clone(),
        decisions: count(from.rates.decisions),
        approval_rate: from.rates.approval.as_ref().map(estimate),
        impact_ratio: impact.map(|one| estimate(&one.ratio)),
        reference: from.reference,
        below_four_fifths: impact.is_some_and(|one| one.below_four_fifths),
        p_value: impact.and_then(|one| one.test).map(|test| test.p),
        bad_rate: from.rates.bad.as_ref().map(estimate),
    }
}

/// An alarm as the contract has it.
pub(super) fn alarm(from: &Alarm) -> proto::ModelAlarm {
    let signal = match from.raised.signal {
        AlarmSignal::Score => proto::AlarmSignal::Score,
        AlarmSignal::Feature(_) => proto::AlarmSignal::Feature,
        AlarmSignal::Calibration => proto::AlarmSignal::Calibration,
    };
    proto::ModelAlarm {
        sequence: from.sequence,
        model_version: resource(&from.version),
        signal: signal as i32,
        feature: from.raised.signal.feature().to_owned(),
        decisions: from.raised.decisions,
        value: from.raised.value,
        expected: from.raised.expected,
        p_value: from.raised.p_value,
        alpha: from.raised.alpha,
        window: from.raised.window,
        raise_time: Some(proto_time(from.at)),
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
