//! `riskport price simulate`: a plan over a portfolio, before it is live.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;
use tonic::Code;

use super::{
    Client,
    applicants::{self, Applicant, Product, UsualLoan},
    file,
    plans::not_there,
    report::{self, Priced},
    short, version,
};
use crate::{
    cli::{Failure, client::Patience, refused, say},
    domain::pricing::{PriceInput, Priced as Kind},
    engine::CompiledPlan,
    rpc::{
        features_message, price_message,
        proto::{
            common::Money,
            pricing::{
                GetRatePlanVersionRequest, LoanTerms, PreviewPriceRequest, preview_price_request::Risk,
                rate_plan_spec::Price,
            },
        },
    },
};

/// Price a portfolio: the distribution of prices, expected losses and profit, before a plan is live
#[derive(Debug, clap::Args)]
#[command(
    after_help = "PLAN is a TOML file, priced here, or NAME/VERSION of any stage, previewed by the server; nothing is
recorded, billed or quoted. Columns of the file: `risk` (0 to 1), or the features of the plan's
model, which the server scores; `id`, `principal_minor`, `term_months`, `factor.NAME` for each
rating factor, and `bad` (0 or 1) for what came of it, all optional.

Expected loss is the term that pays for it; profit is what is left of the price beside expected
loss, funding, operating cost, expenses and taxes: it must also pay for the capital.

Examples:
  riskport price simulate plan.toml applicants.csv
  riskport price simulate plan.toml applicants.csv --principal-minor 2000000 --term-months 12
  riskport price simulate consumer-loan/1 --sample --key north.pem --as north-bank
  riskport price simulate loans/2 applicants.csv --out prices.csv --key north.pem --as north-bank"
)]
pub(super) struct Simulate {
    /// The plan: a TOML file, or NAME/VERSION
    plan: String,
    /// The applicants, CSV
    #[arg(required_unless_present = "sample")]
    applicants: Option<PathBuf>,
    /// Price the 400 bundled card clients instead, held out when the built-in model was trained
    #[arg(long, conflicts_with = "applicants")]
    sample: bool,
    #[command(flatten)]
    usual: UsualLoan,
    /// Bands of risk to report, each of as many applicants
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    bands: u16,
    /// Write each applicant's price to a CSV file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Calls at once: below the server's limit of streams on one connection.
const CALLS_AT_ONCE: usize = 32;

impl Simulate {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let path = Path::new(&self.plan);
        let (product, priced) = if path.extension().is_some_and(|extension| extension == "toml") {
            let plan = file::compile(path, &file::read(path)?)?;
            let product = Product {
                currency: plan.plan().currency.clone(),
                loan: matches!(plan.plan().priced, Kind::Loan(_)).then(|| self.usual.clone()),
            };
            let priced = self.read(&product)?.iter().map(|one| here(&plan, one)).collect::<Result<Vec<_>, _>>()?;
            (product, priced)
        } else {
            let name = version(&self.plan)
                .map_err(|rule| Failure::new(format!("the plan {} {rule}, or a file that ends in .toml", self.plan)))?;
            let mut client = open().await?;
            let product = self.stored(&mut client, &name).await?;
            let applicants = self.read(&product)?;
            (product, there(&client, &name, applicants).await?)
        };
        if let Some(out) = &self.out {
            report::write(out, &priced)?;
        }
        let of = short(&self.plan);
        say(&report::told(&of, &product.currency, priced, self.bands.into())?)
    }

    /// What a stored version prices.
    async fn stored(&self, client: &mut Client, name: &str) -> Result<Product, Failure> {
        let request = GetRatePlanVersionRequest { name: name.to_owned() };
        let found = client.get_rate_plan_version(request).await.map_err(|status| not_there(&status))?;
        let spec = found.into_inner().version.and_then(|version| version.spec).unwrap_or_default();
        let loan = matches!(spec.price, Some(Price::Loan(_))).then(|| self.usual.clone());
        Ok(Product { currency: spec.currency, loan })
    }

    fn read(&self, product: &Product) -> Result<Vec<Applicant>, Failure> {
        match &self.applicants {
            Some(path) => applicants::read(path, product),
            None => applicants::sample(product),
        }
    }
}

/// Prices by a plan that is a file.
fn here(plan: &CompiledPlan, of: &Applicant) -> Result<Priced, Failure> {
    let risk = of.risk.ok_or_else(|| {
        Failure::new(format!(
            "{} has no risk, and only a server scores features: add a column `risk`, or store the plan (riskport price \
             push) and simulate NAME/VERSION",
            of.id
        ))
    })?;
    match plan.price(risk, &of.input) {
        Ok(price) => Ok(Priced::new(of, &risk.to_string(), &price_message(&price))),
        Err(wrong) => {
            let faults = wrong.as_slice().iter().map(|one| format!("{} {}", one.field, one.description));
            Ok(Priced::refused(of, &faults.collect::<Vec<_>>().join("; ")))
        }
    }
}

/// Prices by a stored version, without recording anything.
async fn there(client: &Client, version: &str, applicants: Vec<Applicant>) -> Result<Vec<Priced>, Failure> {
    let style = ProgressStyle::with_template("  pricing {bar:40} {pos} of {len}, {eta} left")?;
    let bar = ProgressBar::new(applicants.len().try_into()?).with_style(style);
    let mut priced = Vec::with_capacity(applicants.len());
    let mut waiting = applicants.into_iter().enumerate();
    let (mut calls, patience) = (JoinSet::new(), Patience::default());
    loop {
        while calls.len() < CALLS_AT_ONCE
            && let Some((at, of)) = waiting.next()
        {
            let (client, request, patience) = (client.clone(), request(version, &of), patience.clone());
            calls.spawn(async move {
                let preview = async |mut client: Client, request| client.preview_price(request).await;
                let previewed = patience.call(&client, &request, preview).await;
                (at, previewed, of)
            });
        }
        let Some(answered) = calls.join_next().await else { break };
        let (at, answer, of) = answered?;
        priced.push((
            at,
            match answer {
                Ok(answer) => Priced::new(&of, &answer.risk, &answer.price.unwrap_or_default()),
                Err(status) if status.code() == Code::InvalidArgument => {
                    Priced::refused(&of, &refused(&status).to_string())
                }
                Err(status) => return Err(refused(&status)),
            },
        ));
        bar.inc(1);
    }
    bar.finish_and_clear();
    priced.sort_by_key(|(at, _)| *at);
    Ok(priced.into_iter().map(|(_, priced)| priced).collect())
}

fn request(version: &str, of: &Applicant) -> PreviewPriceRequest {
    let PriceInput { factors, loan, .. } = &of.input;
    let loan = loan.as_ref().map(|loan| LoanTerms {
        principal: Some(Money {
            currency_code: loan.principal.currency_code.clone(),
            amount_minor: loan.principal.amount_minor,
        }),
        term_months: loan.term_months,
    });
    let risk = match of.risk {
        Some(risk) => Risk::Probability(risk.to_string()),
        None => Risk::Features(features_message(&of.features)),
    };
    PreviewPriceRequest {
        plan_version: version.to_owned(),
        risk: Some(risk),
        factors: Some(features_message(factors)),
        loan,
        ..PreviewPriceRequest::default()
    }
}
