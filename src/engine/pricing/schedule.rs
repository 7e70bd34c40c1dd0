//! Equal instalments to the minor unit.
//!
//! What is paid in all follows from the annuity formula, exactly, and is rounded once: so it never falls when the rate rises,
//! which rounding each instalment by itself would break. Every instalment but the last is that total by the months, rounded
//! down; the last absorbs the rest, at most a minor unit for each month before it.

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::apportion::rounded;
use crate::domain::pricing::Instalment;

/// Parts of one in which a rate is counted.
pub(super) const MILLION: u32 = 1_000_000;
/// Parts of a minor unit in which balances are kept before they are rounded.
const PARTS: i128 = 1_000_000_000_000;
/// The months of a year times the parts of a rate: a rate a year over this is a rate a month.
const YEAR: u32 = 12 * MILLION;

/// A loan that is paid back in equal monthly instalments, each a month after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amortisation {
    /// What is lent.
    pub principal_minor: i64,
    /// The nominal rate a year, in millionths; a twelfth of it is due each month.
    pub rate_millionths: u32,
    /// The number of instalments, at least 1.
    pub months: i32,
    /// What is paid in all.
    pub total_minor: i64,
    /// What is paid each month but the last.
    pub instalment_minor: i64,
    /// What is paid in the last month.
    pub last_minor: i64,
}

impl Amortisation {
    /// Works out the instalments. For the principal and the number of months see the bounds of plans.
    #[must_use]
    pub fn new(principal_minor: i64, rate_millionths: u32, months: i32) -> Self {
        let total = total(principal_minor, rate_millionths, months);
        let total_minor = rounded(&total.0, &total.1).to_i64().unwrap_or(i64::MAX);
        let instalment_minor = total_minor / i64::from(months);
        let last_minor = total_minor - instalment_minor * i64::from(months - 1);
        Self { principal_minor, rate_millionths, months, total_minor, instalment_minor, last_minor }
    }

    /// Month by month. Interest and balance follow the exact annuity, each interest so that their sum so far is the exact one
    /// rounded; the last balance is exactly 0.
    #[must_use]
    pub fn schedule(&self) -> Vec<Instalment> {
        let (principal, months) = (i128::from(self.principal_minor), i128::from(self.months));
        let total = total(self.principal_minor, self.rate_millionths, self.months);
        let instalment = rounded(&(total.0 * PARTS), &(total.1 * self.months)).to_i128().unwrap_or(i128::MAX);
        // Backwards from 0, for so what is rounded off shrinks; forwards it would grow with each month's interest.
        let mut balances = vec![0_i128; usize::try_from(self.months).unwrap_or(1)];
        for month in (1..balances.len()).rev() {
            let owed = (balances[month] + instalment) * i128::from(YEAR);
            balances[month - 1] = owed / i128::from(YEAR + self.rate_millionths);
        }
        let (mut rows, mut paid, mut so_far) = (Vec::with_capacity(balances.len()), 0, 0);
        for (month, exact) in (1..).zip(balances) {
            let last = month == months;
            let payment_minor = if last { self.last_minor } else { self.instalment_minor };
            // All interest by then: what was paid and is owed, less what was lent.
            let interest = exact - principal * PARTS + month * instalment;
            let all = self.total_minor - self.principal_minor;
            let rounded = (interest + PARTS / 2).div_euclid(PARTS).to_i64().unwrap_or(i64::MAX);
            let by_then = if last { all } else { rounded.clamp(so_far, all) };
            paid += payment_minor;
            rows.push(Instalment {
                payment_minor,
                interest_minor: by_then - so_far,
                balance_minor: self.principal_minor + by_then - paid,
            });
            so_far = by_then;
        }
        rows
    }
}

/// What is paid in all, as a fraction: n P i q / (q - 1), where i is the rate a month and q = (1 + i)^n.
fn total(principal_minor: i64, rate_millionths: u32, months: i32) -> (BigInt, BigInt) {
    if rate_millionths == 0 {
        return (principal_minor.into(), 1.into());
    }
    let power = months.unsigned_abs();
    let (grown, year) = (BigInt::from(YEAR + rate_millionths).pow(power), BigInt::from(YEAR).pow(power));
    let numerator = BigInt::from(principal_minor) * months * rate_millionths * &grown;
    (numerator, (grown - year) * YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_of_a_thousand_is_paid_back_to_the_cent() {
        // 1,000.00 at 12 % over 12 months: the annuity is 88.848788, as every table of annuities has it.
        let loan = Amortisation::new(100_000, 120_000, 12);
        assert_eq!((loan.total_minor, loan.instalment_minor, loan.last_minor), (106_619, 8_884, 8_895));
        let rows = loan.schedule();
        assert_eq!((rows[0].interest_minor, rows[11].balance_minor), (1_000, 0));
        assert_eq!(rows.iter().map(|row| row.interest_minor).sum::<i64>(), 6_619);
    }

    #[test]
    fn without_interest_nothing_is_added_and_one_month_is_one_instalment() {
        let free = Amortisation::new(1_000, 0, 3);
        assert_eq!((free.instalment_minor, free.last_minor, free.schedule()[2].balance_minor), (333, 334, 0));
        assert!(free.schedule().iter().all(|row| row.interest_minor == 0));
        let month = Amortisation::new(1_200_000, 100_000, 1);
        assert_eq!((month.instalment_minor, month.last_minor), (1_210_000, 1_210_000));
        assert_eq!(month.schedule()[0].balance_minor, 0);
    }
}
