//! Premiums to quote: users whose logins were checked, so that each quote reads its user's check.

use prost::Message as _;

use super::{events::Customers, measured::Measured, platform::Platform, report::Round};
use crate::{
    cli::{Failure, load::applicants::Message, refused},
    rpc::proto::{
        fraud::{CheckFraudRequest, fraud_check_service_client::FraudCheckServiceClient},
        pricing::{QuotePriceRequest, quote_price_request::Risk},
    },
};

/// How many users there are.
pub(super) const USERS: usize = 2_000;

/// Checks an event of each user, and makes the request for a premium that names the check.
pub(super) async fn messages(platform: &Platform, customers: Customers) -> Result<Vec<Message>, Failure> {
    let mut fraud = FraudCheckServiceClient::new(platform.signed());
    let mut messages = Vec::with_capacity(USERS);
    for (at, event) in customers.messages().into_iter().take(USERS).enumerate() {
        let check = CheckFraudRequest::decode(event.0.as_slice())?;
        let account = check.event.as_ref().and_then(|event| event.entities.as_ref()).map(|all| all.account.clone());
        let check = CheckFraudRequest { request_id: format!("user-{at}"), ..check };
        let checked = fraud.check_fraud(check).await.map_err(|status| refused(&status))?.into_inner();
        let request = QuotePriceRequest {
            subject: account.unwrap_or_default(),
            plan: "ratePlans/account-safety".to_owned(),
            risk: Some(Risk::Decision(checked.decision_name)),
            ..QuotePriceRequest::default()
        };
        messages.push(Message(request.encode_to_vec()));
    }
    Ok(messages)
}

/// What a policy costs in money, at a price of a core for an hour: the median of what the server spent on a quote.
pub(super) fn cost(rounds: &[Round], core_hour_yuan: f64) -> String {
    let mut spent: Vec<f64> = rounds.iter().map(|Round { measured, .. }| micros(measured)).collect();
    spent.sort_unstable_by(f64::total_cmp);
    let median = spent.get(spent.len() / 2).copied().unwrap_or_default();
    format!(
        "a policy   {median:.1} µs of the server's CPU a quote = {:.9} yuan, at an assumed {core_hour_yuan} yuan a core-hour;\n           \
         the bound is 0.02 yuan. The check that brought the risk is apart: --rpc fraud",
        yuan(median, core_hour_yuan)
    )
}

fn micros(measured: &Measured) -> f64 {
    measured.micros_a_call(measured.server_cpu)
}

/// What so many microseconds of a core cost.
fn yuan(micros: f64, core_hour_yuan: f64) -> f64 {
    micros / 3.6e9 * core_hour_yuan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_a_core_costs_its_price() {
        assert!((yuan(3.6e9, 0.35) - 0.35).abs() < 1e-12);
        assert!((yuan(100.0, 0.36) - 1e-8).abs() < 1e-18);
    }
}
