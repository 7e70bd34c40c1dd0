//! What several tenants have made, as an honest clerk would write it down, to hold answers against.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::Index};
use prost::Message;
use prost_types::Timestamp;
use riskport::rpc::proto::{
    credit::{CreditAction, ReportCreditOutcomeRequest, ScoreCreditResponse},
    decision::{GetDecisionRequest, GetDecisionResponse, ListDecisionsRequest, ListDecisionsResponse},
};
use tonic::Code;

use crate::support::{
    applicant,
    by_path::{Answer, ByPath},
    platform::{Partner, token},
};

pub const TENANTS: usize = 6;

const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
const REPORT: &str = "/riskport.credit.v1.CreditScoreService/ReportCreditOutcome";
const GET: &str = "/riskport.decision.v1.DecisionService/GetDecision";
const LIST: &str = "/riskport.decision.v1.DecisionService/ListDecisions";

/// What a tenant does. An index is into everything that anybody has made so far.
#[derive(Debug, Clone)]
pub enum Step {
    /// Scores a client; every tenant uses the same few subjects.
    Score { client: usize },
    /// Reads a decision.
    Get { decision: Index, full: bool },
    /// Lists decisions, from where somebody's page token says.
    List { subject: Option<usize>, size: i32, token: Option<Index> },
    /// Reports an outcome, under a request id that others use too.
    Report { decision: Index, request: u8 },
}

/// Everything that was made, and by whom.
pub struct Ledger {
    wire: ByPath,
    tokens: Vec<String>,
    /// The decisions with their owners and subjects, oldest first.
    decisions: Vec<(usize, String, usize)>,
    page_tokens: Vec<String>,
    /// What a request for a decision that never was is answered.
    unknown: BTreeMap<&'static str, Answer>,
    made: usize,
    /// How often somebody asked for what is another's.
    pub foreign: usize,
}

/// What only this tenant's records hold.
fn marker(who: usize) -> String {
    format!("secret-of-{who}")
}

impl Ledger {
    pub async fn new(tenants: &[Partner], wire: ByPath) -> Self {
        let tokens: Vec<String> = tenants.iter().map(|tenant| token(tenant, None)).collect();
        let never = "decisions/01890a5d-ac96-774b-bcce-b302099a8057";
        let mut unknown = BTreeMap::new();
        for (path, message) in [(GET, get(never, false)), (REPORT, report(never, "never"))] {
            let answer = wire.call_as(&tokens[0], path, message).await;
            assert!(answer.is(Code::NotFound, "NOT_FOUND"));
            unknown.insert(path, answer);
        }
        let (decisions, page_tokens) = (Vec::new(), Vec::new());
        Self { wire, tokens, decisions, page_tokens, unknown, made: 0, foreign: 0 }
    }

