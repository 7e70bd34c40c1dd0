//! Two prices for one client of the bank: a loan by the score, and a year of account safety by a check of the login.

use super::bank::{Bank, Scored};
use crate::{
    cli::{
        Failure,
        money::amount,
        price::short,
        refused,
        style::{Style, paragraph},
        time::now,
    },
    rpc::proto::{
        common::Money,
        fraud::{CheckFraudRequest, Entities, FraudEvent, Scene, fraud_check_service_client::FraudCheckServiceClient},
        pricing::{
            LoanTerms, Quote, QuotePriceRequest, price::Detail, pricing_service_client::PricingServiceClient,
            quote_price_request::Risk,
        },
    },
};

/// What the client borrows, in fen, and for how many months.
const PRINCIPAL: i64 = 5_000_000;
const MONTHS: i32 = 24;

/// Quotes both, and says what they are made of.
pub(super) async fn lines(bank: &Bank, client: &Scored, style: &Style) -> Result<String, Failure> {
    let subject = &client.client.id;
    let principal = Some(Money { currency_code: "CNY".to_owned(), amount_minor: PRINCIPAL });
    let loan = QuotePriceRequest {
        loan: Some(LoanTerms { principal, term_months: MONTHS }),
        ..request(subject, "consumer-loan", &client.reply.decision)
    };
    let entities = Entities { account: subject.clone(), device: "first-phone".to_owned(), ..Entities::default() };
    let event = FraudEvent {
        scene: Scene::Login as i32,
        event_time: Some(now()),
        entities: Some(entities),
        ..FraudEvent::default()
    };
    let check =
        CheckFraudRequest { request_id: "demo-login".to_owned(), event: Some(event), ..CheckFraudRequest::default() };
    let mut fraud = FraudCheckServiceClient::new(bank.channel());
    let checked = fraud.check_fraud(check).await.map_err(|status| refused(&status))?.into_inner();
    let safety = request(subject, "account-safety", &checked.decision_name);
    let title = style.bold(&format!("What {subject} pays, by risk: illustrative plans, terms that add up"));
    let mut lines = vec![title];
    let mut pricing = PricingServiceClient::new(bank.channel());
    for request in [loan, safety] {
        let quoted = pricing.quote_price(request).await.map_err(|status| refused(&status))?.into_inner();
        lines.push(format!("  {}", paragraph(&told(&quoted.quote.unwrap_or_default())?, 4)));
    }
    Ok(format!("{}\n", lines.join("\n")))
}

fn request(subject: &str, plan: &str, decision: &str) -> QuotePriceRequest {
    QuotePriceRequest {
        request_id: format!("demo-{plan}"),
        subject: subject.to_owned(),
        plan: format!("ratePlans/{plan}"),
        risk: Some(Risk::Decision(decision.to_owned())),
        ..QuotePriceRequest::default()
    }
}

/// One quote with its terms.
///
/// # Errors
/// When the terms do not add up exactly: the contract says that they do.
fn told(quote: &Quote) -> Result<String, Failure> {
    let price = quote.price.clone().unwrap_or_default();
    let total = price.total.unwrap_or_default();
    if price.terms.iter().map(|term| term.amount_minor).sum::<i64>() != total.amount_minor {
        return Err(Failure::new(format!("the terms of {} do not add up", quote.name)));
    }
    let money = |minor: i64| amount(minor, &total.currency_code);
    let terms = price.terms.iter().filter(|term| term.amount_minor != 0);
    let terms: Vec<String> = terms.map(|term| format!("{} {}", term.name, money(term.amount_minor))).collect();
    let what = match price.detail {
        Some(Detail::Loan(loan)) => format!(
            "{} over {} months at {} a year (APR {} effective) costs",
            money(loan.principal_minor),
            loan.term_months,
            loan.annual_rate,
            loan.apr_effective
        ),
        Some(Detail::Insurance(of)) => format!("{} of cover for a year costs", money(of.cover_minor)),
        None => String::new(),
    };
    let (plan, risk) = (short(&quote.plan_version), &quote.risk);
    Ok(format!("{plan} at risk {risk}: {what} {} = {}", money(total.amount_minor), terms.join(" + ")))
}
