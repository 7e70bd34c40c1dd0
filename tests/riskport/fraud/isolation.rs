//! Isolation as a property: whatever others do between a tenant's events, with its ids and its entities, it is answered what
//! it would be answered alone.

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use riskport::{
    cli::client::SignedChannel,
    rpc::proto::fraud::{
        CheckFraudRequest, CheckFraudResponse, Entity, EntityKind, FraudLabel, RecordEventsRequest,
        ReportFraudOutcomeRequest, fraud_check_service_client::FraudCheckServiceClient, fraud_outcome::Target,
        record_events_request::Record,
    },
};
use tokio::{runtime::Handle, sync::Mutex, task::block_in_place};
use tonic::{Code, Status};

use super::asked::{check, event, outcome};
use crate::support::platform::Platform;

/// Sequences of what tenants do, and how many steps each has at most.
const SEQUENCES: u32 = 24;
const STEPS: usize = 60;
/// How many others there are.
const OTHERS: usize = 2;
/// How far ahead of the tenant's own events those of others lie at most, and so their ids.
const AHEAD: usize = 40;

/// What one of them does. An index is into the numbers of the events that there may be so far.
#[derive(Debug, Clone)]
enum Step {
    /// The tenant has its next event decided, so many on from the last.
    Own { on: usize },
    /// The tenant reports fraud, or takes it back, on an event of its own.
    OwnReport { of: Index, fraud: bool },
    /// Another has an event decided, or only recorded, under an id that the tenant may have too.
    Other { who: usize, number: Index, recorded: bool },
    /// Another reports on an event by an id that may be only the tenant's.
    OtherReport { who: usize, of: Index },
    /// Another reports an entity, by a value that the tenant's events have.
    OtherEntity { who: usize, of: Index },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..OTHERS;
    let step = prop_oneof![
        5 => (1..4_usize).prop_map(|on| Step::Own { on }),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(of, fraud)| Step::OwnReport { of, fraud }),
        4 => (who(), any::<Index>(), any::<bool>())
            .prop_map(|(who, number, recorded)| Step::Other { who, number, recorded }),
        2 => (who(), any::<Index>()).prop_map(|(who, of)| Step::OtherReport { who, of }),
        1 => (who(), any::<Index>()).prop_map(|(who, of)| Step::OtherEntity { who, of }),
    ];
    prop::collection::vec(step, 1..STEPS)
}

type Client = FraudCheckServiceClient<SignedChannel>;

/// The tenant among others, its double that is alone, and what was done so far.
struct Tenants {
    beside: Client,
    alone: Client,
    others: Vec<Client>,
    /// The numbers of the tenant's own events.
    own: Vec<usize>,
    /// The numbers of the events of each of the others.
    theirs: Vec<BTreeSet<usize>>,
    reports: usize,
    /// How often another asked for an id that is only the tenant's.
    foreign: usize,
}

/// What of an answer does not depend on when it was made.
fn lasting(answer: CheckFraudResponse) -> CheckFraudResponse {
    CheckFraudResponse { decision_name: String::new(), decide_time: None, ..answer }
}