    pub async fn take(&mut self, who: usize, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Score { client } => self.score(who, *client).await,
            Step::Get { .. } | Step::Report { .. } if self.decisions.is_empty() => Ok(()),
            Step::Get { decision, full } => {
                let (owner, name, _) = decision.get(&self.decisions).clone();
                let answer = self.call(who, GET, get(&name, *full)).await?;
                if owner != who {
                    return self.same_as_unknown(GET, &answer);
                }
                let found = GetDecisionResponse::decode(answer.replies[0].as_slice()).unwrap().decision.unwrap();
                prop_assert_eq!(found.name, name);
                prop_assert_eq!(found.purpose, marker(who));
                prop_assert_eq!(found.features.is_some(), *full);
                Ok(())
            }
            Step::List { subject, size, token } => self.list(who, *subject, *size, token.as_ref()).await,
            Step::Report { decision, request } => {
                let (owner, name, _) = decision.get(&self.decisions).clone();
                self.made += 1;
                // For one's own, an id that other tenants use too; for a foreign one a new id, so that it is no repeat.
                let id = if owner == who { format!("report-{request}") } else { format!("foreign-{}", self.made) };
                let answer = self.call(who, REPORT, report(&name, &id)).await?;
                if owner != who {
                    return self.same_as_unknown(REPORT, &answer);
                }
                // The tenant itself may have used the id for another decision.
                prop_assert!(matches!(answer.code, Code::Ok | Code::FailedPrecondition), "{:?}", answer);
                Ok(())
            }
        }
    }

    async fn score(&mut self, who: usize, client: usize) -> Result<(), TestCaseError> {
        self.made += 1;
        let mut request = applicant::request(&format!("{}-{}", marker(who), self.made), client);
        request.purpose = marker(who);
        let answer = self.call(who, SCORE, request.encode_to_vec()).await?;
        prop_assert_eq!(answer.code, Code::Ok);
        let name = ScoreCreditResponse::decode(answer.replies[0].as_slice()).unwrap().decision;
        self.decisions.push((who, name, client));
        Ok(())
    }

    /// Lists from where somebody's token says to the end: one's own decisions only, and from the beginning all of them.
    async fn list(
        &mut self,
        who: usize,
        subject: Option<usize>,
        page_size: i32,
        token: Option<&Index>,
    ) -> Result<(), TestCaseError> {
        let token = token.filter(|_| !self.page_tokens.is_empty()).map(|token| token.get(&self.page_tokens).clone());
        let about = subject.map_or(String::new(), |client| format!("client-{client}"));
        let mut request = ListDecisionsRequest {
            subject: about,
            page_size,
            page_token: token.clone().unwrap_or_default(),
            ..ListDecisionsRequest::default()
        };
        let mut seen = BTreeSet::new();
        loop {
            let answer = self.call(who, LIST, request.encode_to_vec()).await?;
            if answer.code == Code::InvalidArgument && token.is_some() && seen.is_empty() {
                // The token is of a list with another filter.
                return Ok(());
            }
            prop_assert_eq!(answer.code, Code::Ok);
            let page = ListDecisionsResponse::decode(answer.replies[0].as_slice()).unwrap();
            seen.extend(page.decisions.into_iter().map(|decision| decision.name));
            if page.next_page_token.is_empty() {
                break;
            }
            self.page_tokens.push(page.next_page_token.clone());
            request.page_token = page.next_page_token;
        }
        let own = self
            .decisions
            .iter()
            .filter(|(owner, _, client)| *owner == who && subject.is_none_or(|one| one == *client));
        let own: BTreeSet<String> = own.map(|(_, name, _)| name.clone()).collect();
        match token {
            None => prop_assert_eq!(seen, own),
            Some(_) => prop_assert!(seen.is_subset(&own)),
        }
        Ok(())
    }

    /// Calls, and looks for whatever is not the caller's in what comes back.
    async fn call(&self, who: usize, path: &str, message: Vec<u8>) -> Result<Answer, TestCaseError> {
        let answer = self.wire.call_as(&self.tokens[who], path, message).await;
        let bytes = [&answer.details, answer.message.as_bytes(), &answer.replies.concat()].concat();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for other in (0..TENANTS).filter(|other| *other != who) {
            prop_assert!(!holds(&marker(other)), "{} got something of {}", who, other);
            prop_assert!(!holds(&format!("tenant-{other}")), "{} got the name of {}", who, other);
        }
        for (owner, name, _) in &self.decisions {
            prop_assert!(
                *owner == who || !holds(name.trim_start_matches("decisions/")),
                "{} got an id of {}",
                who,
                owner
            );
        }
        Ok(answer)
    }

    fn same_as_unknown(&mut self, path: &str, answer: &Answer) -> Result<(), TestCaseError> {
        self.foreign += 1;
        prop_assert_eq!(answer, &self.unknown[path]);
        Ok(())
    }
}

fn get(name: &str, full: bool) -> Vec<u8> {
    GetDecisionRequest { name: name.to_owned(), view: if full { 2 } else { 1 } }.encode_to_vec()
}

fn report(decision: &str, request_id: &str) -> Vec<u8> {
    let request = ReportCreditOutcomeRequest {
        request_id: request_id.to_owned(),
        decision: decision.to_owned(),
        action: CreditAction::Approved as i32,
        observe_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..ReportCreditOutcomeRequest::default()
    };
    request.encode_to_vec()
}
