//! `riskport check-fraud`: one event, decided.

use std::{fs, io, path::PathBuf};

use serde_json::Value;
use tonic::Status;
use tonic_types::StatusExt;

use super::{answer, open};
use crate::{
    cli::{Failure, client::Connection, json::Contract, new_id, refused, say, time::now},
    rpc::proto::fraud::CheckFraudRequest,
};

/// Check one event for fraud: the decision, and why
#[derive(Debug, clap::Args)]
#[command(after_help = r#"The event is JSON as the contract's CheckFraudRequest has it, what grpcurl takes too. Here
`request_id`, `event_time` and the SCENE_ before a scene may be left out: a new id, and now.

  {"request_id": "payment-17", "event": {
     "scene": "payment", "amount": {"currency_code": "CNY", "amount_minor": 128000},
     "entities": {"account": "client-1", "card": "tok-91", "device": "phone-7"}}}

An event counts once: the same id with the same event, its time too, is answered as before.

Examples:
  riskport check-fraud event.json --key north.pem --as north-bank
  riskport check-fraud event.json --json --key north.pem --as north-bank
  echo '{"event": {"scene": "login", "entities": {"account": "client-1"}}}' \
    | riskport check-fraud - --key north.pem --as north-bank"#)]
pub(in crate::cli) struct CheckFraud {
    /// The event, JSON; - for standard input
    file: PathBuf,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl CheckFraud {
    pub(in crate::cli) async fn run(self) -> Result<(), Failure> {
        let name = self.file.display().to_string();
        let text = if name == "-" { io::read_to_string(io::stdin()) } else { fs::read_to_string(&self.file) };
        let text = text.map_err(|error| Failure::new(format!("cannot read the event {name}: {error}")))?;
        let contract = Contract::open()?;
        let request = read(&contract, &text).map_err(|wrong| {
            Failure::new(format!("{name} is no event: {wrong}\n`riskport check-fraud --help` shows one"))
        })?;
        let id = request.request_id.clone();
        let answer = open(&self.connection).await?.check_fraud(request).await;
        let answer = answer.map_err(|status| not_checked(&status))?.into_inner();
        if self.json {
            return say(&contract.write("riskport.fraud.v1.CheckFraudResponse", &answer)?);
        }
        say(&answer::told(&id, &answer))
    }
}

/// A refusal, and what to do about the one that is met first by whoever sends a file twice.
fn not_checked(status: &Status) -> Failure {
    let reused = status.get_error_details().error_info().is_some_and(|info| info.reason == "REQUEST_ID_REUSED");
    if !reused {
        return refused(status);
    }
    let next = "give another request_id, or none; to ask for the stored answer, send the same event_time too";
    Failure::new(format!("{}\n{next}", refused(status)))
}

/// A request as the contract's JSON has it, with what may be left out put in.
fn read(contract: &Contract, text: &str) -> Result<CheckFraudRequest, String> {
    let mut json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(Value::String(scene)) = json.pointer_mut("/event/scene")
        && !scene.starts_with("SCENE_")
    {
        *scene = format!("SCENE_{}", scene.to_uppercase().replace('-', "_"));
    }
    let mut request: CheckFraudRequest = contract.read("riskport.fraud.v1.CheckFraudRequest", json)?;
    if request.request_id.is_empty() {
        request.request_id = new_id();
    }
    let event = request.event.as_mut().ok_or("it has no \"event\"")?;
    event.event_time.get_or_insert_with(now);
    Ok(request)
}
