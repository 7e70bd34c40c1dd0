//! `riskport price quote` and `riskport price accept`.

use std::{fs, io, path::PathBuf};

use serde_json::Value;

use super::{Client, plans::not_there, short};
use crate::{
    cli::{Failure, json::Contract, money::amount, new_id, refused, say, time::minute},
    rpc::proto::pricing::{self as proto, AcceptQuoteRequest, QuotePriceRequest, price::Detail},
};

/// Ask for one price, honoured until it expires
#[derive(Debug, clap::Args)]
#[command(after_help = r#"The request is JSON as the contract's QuotePriceRequest has it, what grpcurl takes too. Here
`request_id` and the ratePlans/ before a plan may be left out.

  {"subject": "client-1", "plan": "consumer-loan", "decision": "decisions/018f...",
   "loan": {"principal": {"currency_code": "CNY", "amount_minor": 5000000}, "term_months": 24}}

Examples:
  riskport price quote quote.json --key north.pem --as north-bank
  riskport price quote quote.json --json --key north.pem --as north-bank
  echo '{"subject": "client-1", "plan": "account-safety", "decision": "decisions/018f..."}' \
    | riskport price quote - --key north.pem --as north-bank"#)]
pub(super) struct Quote {
    /// The request, JSON; - for standard input
    file: PathBuf,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Quote {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let name = self.file.display().to_string();
        let text = if name == "-" { io::read_to_string(io::stdin()) } else { fs::read_to_string(&self.file) };
        let text = text.map_err(|error| Failure::new(format!("cannot read the request {name}: {error}")))?;
        let contract = Contract::open()?;
        let request = read(&contract, &text).map_err(|wrong| {
            Failure::new(format!("{name} is no request for a quote: {wrong}\n`riskport price quote --help` shows one"))
        })?;
        let answer = open().await?.quote_price(request).await.map_err(|status| not_there(&status))?.into_inner();
        if self.json {
            return say(&contract.write("riskport.pricing.v1.QuotePriceResponse", &answer)?);
        }
        let quote = answer.quote.unwrap_or_default();
        say(&told(&quote))?;
        say(&format!("next: riskport price accept {}", quote.name.trim_start_matches("decisions/")))
    }
}

/// A request as the contract's JSON has it, with what may be left out put in.
fn read(contract: &Contract, text: &str) -> Result<QuotePriceRequest, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut request: QuotePriceRequest = contract.read("riskport.pricing.v1.QuotePriceRequest", json)?;
    if request.request_id.is_empty() {
        request.request_id = new_id();
    }
    if !request.plan.is_empty() && !request.plan.contains('/') {
        request.plan = format!("ratePlans/{}", request.plan);
    }
    Ok(request)
}

/// A quote for a person.
pub(in crate::cli) fn told(quote: &proto::Quote) -> String {
    let price = quote.price.clone().unwrap_or_default();
    let money = |minor: i64| amount(minor, &price.total.clone().unwrap_or_default().currency_code);
    let mut lines = vec![headline(&price)];
    for term in price.terms.iter().filter(|term| term.amount_minor != 0) {
        let rate = if term.rate.is_empty() { String::new() } else { format!("  {} a year", term.rate) };
        lines.push(format!("  {:<16}{:>20}{rate}", term.name, money(term.amount_minor)));
    }
    let mut line = |label: &str, text: String| lines.push(format!("  {label:<16}{text}"));
    if let Some(Detail::Loan(loan)) = &price.detail {
        let others = loan.term_months - 1;
        let (each, last) = (money(loan.instalment_minor), money(loan.last_instalment_minor));
        line("instalments", format!("{others} of {each}, the last {last}"));
        line("apr", format!("{} nominal, {} effective", loan.apr_nominal, loan.apr_effective));
    }
    line("risk", quote.risk.clone());
    line("plan", short(&quote.plan_version));
    line("model", quote.model_version.trim_start_matches("models/").replacen("/versions/", "/", 1));
    line("honoured until", format!("{} UTC", minute(quote.expire_time)));
    line("quote", quote.name.trim_start_matches("decisions/").to_owned());
    lines.join("\n")
}

fn headline(price: &proto::Price) -> String {
    let total = price.total.clone().unwrap_or_default();
    let money = |minor: i64| amount(minor, &total.currency_code);
    match &price.detail {
        Some(Detail::Loan(loan)) => format!(
            "{} for {} over {} months, at {} a year; the terms of it:",
            money(total.amount_minor),
            money(loan.principal_minor),
            loan.term_months,
            loan.annual_rate
        ),
        Some(Detail::Insurance(of)) => format!(
            "{} for {} of cover over {} months; the terms of it:",
            money(total.amount_minor),
            money(of.cover_minor),
            of.period_months
        ),
        None => money(total.amount_minor),
    }
}

/// Accepts a quote.
pub(super) async fn accept(client: &mut Client, quote: &str, id: Option<String>) -> Result<(), Failure> {
    let quote = format!("decisions/{}", quote.trim_start_matches("decisions/"));
    let request = AcceptQuoteRequest { quote, request_id: id.unwrap_or_else(new_id) };
    let accepted = client.accept_quote(request).await.map_err(|status| refused(&status))?.into_inner();
    let quote = accepted.quote.unwrap_or_default();
    let at = minute(accepted.acceptance.and_then(|acceptance| acceptance.accept_time));
    say(&format!("accepted at {at} UTC\n{}", told(&quote)))
}
