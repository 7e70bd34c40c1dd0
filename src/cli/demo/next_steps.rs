//! What to type next: calls to the running server, ready to paste.

use std::{env, path::Path, time::Duration};

use super::{
    bank,
    platform::{Platform, operator_key},
};
use crate::{
    cli::{
        Failure,
        key_file::{PrivateKey, TokenClaims},
        style::Style,
    },
    clock::Clock,
};

/// The longest that a token may be good.
const TOKEN_MINUTES: u64 = 60;

/// Everything that a newcomer needs to call the server, the token included.
pub(super) fn lines(
    platform: &Platform,
    folder: &Path,
    challenger: &str,
    decision: &str,
    style: &Style,
) -> Result<String, Failure> {
    let operator = operator_key(folder);
    let key = bank::key_file(folder);
    let token = PrivateKey::read(&key, None)?.sign(&TokenClaims {
        certificate: None,
        tenant: bank::ID,
        audience: bank::AUDIENCE,
        actor: Some("demo"),
        scope: None,
        now: Clock.now(),
        lifetime: Duration::from_mins(TOKEN_MINUTES),
    })?;
    // As it was called, so that it is found again where no `riskport` is installed.
    let program = env::args().next().unwrap_or_else(|| "riskport".to_owned());
    let (address, key, folder, id) = (platform.address, key.display(), folder.display(), bank::ID);
    let operator = operator.display();
    let title = style.bold(&format!("The server stays up. Call it as {id} from another terminal:"));
    Ok(format!(
        r#"{title}

export TOKEN={token}

# What there is
grpcurl -plaintext {address} list

# Score a client: what else is known of one may be left out
grpcurl -plaintext -H "authorization: Bearer $TOKEN" \
  -d '{BODY}' \
  {address} riskport.credit.v1.CreditScoreService/ScoreCredit

# The same request with buf: a retry, so the same decision
buf curl --protocol grpc --http2-prior-knowledge \
  --header "authorization: Bearer $TOKEN" \
  -d '{BODY}' \
  http://{address}/riskport.credit.v1.CreditScoreService/ScoreCredit

# The decision explained above, with its outcome
grpcurl -plaintext -H "authorization: Bearer $TOKEN" \
  -d '{{"name": "{decision}"}}' \
  {address} riskport.decision.v1.DecisionService/GetDecision

# Check an event, as the bank
echo '{EVENT}' |
{program} check-fraud - --server http://{address} --as {id} \
  --key {key}

# As the operator: put the challenger in charge, at once and wholly
{program} model promote {challenger} --server http://{address} \
  --key {operator}

The token is good for {TOKEN_MINUTES} minutes. Another one:
{program} token --minutes {TOKEN_MINUTES} --tenant {id} \
  --key {key}

Ctrl-C drains the server, ends it and removes {folder}."#
    ))
}

/// A client who is two months late: short, for the model takes a missing value for an average one.
const BODY: &str = r#"{"request_id": "try-1", "subject": "client-1", "features":
       {"credit_limit": 200000, "repayment_status_1": 2}}"#;

/// A payment with little known of it: the bank has no events before.
const EVENT: &str = r#"{"event": {"scene": "payment", "amount": {"currency_code": "CNY",
       "amount_minor": 128000}, "entities": {"account": "client-1", "card": "card-1"}}}"#;
