//! The annual percentage rate by the actuarial method: the rate a month at which all instalments are worth what was paid out
//! (Regulation Z, 12 CFR 1026, appendix J). Stated as twelve times that (nominal), and compounded over twelve months
//! (effective, as in Directive 2008/48/EC, annex I).

use rust_decimal::Decimal;

use super::Amortisation;

/// How near the rate a month is found: rates a year, with six places, are right unless within 10^-11 of half a unit.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 13);
/// How far from the first guess the rate is looked for at first.
const NEAR: Decimal = Decimal::from_parts(1, 0, 0, false, 11);
/// The places that rates are told with.
const PLACES: u32 = 6;

/// The nominal and the effective rate a year of what is paid out, at least half of what is lent, and paid back by
/// instalments. Found by 64-bit floating point, then confirmed and narrowed down by bisection in decimals of 28 digits.
#[must_use]
pub fn annual_percentage_rate(paid_out_minor: i64, loan: &Amortisation) -> (Decimal, Decimal) {
    if loan.total_minor <= paid_out_minor {
        return (Decimal::ZERO, Decimal::ZERO);
    }
    let guess = Decimal::from_f64_retain(guess(paid_out_minor, loan)).unwrap_or(Decimal::ONE);
    let paid_out = Decimal::from(paid_out_minor);
    let mut width = NEAR;
    let (mut low, mut high) = loop {
        let (low, high) = ((guess - width).max(TOLERANCE), guess + width);
        let outside = worth(loan, low) < paid_out && low > TOLERANCE || worth(loan, high) > paid_out;
        if !outside || width > Decimal::ONE_HUNDRED {
            break (low, high);
        }
        width *= Decimal::TEN;
    };
    while high - low > TOLERANCE {
        let middle = (low + high) / Decimal::TWO;
        if worth(loan, middle) > paid_out { low = middle } else { high = middle }
    }
    let month = (low + high) / Decimal::TWO;
    let nominal = (month * Decimal::from(12)).round_dp(PLACES);
    (nominal, (power(Decimal::ONE + month, 12) - Decimal::ONE).round_dp(PLACES))
}

/// What all instalments are worth when the first month begins: A (1 - v^(n-1)) / i + L v^n, with v = 1 / (1 + i).
fn worth(loan: &Amortisation, month: Decimal) -> Decimal {
    let discount = Decimal::ONE / (Decimal::ONE + month);
    let others = power(discount, loan.months.unsigned_abs() - 1);
    Decimal::from(loan.instalment_minor) * (Decimal::ONE - others) / month
        + Decimal::from(loan.last_minor) * others * discount
}

/// A power by squaring.
fn power(base: Decimal, exponent: u32) -> Decimal {
    let (mut result, mut square, mut left) = (Decimal::ONE, base, exponent);
    while left > 0 {
        if left % 2 == 1 {
            result *= square;
        }
        left /= 2;
        if left > 0 {
            square *= square;
        }
    }
    result
}

/// The rate a month in 64-bit floating point, by bisection.
#[expect(clippy::cast_precision_loss, reason = "a first guess")]
fn guess(paid_out_minor: i64, loan: &Amortisation) -> f64 {
    let others = f64::from(loan.months - 1);
    let worth = |month: f64| {
        let grown = month.ln_1p();
        loan.instalment_minor as f64 * -(-others * grown).exp_m1() / month
            + loan.last_minor as f64 * (-(others + 1.0) * grown).exp()
    };
    let (mut low, mut high) = (1e-15_f64, 1.0);
    while worth(high) > paid_out_minor as f64 && high < 1e6 {
        high *= 2.0;
    }
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if worth(middle) > paid_out_minor as f64 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_makes_the_rate_higher_and_none_leaves_it() {
        let loan = Amortisation::new(100_000_000, 120_000, 12);
        let told = |paid_out| {
            let (nominal, effective) = annual_percentage_rate(paid_out, &loan);
            (nominal.to_string(), effective.to_string())
        };
        // (1 + 0.01)^12 - 1, and what instalments to the cent leave of it.
        assert_eq!(told(100_000_000), ("0.120000".to_owned(), "0.126825".to_owned()));
        // 1,000,000 lent, 980,000 paid out, 12 instalments of 88,848.79: 15.8545 % a year, 17.0589 % compounded, by bisection elsewhere.
        let (nominal, effective) = told(98_000_000);
        assert!((nominal.as_str(), effective.as_str()) == ("0.158545", "0.170589"), "{nominal} {effective}");
        assert_eq!(annual_percentage_rate(1_000, &Amortisation::new(1_000, 0, 6)), (Decimal::ZERO, Decimal::ZERO));
    }
}
