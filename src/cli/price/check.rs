//! `riskport price check`: what is wrong with a plan, and what it charges.

use std::path::PathBuf;

use super::{chart::bar, file};
use crate::{
    cli::{Failure, money::amount, say},
    domain::{
        features::{FeatureValue, Features},
        money::Money,
        pricing::{
            Factor, Levels, LoanTerms, Price, PriceDetail, PriceInput, Priced, RatePlan, RatePlanSpec, Risk, TermKind,
        },
    },
};

/// Say everything that is wrong with a plan file, and draw its price over risk; no server is asked
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A plan whose price falls anywhere when the risk rises is refused, with two risks and the two prices:
it is decided exactly, not tried out.

Examples:
  riskport price check plan.toml
  riskport price check models/pricing/account-safety.toml      A whole one, for insurance
  riskport price check models/pricing/consumer-loan.toml       A whole one, for loans"
)]
pub(super) struct Check {
    /// The plan, TOML
    file: PathBuf,
}

/// The risks that are drawn, in thousandths.
const DRAWN: [u64; 15] = [0, 5, 10, 20, 50, 100, 150, 200, 300, 400, 500, 600, 700, 850, 1_000];

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let spec = file::read(&self.file)?;
        let plan = file::compile(&self.file, &spec)?;
        let name = self.file.display();
        say(&format!("{name} can be used: its price never falls when the risk rises"))?;
        say(&format!("  {}", summary(&spec)))?;
        let input = usual(plan.plan());
        say(&format!("\n{}", heading(plan.plan(), &input)))?;
        let mut drawn = Vec::new();
        for thousandths in DRAWN {
            let risk = Risk::of_parts(thousandths * 1_000_000_000).unwrap_or_default();
            let price = plan.price(risk, &input).map_err(|_| Failure::new("the plan does not price its own levels"))?;
            drawn.push((thousandths, height(&price), charge(&price)));
        }
        let highest = drawn.iter().map(|(_, height, _)| *height).fold(0.0, f64::max);
        for (thousandths, height, charge) in drawn {
            let part = if highest > 0.0 { height / highest } else { 0.0 };
            say(format!("  {:>5.1} %  {charge:>34}  {}", percent(thousandths), bar(part)).trim_end())?;
        }
        say(&format!(
            "\nnext: riskport price simulate {name} applicants.csv\n      riskport price push {name} --plan NAME"
        ))
    }
}

/// What a plan is, in a line.
pub(super) fn summary(spec: &RatePlanSpec) -> String {
    let model = match spec.risk.model.as_str() {
        "" => String::new(),
        model => format!(" of {}", model.trim_start_matches("models/")),
    };
    let priced = if spec.loan.is_some() { "loans" } else { "insurance" };
    let RatePlanSpec { title, currency, validity_seconds, .. } = spec;
    let kind = spec.risk.kind.name().replace('_', " ");
    format!("{title}: {priced} in {currency} by {kind}{model}, quotes honoured for {validity_seconds} s")
}

/// The request that is drawn: of each factor the safest level, of a loan the largest over the longest term.
fn usual(plan: &RatePlan) -> PriceInput {
    match &plan.priced {
        Priced::Loan(loan) => {
            let principal = Money { currency_code: plan.currency.clone(), amount_minor: loan.principal_minor.1 };
            PriceInput { loan: Some(LoanTerms { principal, term_months: loan.term_months.1 }), ..PriceInput::default() }
        }
        Priced::Insurance(insurance) => {
            let mut factors = Features::default();
            for factor in &insurance.factors {
                // A level of a plan fits the limits of a request.
                let _ = factors.insert(&factor.name, safest(factor));
            }
            PriceInput { factors, ..PriceInput::default() }
        }
    }
}

fn safest(factor: &Factor) -> FeatureValue {
    match &factor.levels {
        Levels::Categories(levels) => {
            FeatureValue::Text(levels.first().map(|level| level.of.clone()).unwrap_or_default())
        }
        Levels::Bands(levels) => {
            let (from, to) = levels.first().map_or((0.0, 1.0), |level| level.of);
            // Where the band has no least number, one below where it ends.
            FeatureValue::Number(if from.is_finite() { from } else { (to - 1.0).min(f64::MAX) })
        }
    }
}

fn heading(plan: &RatePlan, input: &PriceInput) -> String {
    match (&plan.priced, &input.loan) {
        (Priced::Loan(_), Some(loan)) => format!(
            "Annual rate by risk, with all interest and fees of {} over {} months:",
            amount(loan.principal.amount_minor, &plan.currency),
            loan.term_months
        ),
        (Priced::Insurance(insurance), _) if insurance.factors.is_empty() => "Premium by risk:".to_owned(),
        _ => "Premium by risk, at the safest level of each factor:".to_owned(),
    }
}

/// What is drawn of a price.
#[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
fn height(price: &Price) -> f64 {
    match &price.detail {
        PriceDetail::Loan(loan) => f64::try_from(loan.annual_rate).unwrap_or_default(),
        PriceDetail::Insurance(_) => price.total_minor as f64,
    }
}

/// A price in words; a limit that holds is told.
fn charge(price: &Price) -> String {
    let total = amount(price.total_minor, &price.currency);
    if let PriceDetail::Loan(loan) = &price.detail {
        let rate = (loan.annual_rate * rust_decimal::Decimal::ONE_HUNDRED).round_dp(2);
        return format!("{rate:.2} %  {total}");
    }
    let limit = price.terms.iter().find(|term| term.kind == TermKind::Limit).map_or(0, |term| term.amount_minor);
    let held = match limit {
        0 => "",
        1.. => " (floor)",
        _ => " (cap)",
    };
    format!("{total}{held}")
}

#[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
fn percent(thousandths: u64) -> f64 {
    thousandths as f64 / 10.0
}
