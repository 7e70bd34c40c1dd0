//! A portfolio to price: the rows of a CSV file, or the bundled clients.

use std::path::Path;

use crate::{
    cli::{Failure, sample::Sample},
    domain::{
        features::{FeatureValue, Features},
        money::Money,
        pricing::{LoanTerms, PriceInput, Risk},
    },
};

/// Somebody to price.
pub(super) struct Applicant {
    /// What the file calls it, or the number of its row.
    pub id: String,
    /// The risk, where the file has it.
    pub risk: Option<Risk>,
    /// What the plan's model scores otherwise.
    pub features: Features,
    /// Rating factors and the loan.
    pub input: PriceInput,
    /// Whether it defaulted or claimed, where the file says.
    pub bad: Option<bool>,
}

/// The loan of those whose row has none.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct UsualLoan {
    /// What those borrow whose row has no `principal_minor`, in minor units; loans only
    #[arg(long, default_value_t = 5_000_000, value_name = "MINOR")]
    principal_minor: i64,
    /// For how long, where a row has no `term_months`
    #[arg(long, default_value_t = 24, value_name = "MONTHS")]
    term_months: i32,
}

/// What a portfolio is priced as.
pub(super) struct Product {
    /// The currency of the plan.
    pub currency: String,
    /// The loan of those whose row has none; nothing for insurance.
    pub loan: Option<UsualLoan>,
}

impl Product {
    fn input(&self, principal: Option<i64>, months: Option<i32>, factors: Features) -> PriceInput {
        let loan = self.loan.as_ref().map(|usual| LoanTerms {
            principal: Money {
                currency_code: self.currency.clone(),
                amount_minor: principal.unwrap_or(usual.principal_minor),
            },
            term_months: months.unwrap_or(usual.term_months),
        });
        PriceInput { factors, loan, schedule: false }
    }
}

/// The bundled clients: real ones, held out when the built-in model was trained.
pub(super) fn sample(product: &Product) -> Result<Vec<Applicant>, Failure> {
    let applicant = |client: crate::cli::sample::Client| {
        let mut features = Features::default();
        for (name, value) in client.features() {
            features.insert(name, FeatureValue::Number(value)).map_err(Failure::new)?;
        }
        let input = product.input(None, None, Features::default());
        Ok(Applicant { id: client.id.clone(), risk: None, features, input, bad: Some(client.defaulted) })
    };
    Sample::read()?.clients.into_iter().map(applicant).collect()
}

/// The rows of a file.
pub(super) fn read(path: &Path, product: &Product) -> Result<Vec<Applicant>, Failure> {
    let name = path.display();
    let mut reader = csv::Reader::from_path(path)
        .map_err(|error| Failure::new(format!("cannot read the applicants {name}: {error}")))?;
    let header = reader.headers()?.clone();
    let mut applicants = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| Failure::new(format!("{name}, row {}: {error}", at + 1)))?;
        let applicant = row(at, &header, &record, product);
        applicants.push(applicant.map_err(|wrong| Failure::new(format!("{name}, row {}: {wrong}", at + 1)))?);
    }
    if applicants.is_empty() { Err(Failure::new(format!("{name} has no rows"))) } else { Ok(applicants) }
}

fn row(
    at: usize,
    header: &csv::StringRecord,
    record: &csv::StringRecord,
    product: &Product,
) -> Result<Applicant, String> {
    let (mut features, mut factors) = (Features::default(), Features::default());
    let (mut id, mut risk, mut bad) = ((at + 1).to_string(), None, None);
    let (mut principal, mut months) = (None, None);
    let whole = |value: &str| value.parse::<i64>().map_err(|_| "must be a whole number".to_owned());
    for (column, value) in header.iter().zip(record).filter(|(_, value)| !value.is_empty()) {
        let taken = match column {
            "id" => {
                value.clone_into(&mut id);
                Ok(())
            }
            "risk" => probability(value).map(|value| risk = Some(value)),
            "principal_minor" => whole(value).map(|value| principal = Some(value)),
            "term_months" => value.parse().map(|value| months = Some(value)).map_err(|_| "must be a number".to_owned()),
            "bad" | "defaulted" => flag(value).map(|value| bad = Some(value)),
            name => match name.strip_prefix("factor.") {
                Some(factor) => factors.insert(factor, cell(value)),
                None => features.insert(name, cell(value)),
            },
        };
        taken.map_err(|rule| format!("{column} {rule}"))?;
    }
    Ok(Applicant { id, risk, features, input: product.input(principal, months, factors), bad })
}

fn probability(value: &str) -> Result<Risk, String> {
    let risk = value.parse().ok().and_then(Risk::of_probability);
    risk.ok_or_else(|| "must be 0 to 1".to_owned())
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("must be 0 or 1".to_owned()),
    }
}

/// A number, true or false, or else a text.
fn cell(value: &str) -> FeatureValue {
    match (value.parse::<f64>(), value) {
        (Ok(number), _) if number.is_finite() => FeatureValue::Number(number),
        (_, "true") => FeatureValue::Flag(true),
        (_, "false") => FeatureValue::Flag(false),
        _ => FeatureValue::Text(value.to_owned()),
    }
}
