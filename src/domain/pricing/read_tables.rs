//! Reads the tables, factors and loadings of a plan.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{
    Factor, FactorSpec, KnotSpec, Level, LevelSpec, Levels, Loading, LoadingSpec, Table, TableSpec,
    numbers::{KNOT_PLACES, decimal},
    read::Reader,
};
use crate::domain::{money::MAX_PRICED_MINOR, text};

/// The most knots of a table.
pub const MAX_KNOTS: usize = 64;
/// The most levels of a rating factor.
pub const MAX_LEVELS: usize = 64;
/// The highest relativity.
pub(super) const MAX_RELATIVITY: Decimal = Decimal::ONE_THOUSAND;
/// The most that all loadings may take of a premium together.
const MAX_LOADED_PERCENT: u32 = 90;

impl Reader {
    pub(super) fn loadings(&mut self, field: &str, specs: &[LoadingSpec]) -> Vec<Loading> {
        let mut loadings = Vec::new();
        let mut taken = HashSet::new();
        for (at, one) in specs.iter().enumerate() {
            let field = format!("{field}[{at}]");
            let name_fits = text::lower_token(&one.name).and_then(|name| {
                let first = taken.insert(name);
                if first { Ok(()) } else { Err("must not be that of an earlier loading".to_owned()) }
            });
            self.0.take(&format!("{field}.name"), name_fits);
            self.within(&format!("{field}.amount_minor"), one.amount_minor, 0, MAX_PRICED_MINOR);
            if !one.share.is_empty() && one.amount_minor != 0 {
                self.0.add(&field, "must have either share or amount_minor");
            }
            let share = match one.share.as_str() {
                "" => Some(Decimal::ZERO),
                share => self.value(&format!("{field}.share"), share, Decimal::ONE),
            };
            loadings.extend(share.map(|share| Loading {
                name: one.name.clone(),
                kind: one.kind,
                share,
                amount_minor: one.amount_minor,
            }));
        }
        let together: Decimal = loadings.iter().map(|one| one.share).sum();
        if together > Decimal::new(MAX_LOADED_PERCENT.into(), 2) {
            self.0.add(field, format!("their shares must be at most 0.{MAX_LOADED_PERCENT} together"));
        }
        loadings
    }

    pub(super) fn table(&mut self, field: &str, spec: &TableSpec, most: Decimal) -> Option<Table> {
        let (linear, knots) = match spec {
            TableSpec::Step(knots) => (false, knots),
            TableSpec::Linear(knots) => (true, knots),
        };
        if knots.is_empty() {
            self.0.add(field, "must have a knot");
            return None;
        }
        if !self.at_most(field, knots.len(), MAX_KNOTS) {
            return None;
        }
        let mut read: Vec<(Decimal, Decimal)> = Vec::with_capacity(knots.len());
        for (at, KnotSpec(risk, value)) in knots.iter().enumerate() {
            let risk_field = format!("{field}.knots[{at}].risk");
            let risk = self.0.take(&risk_field, decimal(risk, KNOT_PLACES, Decimal::ONE));
            let value = self.value(&format!("{field}.knots[{at}].value"), value, most);
            if at == 0 && risk.is_some_and(|risk| !risk.is_zero()) {
                self.0.add(&risk_field, "must be 0 at the first knot");
            }
            if let (Some(risk), Some((before, _))) = (risk, read.last())
                && risk <= *before
            {
                self.0.add(&risk_field, "must be above that of the knot before");
            }
            read.extend(risk.zip(value));
        }
        (read.len() == knots.len()).then_some(Table { linear, knots: read })
    }

    pub(super) fn factor(&mut self, field: &str, spec: &FactorSpec) -> Option<Factor> {
        self.0.take(&format!("{field}.name"), text::name(&spec.name));
        if spec.levels.is_empty() {
            self.0.add(format!("{field}.levels"), "must have a level");
        }
        if !self.at_most(&format!("{field}.levels"), spec.levels.len(), MAX_LEVELS) {
            return None;
        }
        let (mut categories, mut bands) = (Vec::new(), Vec::new());
        let mut before: Option<(usize, Decimal)> = None;
        for (at, level) in spec.levels.iter().enumerate() {
            let field = format!("{field}.levels[{at}]");
            let relativity = self.value(&format!("{field}.relativity"), &level.relativity, MAX_RELATIVITY);
            if let (Some(relativity), Some((earlier, was))) = (relativity, before)
                && relativity < was
            {
                let rule = format!("must not fall: levels[{earlier}] has {was} and levels[{at}] has {relativity}");
                self.0.add(format!("{field}.relativity"), rule);
            }
            before = relativity.map(|relativity| (at, relativity)).or(before);
            let relativity = relativity.unwrap_or_default();
            if level.value.is_empty() {
                let band = self.band(&field, level, &bands);
                bands.extend(band.map(|of| Level { of, relativity }));
            } else {
                let text = text::plain(&level.value, 1, 64);
                let value = self.0.take(&format!("{field}.value"), text);
                if categories.iter().any(|one: &Level<String>| one.of == level.value) {
                    self.0.add(format!("{field}.value"), "must not be that of an earlier level");
                }
                categories.extend(value.map(|of| Level { of, relativity }));
            }
        }
        if !categories.is_empty() && !bands.is_empty() {
            self.0.add(format!("{field}.levels"), "must be all categories or all bands");
        }
        let levels = if bands.is_empty() { Levels::Categories(categories) } else { Levels::Bands(bands) };
        Some(Factor { name: spec.name.clone(), levels })
    }

    fn band(&mut self, field: &str, level: &LevelSpec, others: &[Level<(f64, f64)>]) -> Option<(f64, f64)> {
        let mut edge = |name: &str, text: &str, open: f64| match text {
            "" => Some(open),
            text => self.0.take(&format!("{field}.{name}"), number(text)),
        };
        let (from, to) = (edge("from", &level.from, f64::NEG_INFINITY)?, edge("to", &level.to, f64::INFINITY)?);
        if from >= to {
            self.0.add(format!("{field}.to"), "must be above from");
        } else if others.iter().any(|Level { of: (start, end), .. }| from < *end && *start < to) {
            self.0.add(field, "must not overlap an earlier band");
        }
        Some((from, to))
    }
}

/// The edge of a band: an ordinary number, as a request has it.
fn number(text: &str) -> Result<f64, String> {
    let plain = text.len() <= 24 && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    let number = text.parse::<f64>().ok().filter(|number| plain && number.is_finite());
    number.ok_or_else(|| "must be a number, such as 18 or -2.5".to_owned())
}
