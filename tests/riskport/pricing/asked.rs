//! Plans and requests as partners write them.

use riskport::{
    cli::client::SignedChannel,
    domain::pricing::RatePlanSpec,
    rpc::{
        plan_message,
        proto::{
            common::Money,
            fraud::{CheckFraudRequest, Entities, FraudEvent, Scene},
            pricing::{
                ActivateRatePlanVersionRequest, CreateRatePlanVersionRequest, LoanTerms, Price, Quote,
                QuotePriceRequest, QuotePriceResponse, RatePlanVersion, pricing_service_client::PricingServiceClient,
                quote_price_request::Risk,
            },
        },
    },
};
use tonic::{Code, Response, Status};

use crate::support::{applicant, now};

/// Callers of the pricing service.
pub type Pricing = PricingServiceClient<SignedChannel>;

/// The built-in plan for loans, whose quotes are honoured for so long, and that costs so many millionths of the principal a
/// year to run.
pub fn loan_spec(validity_seconds: i64, operating: u64) -> RatePlanSpec {
    let mut spec: RatePlanSpec = toml::from_str(include_str!("../../../models/pricing/consumer-loan.toml")).unwrap();
    spec.validity_seconds = validity_seconds;
    spec.loan.as_mut().unwrap().operating_share = super::made::millionths(operating);
    spec
}

/// The name of a version.
pub fn version_name(plan: &str, version: i64) -> String {
    format!("ratePlans/{plan}/versions/{version}")
}

pub async fn create(client: &mut Pricing, plan: &str, spec: &RatePlanSpec) -> Result<RatePlanVersion, Status> {
    let request = CreateRatePlanVersionRequest {
        plan: format!("ratePlans/{plan}"),
        spec: Some(plan_message(spec)),
        validate_only: false,
    };
    Ok(client.create_rate_plan_version(request).await?.into_inner().version.unwrap())
}

pub async fn activate(client: &mut Pricing, name: &str) -> Result<RatePlanVersion, Status> {
    let request = ActivateRatePlanVersionRequest { name: name.to_owned() };
    Ok(client.activate_rate_plan_version(request).await?.into_inner().version.unwrap())
}

/// Stores a plan and puts it in charge.
pub async fn put_in_charge(client: &mut Pricing, plan: &str, spec: &RatePlanSpec) -> RatePlanVersion {
    let stored = create(client, plan, spec).await.unwrap();
    activate(client, &stored.name).await.unwrap()
}

/// A loan of so much over so many months.
#[expect(clippy::unnecessary_wraps, reason = "messages have it so")]
pub fn loan(amount_minor: i64, term_months: i32) -> Option<LoanTerms> {
    let principal = Some(Money { currency_code: "CNY".to_owned(), amount_minor });
    Some(LoanTerms { principal, term_months })
}

/// A request for the price of a loan to the `at`th client, whose features are scored for it.
pub fn loan_to(request_id: &str, plan: &str, at: usize) -> QuotePriceRequest {
    let client = applicant::request(request_id, at);
    QuotePriceRequest {
        request_id: request_id.to_owned(),
        subject: client.subject,
        plan: format!("ratePlans/{plan}"),
        risk: Some(Risk::Features(client.features.unwrap())),
        loan: loan(1_000_000 + i64::try_from(at).unwrap() * 1_000, 12),
        ..QuotePriceRequest::default()
    }
}

/// A request to check a login of now, on a device that all share.
pub fn check_of(request_id: &str, account: &str) -> CheckFraudRequest {
    let entities = Entities { account: account.to_owned(), device: "kiosk".to_owned(), ..Entities::default() };
    let event = FraudEvent {
        scene: Scene::Login as i32,
        event_time: Some(now()),
        entities: Some(entities),
        ..FraudEvent::default()
    };
    CheckFraudRequest { request_id: request_id.to_owned(), event: Some(event), ..CheckFraudRequest::default() }
}

/// The quote of an answer, whose terms add up.
pub fn quote(answer: Response<QuotePriceResponse>) -> Quote {
    let quote = answer.into_inner().quote.unwrap();
    adds_up(quote.price.as_ref().unwrap());
    quote
}

/// The total of a price, once its terms add up to it.
pub fn adds_up(price: &Price) -> i64 {
    let total = price.total.as_ref().unwrap().amount_minor;
    assert_eq!(price.terms.iter().map(|term| term.amount_minor).sum::<i64>(), total, "{price:?}");
    total
}

/// Code and reason of a refusal.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    crate::auth::refused(result)
}

pub fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

pub fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}
