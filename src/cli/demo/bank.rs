//! The partner bank, and its calls: every one goes over the network with a token that its own key signed.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use prost::Message;
use prost_types::Timestamp;
use tokio::task::JoinSet;

use super::{super::sample::Client, platform::operator_key};
use crate::{
    cli::{
        Failure,
        client::{Connection, SignedChannel},
        key_file::PrivateKey,
        refused, report,
        style::Style,
        tenant::PARTNER_SCOPES,
    },
    domain::key::KeyAlgorithm,
    rpc::proto::{
        common::ItemError,
        credit::{
            CreditPerformance, ReportCreditOutcomeRequest, ScoreCreditResponse, StreamScoreCreditRequest,
            credit_score_service_client::CreditScoreServiceClient, stream_score_credit_response::Result as Item,
        },
        decision::{
            Decision, GetDecisionRequest, decision::Reply, decision_service_client::DecisionServiceClient,
            shadow_result::Reply as ShadowReply,
        },
        tenant::{AddKeyRequest, CreateTenantRequest, Tenant, tenant_service_client::TenantServiceClient},
    },
};

/// The bank's tenant id.
pub(super) const ID: &str = "north-bank";
/// The bank's name for people.
pub(super) const NAME: &str = "North Bank (demo)";
/// What tokens are for; the server's default.
pub(super) const AUDIENCE: &str = "riskport";
/// More than one machine can do, so that nothing here meets the quota.
const REQUESTS_PER_SECOND: i32 = 100_000;
/// Calls at once: enough to share commits, and below the server's limit of streams on one connection.
const CALLS_AT_ONCE: usize = 32;
/// When the outcomes were observed: the data has those of October 2005. Seconds since 1970.
const OBSERVED_SECONDS: i64 = 1_130_716_800;

/// The bank, ready to call.
pub(super) struct Bank {
    channel: SignedChannel,
}

/// A client and the answer that came for it.
pub(super) struct Scored {
    pub(super) client: Client,
    pub(super) reply: ScoreCreditResponse,
    /// What the shadow would have answered.
    pub(super) shadow_score: i32,
}

/// The bank's private key in the demo's folder.
pub(super) fn key_file(folder: &Path) -> PathBuf {
    key_of(folder, ID)
}

/// A tenant's private key in the demo's folder.
fn key_of(folder: &Path, tenant: &str) -> PathBuf {
    folder.join(format!("{tenant}.pem"))
}

/// Onboards the bank.
pub(super) async fn onboard(url: &str, folder: &Path) -> Result<Bank, Failure> {
    let tenant = Tenant { display_name: NAME.to_owned(), ..Tenant::default() };
    Ok(Bank { channel: admit(url, folder, ID, tenant).await? })
}

/// Creates a tenant and registers a fresh key of its own, as the operator does for any partner, and connects as it.
pub(super) async fn admit(url: &str, folder: &Path, id: &str, tenant: Tenant) -> Result<SignedChannel, Failure> {
    let key = PrivateKey::create(&key_of(folder, id), KeyAlgorithm::EdDsa)?;
    let mut tenants = TenantServiceClient::new(connect(url, "operator", operator_key(folder)).await?);
    let tenant = Tenant { requests_per_second: REQUESTS_PER_SECOND, ..tenant };
    let request = CreateTenantRequest { tenant_id: id.to_owned(), tenant: Some(tenant) };
    tenants.create_tenant(request).await.map_err(|status| refused(&status))?;
    let request = AddKeyRequest {
        parent: format!("tenants/{id}"),
        jwk: key.jwk(),
        scopes: PARTNER_SCOPES.map(i32::from).to_vec(),
        display_name: "first key".to_owned(),
        ..AddKeyRequest::default()
    };
    tenants.add_key(request).await.map_err(|status| refused(&status))?;
    connect(url, id, key_of(folder, id)).await
}

/// Connects as a tenant, with its private key.
pub(super) async fn connect(url: &str, tenant: &str, key: PathBuf) -> Result<SignedChannel, Failure> {
    let (server, tenant, audience) = (url.to_owned(), tenant.to_owned(), AUDIENCE.to_owned());
    Connection { server, key: Some(key), tenant, audience, ca: None, client_cert: None, client_key: None }.open().await
}

impl Bank {
    /// A connection that signs as the bank.
    pub(super) fn channel(&self) -> SignedChannel {
        self.channel.clone()
    }

