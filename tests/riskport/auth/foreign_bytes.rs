//! Eight tenants share four connections to the database and drop calls in the middle: nothing of one ever comes to another.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message;
use riskport::{
    config::SettingsSource,
    rpc::proto::{
        credit::{CreditAction, ReportCreditOutcomeRequest, ScoreCreditResponse},
        decision::{DecisionView, GetDecisionRequest, ListDecisionsRequest},
    },
};
use tokio::{task::JoinSet, time::timeout};
use tonic::{Code, transport::Channel};

use crate::{
    fraud::asked::noise,
    support::{
        applicant,
        platform::{Platform, token},
        times,
        wire::{self, Reply},
    },
};

const TENANTS: usize = 8;
const CONNECTIONS: u32 = 4;
/// Calls of all tenants together, unless `RISKPORT_TEST_SHARED` asks for more.
const CALLS: usize = 1_600;

const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
const REPORT: &str = "/riskport.credit.v1.CreditScoreService/ReportCreditOutcome";
const GET: &str = "/riskport.decision.v1.DecisionService/GetDecision";
const LIST: &str = "/riskport.decision.v1.DecisionService/ListDecisions";

/// What only this tenant's records hold.
fn marker(who: usize) -> String {
    format!("secret-of-{who}")
}

/// Decisions with their owners.
type Decisions = Arc<Mutex<Vec<(usize, String)>>>;

/// What came of one tenant's calls.
#[derive(Debug, Default)]
struct Seen {
    answered: usize,
    dropped: usize,
    /// Replies with the tenant's own marker: that it is found at all shows that a foreign one would be.
    own: usize,
    /// Questions for what is another's, each answered as one for nothing.
    foreign_ids: usize,
}

struct Caller {
    who: usize,
    channel: Channel,
    token: String,
    decisions: Decisions,
    seen: Seen,
}

impl Caller {
    /// Any decision, whose ever it is.
    fn any(&self, at: usize) -> Option<(usize, String)> {
        let decisions = self.decisions.lock().unwrap();
        decisions.get(noise(at * 8 + self.who) % decisions.len().max(1)).cloned()
    }

    fn next(&self, at: usize) -> (&'static str, Vec<u8>, Option<usize>) {
        let score = || {
            let mut request = applicant::request(&format!("{}-{at}", marker(self.who)), at % 7);
            request.purpose = marker(self.who);
            (SCORE, request.encode_to_vec(), None)
        };
        match (noise(at * 64 + self.who) % 8, self.any(at)) {
            (0..=2, _) | (_, None) => score(),
            (3 | 4, Some((owner, name))) => {
                let view = if at.is_multiple_of(2) { DecisionView::Full } else { DecisionView::Basic } as i32;
                (GET, GetDecisionRequest { name, view }.encode_to_vec(), Some(owner))
            }
            (5, Some((owner, decision))) => {
                let report = ReportCreditOutcomeRequest {
                    request_id: format!("report-{at}"),
                    decision,
                    action: CreditAction::Approved as i32,
                    override_reason: String::new(),
                    observe_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
                    ..ReportCreditOutcomeRequest::default()
                };
                (REPORT, report.encode_to_vec(), Some(owner))
            }
            // Every tenant has the same few subjects.
            _ => {
                let subject = format!("client-{}", at % 7);
                (LIST, ListDecisionsRequest { subject, page_size: 20, ..Default::default() }.encode_to_vec(), None)
            }
        }
    }

    async fn call(&mut self, at: usize) {
        let (path, message, owner) = self.next(at);
        let call = wire::call_bytes(&self.channel, path, &self.token, &message);
        // A third of the calls is dropped after a while that is shorter than most take.
        let patience = match noise(at * 16 + self.who) % 3 {
            0 => Duration::from_micros(u64::try_from(noise(at) % 6_000).unwrap()),
            _ => Duration::from_mins(1),
        };
        let Ok(reply) = timeout(patience, call).await else {
            self.seen.dropped += 1;
            return;
        };
        self.seen.answered += 1;
        self.look(path, owner, &reply);
        if path == SCORE && reply.code() == Code::Ok {
            let name = ScoreCreditResponse::decode(reply.message()).unwrap().decision;
            self.decisions.lock().unwrap().push((self.who, name));
        }
    }

    fn look(&mut self, path: &str, owner: Option<usize>, reply: &Reply) {
        for other in (0..TENANTS).filter(|other| *other != self.who) {
            assert!(
                !reply.mentions(&marker(other)),
                "{path}: tenant {} was told of tenant {other}: {reply:?}",
                self.who
            );
        }
        self.seen.own += usize::from(reply.mentions(&marker(self.who)));
        if owner.is_some_and(|owner| owner != self.who) {
            assert_eq!((reply.code(), reply.reason().as_str()), (Code::NotFound, "NOT_FOUND"), "{path}");
            self.seen.foreign_ids += 1;
        } else {
            assert_eq!(reply.code(), Code::Ok, "{path}: {:?}", reply.status);
        }
    }
}

on_both!(eight_tenants_on_four_connections_see_nothing_of_each_other, async |world| {
    let source = SettingsSource { database_connections: Some(CONNECTIONS), ..SettingsSource::default() };
    let platform = Platform::start_with(world, source).await;
    let (decisions, each) = (Decisions::default(), times("RISKPORT_TEST_SHARED", CALLS) / TENANTS);
    let mut tenants = JoinSet::new();
    for who in 0..TENANTS {
        let bank = platform.onboard(&format!("tenant-{who}")).await;
        let channel = platform.channel().await;
        let (token, decisions) = (token(&bank, None), Arc::clone(&decisions));
        tenants.spawn(async move {
            let mut caller = Caller { who, channel, token, decisions, seen: Seen::default() };
            for at in 0..each {
                caller.call(at).await;
            }
            caller.seen
        });
    }
    let seen = tenants.join_all().await;
    let all = |of: fn(&Seen) -> usize| seen.iter().map(of).sum::<usize>();
    let told =
        (all(|seen| seen.answered), all(|seen| seen.dropped), all(|seen| seen.own), all(|seen| seen.foreign_ids));
    println!("{:?}: answered, dropped, own marker, foreign ids: {told:?}; 0 foreign bytes", world.database);
    assert!(told.1 > each / 4 && told.2 > each / 4 && told.3 > each / 4, "too little was tried: {told:?}");
    platform.stop().await;
});
