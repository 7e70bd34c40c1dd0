//! Many streams of decisions, as windows see them: those without drift raise hardly any alarm over their whole life, and a
//! feature that drifts raises one with its first window.

use riskport::{
    domain::{
        model::Manifest,
        monitor::{AlarmSignal, Counts, Day, NewAlarm, Tally, Watch},
    },
    engine::monitor::{Binning, window},
};

use crate::statistics::random::{Bins, Random};

const STREAMS: usize = 1_000;
const WINDOWS: usize = 3;
const FEATURES: usize = 8;
/// As many decisions as close a window.
const WINDOW: u64 = 2_000;

/// A model with features in deciles, whose training rows were themselves drawn.
fn manifest(random: &mut Random) -> Manifest {
    let deciles = Bins::new(&[0.1; 10]);
    let mut drawn = || random.counts(&deciles, 10_000);
    let cuts: Vec<f64> = (1..10).map(f64::from).collect();
    let mut manifest = serde_json::json!({
        "title": "Deciles", "kind": "generic", "features": [],
        "profile": { "rows": 10_000, "scores": { "below": cuts, "rows": drawn() }, "features": [] }
    });
    for at in 0..FEATURES {
        let name = format!("feature_{at}");
        let spec = serde_json::json!({ "name": name, "kind": "number" });
        manifest["features"].as_array_mut().unwrap().push(spec);
        let profile = serde_json::json!({ "feature": name, "below": cuts, "rows": drawn() });
        manifest["profile"]["features"].as_array_mut().unwrap().push(profile);
    }
    serde_json::from_value(manifest).unwrap()
}

/// A window's decisions, the first feature of which falls as `first` says.
fn decisions(random: &mut Random, usual: &Bins, first: &Bins) -> Tally {
    let mut counts = |bins: &Bins| {
        let counts = random.counts(bins, WINDOW).into_iter().map(|count| i64::try_from(count).unwrap());
        // None is missing.
        Counts { bins: counts.chain([0]).collect() }
    };
    let features = (0..FEATURES).map(|at| counts(if at == 0 { first } else { usual })).collect();
    let scores = Some(counts(usual));
    Tally { decisions: i64::try_from(WINDOW).unwrap(), scores, features, ..Tally::default() }
}

/// The alarms of a stream's windows.
fn raised(random: &mut Random, usual: &Bins, first: &Bins, windows: usize) -> Vec<NewAlarm> {
    let manifest = manifest(random);
    let binning = Binning::of(&manifest);
    let (mut watch, mut raised) = (Watch::default(), Vec::new());
    for day in 0..windows {
        let today = Day::from_number(i64::try_from(day).unwrap());
        raised.extend(window::decided(&mut watch, &decisions(random, usual, first), today, &manifest, &binning));
    }
    assert_eq!(watch.drift_windows, i64::try_from(windows).unwrap());
    raised
}

#[test]
fn a_thousand_streams_without_drift_raise_at_most_the_stated_share_of_alarms() {
    let (mut random, usual) = (Random(20_151_128), Bins::new(&[0.1; 10]));
    let alarmed = (0..STREAMS).filter(|_| !raised(&mut random, &usual, &usual, WINDOWS).is_empty()).count();
    println!("{alarmed} of {STREAMS} streams of {WINDOWS} windows with {FEATURES} features raised a false alarm");
    assert!(alarmed * 100 <= STREAMS, "{alarmed} of {STREAMS}");
}

#[test]
fn a_feature_that_drifts_is_named_by_the_first_window() {
    // The deciles of a standard normal feature after a shift by three tenths of its deviation.
    let shifted = [0.0570, 0.0701, 0.0786, 0.0859, 0.0931, 0.1006, 0.1088, 0.1187, 0.1324, 0.1548];
    let (mut random, usual, shifted) = (Random(7), Bins::new(&[0.1; 10]), Bins::new(&shifted));
    let named = (0..200).filter(|_| {
        let raised = raised(&mut random, &usual, &shifted, 1);
        assert!(raised.iter().all(|alarm| alarm.signal == AlarmSignal::Feature("feature_0".to_owned())), "{raised:?}");
        raised.iter().any(|alarm| alarm.decisions == 2_000 && alarm.window == 1 && alarm.p_value < alarm.alpha)
    });
    let named = named.count();
    println!("{named} of 200 streams told the drift with their first 2,000 decisions");
    assert!(named >= 190, "{named} of 200");
}

#[test]
fn a_window_that_is_not_full_waits_a_week() {
    let mut random = Random(3);
    let manifest = manifest(&mut random);
    let (binning, mut watch) = (Binning::of(&manifest), Watch::default());
    let first_bin = |rows: i64| Counts { bins: vec![rows, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
    let few = Tally {
        decisions: 150,
        scores: Some(first_bin(150)),
        features: vec![first_bin(150); FEATURES],
        ..Tally::default()
    };
    let mut on = |day: i64| window::decided(&mut watch, &few, Day::from_number(day), &manifest, &binning).len();
    assert_eq!([on(100), on(106)], [0, 0]);
    // After a week the 450 that there are are enough: the score and every feature fell into one bin.
    assert_eq!(on(107), FEATURES + 1);
    assert_eq!(on(108), 0, "a new window has begun");
}