    /// Scores clients on one stream. Answers come in any order, so they are matched by request id.
    pub(super) async fn score(&self, clients: Vec<Client>) -> Result<Vec<(Client, ScoreCreditResponse)>, Failure> {
        let bar = progress("scoring clients", clients.len())?;
        let items: Vec<_> =
            clients.iter().map(|one| StreamScoreCreditRequest { request: Some(one.request("demo")) }).collect();
        let mut waiting: HashMap<String, Client> =
            clients.into_iter().map(|one| (one.request("demo").request_id, one)).collect();
        let mut scored = Vec::with_capacity(items.len());
        let mut answers = CreditScoreServiceClient::new(self.channel.clone())
            .stream_score_credit(tokio_stream::iter(items))
            .await
            .map_err(|status| refused(&status))?
            .into_inner();
        while let Some(answer) = answers.message().await.map_err(|status| refused(&status))? {
            let client = waiting
                .remove(&answer.request_id)
                .ok_or_else(|| Failure::new(format!("an answer to {:?}, which waits for none", answer.request_id)))?;
            match answer.result {
                Some(Item::Response(reply)) => scored.push((client, reply)),
                Some(Item::Error(error)) => return Err(item_refused(&client, &error)),
                None => return Err(Failure::new(format!("an empty answer for client {}", client.id))),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        match waiting.len() {
            0 => Ok(scored),
            missing => Err(Failure::new(format!("the stream ended with {missing} clients unanswered"))),
        }
    }

    /// Reads each decision again: it holds what the shadow made of the same features.
    pub(super) async fn with_shadows(
        &self,
        scored: Vec<(Client, ScoreCreditResponse)>,
    ) -> Result<Vec<Scored>, Failure> {
        let reads = scored.into_iter().map(|(client, reply)| {
            let channel = self.channel.clone();
            async move {
                let shadow = find_decision(channel, &reply.decision).await?.shadows.into_iter().next();
                match shadow.and_then(|one| one.reply) {
                    Some(ShadowReply::CreditScore(shadow)) => Ok(Scored { client, reply, shadow_score: shadow.score }),
                    _ => Err(Failure::new(format!("the record of {} has no score of a shadow", reply.decision))),
                }
            }
        });
        side_by_side("reading shadows", reads).await
    }

    /// Reports for each client whether the next payment was really made.
    pub(super) async fn report_outcomes(&self, scored: &[Scored]) -> Result<(), Failure> {
        let reports = scored.iter().map(|one| {
            let (channel, request) = (self.channel.clone(), outcome(one));
            async move {
                let reported = CreditScoreServiceClient::new(channel).report_credit_outcome(request).await;
                reported.map(drop).map_err(|status| refused(&status))
            }
        });
        side_by_side("reporting outcomes", reports).await.map(drop)
    }

    /// Asks how a model has done: in a few lines, and as a page.
    pub(super) async fn report(&self, model: &str, style: &Style) -> Result<(String, String), Failure> {
        report::in_short(self.channel.clone(), model, style).await
    }

    /// Sends a request once more, as a unary call, and checks that the answer is the stored one.
    pub(super) async fn prove_retry(&self, scored: &Scored) -> Result<String, Failure> {
        let request = scored.client.request("demo");
        let request_id = request.request_id.clone();
        let again = CreditScoreServiceClient::new(self.channel.clone())
            .score_credit(request)
            .await
            .map_err(|status| refused(&status))?;
        let replayed = again.metadata().get("riskport-replayed").is_some_and(|value| value == "true");
        let (first, again) = (scored.reply.encode_to_vec(), again.into_inner().encode_to_vec());
        if !replayed || first != again {
            return Err(Failure::new(format!("a retry of {request_id} got another answer")));
        }
        let bytes = again.len();
        Ok(format!("A retry of {request_id} got the same decision, the same {bytes} bytes."))
    }

    /// Finds a decision again, and checks that the record holds the answer and the outcome.
    pub(super) async fn prove_record(&self, scored: &Scored) -> Result<String, Failure> {
        let name = &scored.reply.decision;
        let decision = find_decision(self.channel.clone(), name).await?;
        let defaulted = decision.credit_outcome.and_then(|outcome| outcome.performance).map(|one| one.defaulted);
        let answered = matches!(&decision.reply, Some(Reply::CreditScore(reply)) if *reply == scored.reply);
        if !answered || defaulted != Some(scored.client.defaulted) {
            return Err(Failure::new(format!("the record of {name} is not what was answered and reported")));
        }
        Ok("GetDecision finds it again, with this answer and the outcome that was reported.\n".to_owned())
    }
}

async fn find_decision(channel: SignedChannel, name: &str) -> Result<Decision, Failure> {
    let request = GetDecisionRequest { name: name.to_owned(), ..GetDecisionRequest::default() };
    let found = DecisionServiceClient::new(channel).get_decision(request).await.map_err(|status| refused(&status))?;
    Ok(found.into_inner().decision.unwrap_or_default())
}

/// Makes so many calls, a few at once, and gives what came of them in any order.
async fn side_by_side<T: Send + 'static>(
    what: &'static str,
    calls: impl ExactSizeIterator<Item: Future<Output = Result<T, Failure>> + Send + 'static>,
) -> Result<Vec<T>, Failure> {
    let bar = progress(what, calls.len())?;
    let (mut calling, mut answers) = (JoinSet::new(), Vec::with_capacity(calls.len()));
    for call in calls {
        if calling.len() == CALLS_AT_ONCE
            && let Some(answered) = calling.join_next().await
        {
            answers.push(answered??);
            bar.inc(1);
        }
        calling.spawn(call);
    }
    while let Some(answered) = calling.join_next().await {
        answers.push(answered??);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(answers)
}

/// What the bank learned later about a client it had scored.
fn outcome(scored: &Scored) -> ReportCreditOutcomeRequest {
    // Days past due and amount stay empty, for the data does not have them.
    let performance = CreditPerformance { defaulted: scored.client.defaulted, ..CreditPerformance::default() };
    ReportCreditOutcomeRequest {
        request_id: format!("demo-outcome-{}", scored.client.id),
        decision: scored.reply.decision.clone(),
        performance: Some(performance),
        observe_time: Some(Timestamp { seconds: OBSERVED_SECONDS, nanos: 0 }),
        ..ReportCreditOutcomeRequest::default()
    }
}

fn item_refused(client: &Client, error: &ItemError) -> Failure {
    let fields: Vec<_> = error.violations.iter().map(|one| format!("{} {}", one.field, one.description)).collect();
    Failure::new(format!(
        "client {} got no score: {} ({}) {}",
        client.id,
        error.message,
        error.reason,
        fields.join("; ")
    ))
}

/// A progress bar on standard error; it hides itself where that is no terminal.
pub(super) fn progress(what: &'static str, count: usize) -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("  {msg:<20} {bar:40} {pos}/{len}")?.progress_chars("█▉▊▋▌▍▎▏ ");
    let bar = ProgressBar::new(u64::try_from(count)?).with_style(style).with_message(what);
    Ok(bar)
}
