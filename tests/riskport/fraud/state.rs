//! The state against the reference, event by event: out of order, twice at the same time, with outcomes late and corrected.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    thread,
};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use riskport::{
    domain::fraud::{Catalogue, Event, MAX_DISORDER_US, RETENTION_US},
    state::fraud::{FraudState, StateLimits},
};

use super::{
    made::{Draw, Step, draw, steps},
    reference::Reference,
};

/// Above anything that these worlds have.
const AMPLE: StateLimits =
    StateLimits { events: 1_000_000, scanned: 100_000, cluster_scanned: 100_000, cluster_nodes: 10_000, labels: 100 };

fn assert_same(state: &mut FraudState, reference: &Reference, event: &Event) {
    let vector = state.features(event);
    assert!(!vector.truncated().any());
    let mut expected = reference.features(event);
    for (at, def) in Catalogue::get().features().iter().enumerate() {
        match (vector.value(at), expected.remove(&def.name)) {
            (None, None) => {}
            (Some(found), Some(wanted)) if (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0) => {}
            (found, wanted) => panic!("{}: {found:?} instead of {wanted:?} for {event:?}", def.name),
        }
    }
    assert!(expected.is_empty(), "not in the catalogue: {expected:?}");
}

/// Draws a log of so many steps. The seed is fixed: this is a large fixture more than a search.
fn a_log(steps_in_all: usize, seed: u8) -> Vec<Step> {
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), random);
    let draws: Vec<Draw> = (0..steps_in_all).map(|_| draw().new_tree(&mut runner).unwrap().current()).collect();
    steps(&draws)
}

fn check_log(log: &[Step]) -> usize {
    let (mut state, mut reference) = (FraudState::new(AMPLE), Reference::default());
    let mut events = 0;
    for (place, step) in (1..).zip(log) {
        match step {
            Step::Event(event) => {
                assert_same(&mut state, &reference, event);
                state.apply(place, event);
                reference.apply(place, event);
                events += 1;
            }
            Step::Outcome(outcome) => {
                state.apply_outcome(outcome);
                reference.apply_outcome(outcome);
            }
        }
    }
    events
}

/// Logs of this many steps, four in five of which are events: more than a hundred thousand in all.
const LOGS: u8 = 108;
const STEPS: usize = 1_200;

#[test]
fn a_hundred_thousand_events_equal_the_reference() {
    // The events of a month are some two hundred: the reference looks at all of them for each.
    let next = AtomicU8::new(0);
    let share = || {
        let seeds = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|seed| *seed < LOGS);
        seeds.map(|seed| check_log(&a_log(STEPS, seed))).sum::<usize>()
    };
    let checked: usize = thread::scope(|scope| {
        let shares: Vec<_> = (0..2).map(|_| scope.spawn(share)).collect();
        shares.into_iter().map(|share| share.join().unwrap()).sum()
    });
    assert!(checked >= 100_000, "{checked}");
    println!("{checked} events, every feature of each");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn features_equal_the_reference_in_any_order(draws in prop::collection::vec(draw(), 1..120)) {
        check_log(&steps(&draws));
    }
}

#[test]
fn a_state_made_from_the_end_of_the_log_is_the_same() {
    let log = a_log(6_000, 11);
    let mut whole = FraudState::new(AMPLE);
    let mut restarts = 0;
    let (head, tail) = log.split_at(5_000);
    let apply = |state: &mut FraudState, place: i64, step: &Step| match step {
        Step::Event(event) => state.apply(place, event),
        Step::Outcome(outcome) => state.apply_outcome(outcome),
    };
    for (place, step) in (1..).zip(head) {
        apply(&mut whole, place, step);
    }
    let newest = whole.newest().unwrap().micros();
    // What is younger than this begins here at the latest.
    let matters = newest - RETENTION_US - MAX_DISORDER_US;
    let old = |step: &Step| matches!(step, Step::Event(event) if event.occurred.micros() < matters);
    let from = head.iter().rposition(old).unwrap() + 1;
    assert!(from > 1_000, "the log is too short to leave anything out: {from}");
    let mut remade = FraudState::new(AMPLE);
    for (place, step) in (1..).zip(head).skip(from) {
        apply(&mut remade, place, step);
    }
    for (place, step) in (5_001..).zip(tail) {
        if let Step::Event(event) = step {
            let (one, other) = (whole.features(event), remade.features(event));
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(one.values()), bits(other.values()), "{event:?}");
            restarts += 1;
        }
        apply(&mut whole, place, step);
        apply(&mut remade, place, step);
    }
    assert!(restarts > 700, "{restarts}");
    assert_eq!(whole.size(), remade.size());
}
