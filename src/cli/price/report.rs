//! What came of a portfolio: by band of risk, drawn, and row by row.

use std::path::Path;

use comfy_table::CellAlignment;

use super::{applicants::Applicant, chart::bar};
use crate::{
    cli::{
        Failure,
        money::{amount, count},
        policy::table,
    },
    rpc::proto::pricing::{Price, PriceTermKind, price::Detail},
};

/// Bars of the distribution.
const BINS: usize = 12;

/// An applicant with its price.
pub(super) struct Priced {
    id: String,
    bad: Option<bool>,
    outcome: Result<Figures, String>,
}

/// What a price comes to.
#[derive(Debug, Clone)]
struct Figures {
    risk: String,
    total: i64,
    /// A loan's rate a year.
    rate: Option<f64>,
    expected_loss: i64,
    profit: i64,
}

impl Priced {
    pub(super) fn new(of: &Applicant, risk: &str, price: &Price) -> Self {
        let sum = |kinds: &[PriceTermKind]| -> i64 {
            price.terms.iter().filter(|term| kinds.contains(&term.kind())).map(|term| term.amount_minor).sum()
        };
        let total = price.total.as_ref().map_or(0, |total| total.amount_minor);
        let expected_loss = sum(&[PriceTermKind::PurePremium, PriceTermKind::ExpectedLoss]);
        let cost = sum(&[PriceTermKind::Expense, PriceTermKind::Tax, PriceTermKind::Funding, PriceTermKind::Operating]);
        let rate = match &price.detail {
            Some(Detail::Loan(loan)) => loan.annual_rate.parse().ok(),
            _ => None,
        };
        let profit = total - expected_loss - cost;
        let figures = Figures { risk: risk.to_owned(), total, rate, expected_loss, profit };
        Self { id: of.id.clone(), bad: of.bad, outcome: Ok(figures) }
    }

    pub(super) fn refused(of: &Applicant, why: &str) -> Self {
        Self { id: of.id.clone(), bad: of.bad, outcome: Err(why.to_owned()) }
    }
}

/// Writes each applicant's price; amounts in minor units.
pub(super) fn write(path: &Path, priced: &[Priced]) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_path(path)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    writer.write_record([
        "id",
        "risk",
        "price_minor",
        "annual_rate",
        "expected_loss_minor",
        "profit_minor",
        "refused",
    ])?;
    for one in priced {
        let empty = String::new;
        let [risk, price, rate, loss, profit, refused] = match &one.outcome {
            Ok(of) => [
                of.risk.clone(),
                of.total.to_string(),
                of.rate.map_or_else(empty, |rate| rate.to_string()),
                of.expected_loss.to_string(),
                of.profit.to_string(),
                empty(),
            ],
            Err(why) => [empty(), empty(), empty(), empty(), empty(), why.clone()],
        };
        writer.write_record([&one.id, &risk, &price, &rate, &loss, &profit, &refused])?;
    }
    Ok(writer.flush()?)
}

/// What came of a portfolio, for a person.
pub(super) fn told(plan: &str, currency: &str, priced: Vec<Priced>, bands: usize) -> Result<String, Failure> {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for one in priced {
        match one.outcome {
            Ok(figures) => taken.push((figures, one.bad)),
            Err(why) => refused.push((one.id, why)),
        }
    }
    let Some((first, why)) = refused.first().filter(|_| taken.is_empty()) else {
        // The texts of risks have the same length, so that they are ordered as the risks are.
        taken.sort_by(|one, other| one.0.risk.cmp(&other.0.risk));
        let mut text = format!("{plan} over {} applicants, by band of risk:\n", count(length(taken.len())));
        text += &by_band(&taken, bands, currency);
        text += &distribution(&taken, currency);
        text += &overall(&taken, currency);
        if let Some((id, why)) = refused.first() {
            let refused = format!("\nrefused: {} applicants, the first of them {id}: {why}", refused.len());
            text += &refused;
        }
        return Ok(text);
    };
    Err(Failure::new(format!("no applicant was priced; the first, {first}: {why}")))
}

type Row = (Figures, Option<bool>);