impl Tenants {
    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Own { on } => self.own(*on).await,
            Step::OwnReport { .. } if self.own.is_empty() => Ok(()),
            Step::OwnReport { of, fraud } => {
                let label = if *fraud { FraudLabel::Fraud } else { FraudLabel::Unsure };
                let request = self.report_on(*of.get(&self.own), label);
                let beside = self.beside.report_fraud_outcome(request.clone()).await.unwrap().into_inner();
                let alone = self.alone.report_fraud_outcome(request).await.unwrap().into_inner();
                prop_assert_eq!(beside, alone);
                Ok(())
            }
            Step::Other { who, number, recorded } => self.other(*who, self.number(*number), *recorded).await,
            Step::OtherReport { who, of } => {
                let of = self.number(*of);
                let request = self.report_on(of, FraudLabel::Fraud);
                let reported = self.others[*who].report_fraud_outcome(request).await;
                let known = self.theirs[*who].contains(&of);
                prop_assert_eq!(code(&reported), if known { Code::Ok } else { Code::NotFound });
                self.foreign += usize::from(!known && self.own.contains(&of));
                Ok(())
            }
            Step::OtherEntity { who, of } => {
                let account = event(self.number(*of)).entities.unwrap().account;
                let entity = Entity { kind: EntityKind::Account as i32, value: account };
                let mut request = self.report_on(0, FraudLabel::Fraud);
                request.outcome.as_mut().unwrap().target = Some(Target::Entity(entity));
                self.others[*who].report_fraud_outcome(request).await.unwrap();
                Ok(())
            }
        }
    }

    /// One of the numbers that events have or may have soon.
    fn number(&self, index: Index) -> usize {
        let newest = self.own.last().copied().unwrap_or_default();
        newest.saturating_sub(AHEAD) + index.index(2 * AHEAD)
    }

    fn report_on(&mut self, number: usize, label: FraudLabel) -> ReportFraudOutcomeRequest {
        self.reports += 1;
        // It is in the past of every event.
        let outcome = outcome(&format!("e-{number}"), label, 1_700_000_000);
        ReportFraudOutcomeRequest { request_id: format!("r-{}", self.reports), outcome }
    }

    async fn own(&mut self, on: usize) -> Result<(), TestCaseError> {
        let number = self.own.last().copied().unwrap_or_default() + on;
        let request = check(&format!("e-{number}"), number);
        let beside = self.beside.check_fraud(request.clone()).await.unwrap();
        prop_assert!(beside.metadata().get("riskport-replayed").is_none(), "another's answer came back");
        let alone = self.alone.check_fraud(request).await.unwrap().into_inner();
        prop_assert_eq!(lasting(beside.into_inner()), lasting(alone));
        self.own.push(number);
        Ok(())
    }

    async fn other(&mut self, who: usize, number: usize, recorded: bool) -> Result<(), TestCaseError> {
        // The tenant's id, and an event of the same people that is not the tenant's.
        let id = format!("e-{number}");
        let other = event(number ^ 1);
        let taken = if recorded {
            let record = RecordEventsRequest { request_id: id, record: Some(Record::Event(other)) };
            record_one(&mut self.others[who], record).await
        } else {
            let request = CheckFraudRequest { request_id: id, event: Some(other), ..CheckFraudRequest::default() };
            self.others[who].check_fraud(request).await.map(drop)
        };
        // It may have been recorded before, which a check does not repeat.
        prop_assert!(matches!(code(&taken), Code::Ok | Code::FailedPrecondition), "{:?}", taken);
        self.theirs[who].insert(number);
        Ok(())
    }
}

async fn record_one(client: &mut Client, record: RecordEventsRequest) -> Result<(), Status> {
    let mut answers = client.record_events(tokio_stream::iter([record])).await?.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

fn code<T>(result: &Result<T, Status>) -> Code {
    result.as_ref().map_or_else(Status::code, |_| Code::Ok)
}

on_both!(a_tenant_among_others_is_answered_as_if_it_were_alone, async |world| {
    let platform = Platform::start(world).await;
    let (beside, alone) = (platform.onboard_replaying("beside").await, platform.onboard_replaying("alone").await);
    let mut others = Vec::new();
    for at in 0..OTHERS {
        others.push(platform.fraud(&platform.onboard_replaying(&format!("other-{at}")).await).await);
    }
    let tenants = Mutex::new(Tenants {
        beside: platform.fraud(&beside).await,
        alone: platform.fraud(&alone).await,
        others,
        own: Vec::new(),
        theirs: vec![BTreeSet::new(); OTHERS],
        reports: 0,
        foreign: 0,
    });
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(SEQUENCES) });
    // Each sequence goes on where the last one ended: the longer they run, the more there is to see.
    let run = runner.run(&steps(), |steps| {
        let all = async {
            let mut tenants = tenants.lock().await;
            for step in steps {
                tenants.take(&step).await?;
            }
            Ok(())
        };
        block_in_place(|| Handle::current().block_on(all))
    });
    if let Err(failed) = run {
        panic!("{failed}");
    }
    let mut tenants = tenants.into_inner();
    assert!(tenants.own.len() > 50 && tenants.foreign > 5, "too little was tried");
    // What is read back from the disk is no more another's than what was in memory.
    let platform = platform.restart().await;
    (tenants.beside, tenants.alone) = (platform.fraud(&beside).await, platform.fraud(&alone).await);
    for _ in 0..5 {
        tenants.own(1).await.unwrap();
    }
    platform.stop().await;
});
