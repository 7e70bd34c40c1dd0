//! Nothing of one tenant reaches another: a random walk of several tenants, held against a model of each.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use riskport::{
    domain::{
        decision::{Decision, DecisionFilter, NewDecision},
        ids::TenantId,
        outcome::CreditOutcome,
        refusal::{Obstacle, Refusal},
    },
    store::{DecisionWriter, RecordOutcome, Store},
};

use super::outcomes::{outcome, report};
use crate::support::{
    World,
    samples::{at, decision, pages_of, payload, subject, tenant_id},
};

const TENANTS: usize = 4;

/// One call of one tenant. Numbers pick among few, so that tenants meet on the same ids, subjects and times.
#[derive(Debug, Clone)]
enum Call {
    Record { tenant: usize, request: u8, payload: u8, subject: u8, time: i64 },
    Find { tenant: usize, of_any: prop::sample::Index },
    List { tenant: usize, subject: Option<u8>, size: i32 },
    Report { tenant: usize, of_any: prop::sample::Index, request: u8 },
}

fn call() -> impl Strategy<Value = Call> {
    let any_of = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0..TENANTS, 0..6_u8, 0..2_u8, 0..3_u8, 0..4_i64)
            .prop_map(|(tenant, request, payload, subject, time)| Call::Record { tenant, request, payload, subject, time }),
        3 => (0..TENANTS, any_of()).prop_map(|(tenant, of_any)| Call::Find { tenant, of_any }),
        2 => (0..TENANTS, prop::option::of(0..3_u8), 1..5_i32)
            .prop_map(|(tenant, subject, size)| Call::List { tenant, subject, size }),
        2 => (0..TENANTS, any_of(), 0..4_u8)
            .prop_map(|(tenant, of_any, request)| Call::Report { tenant, of_any, request }),
    ]
}

/// What should be there.
struct Model {
    tenants: Vec<TenantId>,
    decisions: Vec<NewDecision>,
    outcomes: Vec<(TenantId, CreditOutcome)>,
}

impl Model {
    /// A decision of whichever tenant.
    fn any(&self, index: prop::sample::Index) -> Option<&NewDecision> {
        (!self.decisions.is_empty()).then(|| index.get(&self.decisions))
    }

    async fn record(&mut self, writer: &DecisionWriter, new: NewDecision) {
        let answer = writer.record(new.clone()).await;
        let holder = self.decisions.iter().find(|old| old.tenant == new.tenant && old.request_id == new.request_id);
        match holder {
            None => {
                assert_eq!(answer.unwrap().reply, new.reply);
                self.decisions.push(new);
            }
            Some(old) if old.payload_hmac == new.payload_hmac => assert_eq!(answer.unwrap().reply, old.reply),
            Some(_) => assert_eq!(answer, Err(Refusal::Precondition(Obstacle::RequestIdReused))),
        }
    }

    async fn find(&self, store: &Store, tenant: &TenantId, wanted: &NewDecision) {
        let own = *tenant == wanted.tenant;
        let found = store.find_decision(tenant, &wanted.id).await.unwrap();
        assert_eq!(found.map(|found| found.reply), own.then(|| wanted.reply.clone()));
        let inputs = store.find_inputs(tenant, &wanted.id).await.unwrap();
        assert_eq!(inputs, own.then(|| wanted.inputs.clone()));
        let in_force = self
            .outcomes
            .iter()
            .filter(|(owner, outcome)| own && owner == tenant && outcome.report.decision == wanted.id)
            .max_by_key(|(_, outcome)| (outcome.report.observed, outcome.id.clone()));
        let outcome = store.find_outcome(tenant, &wanted.id).await.unwrap();
        assert_eq!(outcome.as_ref(), in_force.map(|(_, outcome)| outcome));
    }

    async fn list(&self, store: &Store, tenant: &TenantId, filter: &DecisionFilter, size: i32) {
        let (mut seen, mut after) = (Vec::<Decision>::new(), None);
        loop {
            let page = store.list_decisions(tenant, filter, after.as_ref(), pages_of(size)).await.unwrap();
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let fits = |old: &&NewDecision| {
            old.tenant == *tenant && filter.subject_hmac.is_none_or(|subject| subject == old.subject_hmac)
        };
        let mut expected: Vec<_> = self.decisions.iter().filter(fits).collect();
        expected.sort_by_key(|old| std::cmp::Reverse((old.decided, old.id.clone())));
        let replies = |decision: &NewDecision| decision.reply.clone();
        assert_eq!(
            seen.into_iter().map(|seen| seen.reply).collect::<Vec<_>>(),
            expected.into_iter().map(replies).collect::<Vec<_>>()
        );
    }

    async fn report(&mut self, store: &Store, tenant: &TenantId, new: CreditOutcome) {
        let answer = report(store, tenant, &new).await;
        let own = self.decisions.iter().any(|old| old.tenant == *tenant && old.id == new.report.decision);
        let used = |(owner, old): &&(TenantId, CreditOutcome)| {
            owner == tenant && old.report.request_id == new.report.request_id
        };
        let expected = match self.outcomes.iter().find(used) {
            _ if !own => RecordOutcome::NoDecision,
            Some((_, old)) => RecordOutcome::Exists(old.clone(), payload(old.report.request_id.as_str()).to_vec()),
            None => {
                self.outcomes.push((tenant.clone(), new));
                RecordOutcome::Recorded
            }
        };
        assert_eq!(answer, expected);
    }

    async fn apply(&mut self, store: &Store, writer: &DecisionWriter, call: Call) {
        match call {
            Call::Record { tenant, request, payload: other, subject: about, time } => {
                let tenant = self.tenants[tenant].as_str();
                let new = NewDecision {
                    payload_hmac: payload(&format!("{request} {other}")),
                    subject_hmac: subject(&about.to_string()),
                    decided: at(time),
                    ..decision(tenant, &format!("r{request}"))
                };
                self.record(writer, new).await;
            }
            Call::Find { tenant, of_any } => {
                if let Some(wanted) = self.any(of_any) {
                    self.find(store, &self.tenants[tenant], wanted).await;
                }
            }
            Call::List { tenant, subject: about, size } => {
                let subject_hmac = about.map(|about| subject(&about.to_string()));
                let filter = DecisionFilter { subject_hmac, ..DecisionFilter::default() };
                self.list(store, &self.tenants[tenant], &filter, size).await;
            }
            Call::Report { tenant, of_any, request } => {
                if let Some(about) = self.any(of_any) {
                    let new = outcome(&format!("o{request}"), &about.id, i64::from(request % 2));
                    let tenant = self.tenants[tenant].clone();
                    self.report(store, &tenant, new).await;
                }
            }
        }
    }
}

/// Walks, each with tenants of its own, so that one database serves them all. The seed is fixed.
fn walk(world: &World) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (store, writer, _task) = runtime.block_on(world.open_writer());
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let walks = std::cell::Cell::new(0);
    let outcome = runner.run(&prop::collection::vec(call(), 1..80), |calls| {
        walks.set(walks.get() + 1);
        let tenants = (0..TENANTS).map(|n| tenant_id(&format!("bank-{}-{n}", walks.get()))).collect();
        let mut model = Model { tenants, decisions: Vec::new(), outcomes: Vec::new() };
        runtime.block_on(async {
            for call in calls {
                model.apply(&store, &writer, call).await;
            }
        });
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn tenants_never_meet_on_sqlite() {
    walk(&World::sqlite());
}

#[test]
fn tenants_never_meet_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(world) = runtime.block_on(World::postgres()) {
        walk(&world);
        runtime.block_on(world.end());
    }
}
