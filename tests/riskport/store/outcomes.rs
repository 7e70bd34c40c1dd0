//! Outcomes: only added to; the latest observation is in force.

use riskport::{
    domain::{
        decision::NewDecision,
        ids::{DecisionId, OutcomeId, TenantId},
        money::Money,
        outcome::{CreditAction, CreditOutcome, CreditPerformance, OutcomeReport},
    },
    store::{RecordOutcome, Store},
};

use crate::support::{
    World,
    samples::{at, decision, decision_id, kid, payload, request_id, tenant_id, uuid},
};

/// A report under a fresh id, of an application approved.
pub fn outcome(request: &str, decision: &DecisionId, observed: i64) -> CreditOutcome {
    CreditOutcome {
        id: OutcomeId::parse(&uuid()).unwrap(),
        report: OutcomeReport {
            request_id: request_id(request),
            decision: decision.clone(),
            action: Some(CreditAction::Approved),
            performance: None,
            observed: at(observed),
        },
        reported: at(1_000),
    }
}

pub async fn report(store: &Store, tenant: &TenantId, outcome: &CreditOutcome) -> RecordOutcome {
    let request = outcome.report.request_id.as_str();
    store.record_outcome(tenant, outcome, payload(request), &kid("k1"), "teller 7").await.unwrap()
}

/// A store in which north has one decision.
async fn open_with_decision(world: &World) -> (Store, NewDecision) {
    let (store, writer, _task) = world.open_writer().await;
    let new = decision("north", "r1");
    writer.record(new.clone()).await.unwrap();
    (store, new)
}

on_both!(the_latest_observation_is_in_force_and_then_the_latest_report, async |world| {
    let (store, NewDecision { tenant, id, .. }) = open_with_decision(world).await;
    assert_eq!(store.find_outcome(&tenant, &id).await.unwrap(), None);
    let steps = [
        // Each with whether it is in force once it is reported.
        (outcome("o1", &id, 10), true),
        (outcome("o2", &id, 20), true),
        (outcome("o3", &id, 15), false),
        (outcome("o4", &id, 20), true),
        (outcome("o5", &id, -5), false),
    ];
    let mut in_force = None;
    for (new, latest) in steps {
        assert_eq!(report(&store, &tenant, &new).await, RecordOutcome::Recorded);
        if latest {
            in_force = Some(new);
        }
        assert_eq!(store.find_outcome(&tenant, &id).await.unwrap(), in_force);
    }
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM credit_outcomes").await, 5, "a report was lost");
});

on_both!(every_kind_of_report_comes_back_as_it_was, async |world| {
    let (store, NewDecision { tenant, id, .. }) = open_with_decision(world).await;
    let overridden = "knows the owner; 老客户".to_owned();
    let owed = Money { currency_code: "CNY".to_owned(), amount_minor: 9_000_000_000_000_000 };
    let performances = [
        None,
        Some(CreditPerformance { defaulted: true, days_past_due: Some(36_500), amount: Some(owed) }),
        Some(CreditPerformance { defaulted: false, days_past_due: Some(0), amount: None }),
        Some(CreditPerformance { defaulted: true, days_past_due: None, amount: None }),
    ];
    let actions = [
        None,
        Some(CreditAction::Approved),
        Some(CreditAction::Refused),
        Some(CreditAction::OverriddenApproved(overridden.clone())),
        Some(CreditAction::OverriddenRefused(overridden)),
    ];
    let mut observed = 0;
    for performance in &performances {
        for action in &actions {
            observed += 1;
            let mut new = outcome(&format!("o{observed}"), &id, observed);
            new.report.action.clone_from(action);
            new.report.performance.clone_from(performance);
            assert_eq!(report(&store, &tenant, &new).await, RecordOutcome::Recorded);
            assert_eq!(store.find_outcome(&tenant, &id).await.unwrap(), Some(new));
        }
    }
});

on_both!(a_repeated_report_finds_the_first, async |world| {
    let (store, NewDecision { tenant, id, .. }) = open_with_decision(world).await;
    let first = outcome("o1", &id, 10);
    assert_eq!(report(&store, &tenant, &first).await, RecordOutcome::Recorded);
    // The caller compares the payloads, so it gets the first one's whatever the second says.
    let mut again = outcome("o1", &id, 99);
    again.report.action = Some(CreditAction::Refused);
    let other = payload("something else");
    let answer = store.record_outcome(&tenant, &again, other, &kid("k2"), "").await.unwrap();
    assert_eq!(answer, RecordOutcome::Exists(first.clone(), payload("o1").to_vec()));
    assert_eq!(store.find_outcome(&tenant, &id).await.unwrap(), Some(first));
});

on_both!(racing_reports_with_one_id_leave_one, async |world| {
    let (store, NewDecision { tenant, id, .. }) = open_with_decision(world).await;
    let other = world.open().await;
    let mut reporting = tokio::task::JoinSet::new();
    for n in 0..32 {
        let (store, tenant) = (if n % 2 == 0 { store.clone() } else { other.clone() }, tenant.clone());
        let new = outcome("o1", &id, n);
        reporting.spawn(async move { report(&store, &tenant, &new).await });
    }
    let answers = reporting.join_all().await;
    let in_force = store.find_outcome(&tenant, &id).await.unwrap().unwrap();
    let replay = RecordOutcome::Exists(in_force, payload("o1").to_vec());
    assert_eq!(answers.iter().filter(|one| **one == RecordOutcome::Recorded).count(), 1);
    assert_eq!(answers.iter().filter(|one| **one == replay).count(), 31);
});

on_both!(a_report_needs_a_decision_of_the_same_tenant, async |world| {
    let (store, norths) = open_with_decision(world).await;
    let south = tenant_id("south");
    let foreign = outcome("o1", &norths.id, 10);
    let unknown = outcome("o2", &decision_id(), 10);
    assert_eq!(report(&store, &south, &foreign).await, RecordOutcome::NoDecision);
    assert_eq!(report(&store, &norths.tenant, &unknown).await, RecordOutcome::NoDecision);
    // What was refused has not used up its id.
    assert_eq!(report(&store, &norths.tenant, &foreign).await, RecordOutcome::Recorded);
    assert_eq!(store.find_outcome(&south, &norths.id).await.unwrap(), None);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM credit_outcomes").await, 1);
});