fn by_band(rows: &[Row], bands: usize, currency: &str) -> String {
    let knows = rows.iter().any(|(_, bad)| bad.is_some());
    let loans = rows.iter().any(|(of, _)| of.rate.is_some());
    let mut header = vec!["RISK", "COUNT", "MEAN PRICE", "EXPECTED LOSS", "LOSS RATIO", "PROFIT"];
    if loans {
        header.push("MEAN RATE");
    }
    if knows {
        header.push("BAD");
    }
    let mut table = table(&header);
    let size = rows.len().div_ceil(bands).max(1);
    for band in rows.chunks(size).chain([rows]) {
        let all = Sums::of(band);
        let whole = std::ptr::eq(band, rows) && rows.len() > size;
        let mut cells = vec![
            if whole { "all".to_owned() } else { range(band) },
            count(length(band.len())),
            amount(mean(all.total, band.len()), currency),
            amount(all.expected_loss, currency),
            ratio(all.expected_loss, all.total),
            amount(all.profit, currency),
        ];
        cells.extend(all.mean_rate.filter(|_| loans).map(|rate| format!("{:.2} %", rate * 100.0)));
        if knows {
            cells.push(ratio(length(all.bad), length(all.known)));
        }
        table.add_row(cells);
        if rows.len() <= size {
            break;
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n", table.trim_fmt())
}

fn range(band: &[Row]) -> String {
    let percent = |row: Option<&Row>| {
        row.and_then(|(of, _)| of.risk.parse::<f64>().ok())
            .map_or_else(String::new, |risk| format!("{:.2}", risk * 100.0))
    };
    format!("{}-{} %", percent(band.first()), percent(band.last()))
}

/// Sums over some applicants.
struct Sums {
    total: i64,
    expected_loss: i64,
    profit: i64,
    mean_rate: Option<f64>,
    known: usize,
    bad: usize,
}

impl Sums {
    #[expect(clippy::cast_precision_loss, reason = "a mean for a person")]
    fn of(rows: &[Row]) -> Self {
        let sum = |of: fn(&Figures) -> i64| rows.iter().map(|(figures, _)| of(figures)).sum();
        let rates: Vec<f64> = rows.iter().filter_map(|(figures, _)| figures.rate).collect();
        Self {
            total: sum(|figures| figures.total),
            expected_loss: sum(|figures| figures.expected_loss),
            profit: sum(|figures| figures.profit),
            mean_rate: (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64),
            known: rows.iter().filter(|(_, bad)| bad.is_some()).count(),
            bad: rows.iter().filter(|(_, bad)| *bad == Some(true)).count(),
        }
    }
}

fn overall(rows: &[Row], currency: &str) -> String {
    let all = Sums::of(rows);
    format!(
        "\nexpected loss ratio {}: {} of {} in prices; profit {}, before the cost of capital",
        ratio(all.expected_loss, all.total),
        amount(all.expected_loss, currency),
        amount(all.total, currency),
        amount(all.profit, currency)
    )
}

/// The distribution of rates, or of premiums where there are none.
#[expect(clippy::cast_precision_loss, reason = "the edges of bars")]
fn distribution(rows: &[Row], currency: &str) -> String {
    let loans = rows.iter().any(|(of, _)| of.rate.is_some());
    let values: Vec<f64> = rows.iter().map(|(of, _)| of.rate.unwrap_or(of.total as f64)).collect();
    let (low, high) =
        (values.iter().copied().fold(f64::MAX, f64::min), values.iter().copied().fold(f64::MIN, f64::max));
    let width = (high - low) / BINS as f64;
    let mut counts = [0_usize; BINS];
    for value in &values {
        let at = (1..BINS).take_while(|at| *value >= low + width * *at as f64).count();
        counts[if width > 0.0 { at } else { 0 }] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let label = |value: f64| {
        if loans { format!("{:.2} %", value * 100.0) } else { amount(rounded(value), currency) }
    };
    let mut text = format!(
        "\n{}\n",
        if loans { "Annual rates, and how many get them:" } else { "Premiums, and how many pay them:" }
    );
    let shown = if width > 0.0 { BINS } else { 1 };
    for (at, number) in counts.iter().enumerate().take(shown) {
        let from = label(low + width * at as f64);
        let line = format!("  {from:>14}  {} {number}", bar(*number as f64 / most as f64));
        text += line.trim_end();
        text += "\n";
    }
    text
}

#[expect(clippy::cast_possible_truncation, reason = "an amount of money, within 2^53")]
fn rounded(value: f64) -> i64 {
    value.round() as i64
}

fn mean(sum: i64, of: usize) -> i64 {
    sum / length(of).max(1)
}

fn length(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a share for a person")]
fn ratio(part: i64, whole: i64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}
