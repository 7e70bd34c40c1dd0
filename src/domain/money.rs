//! Money in whole minor units.

/// The largest amount in minor units, so that sums of a thousand of them still fit 64 bits.
pub const MAX_MINOR: i64 = 9_000_000_000_000_000;

/// The largest amount that is priced, in minor units: the products of rates, terms and balances stay far within 128 bits.
pub const MAX_PRICED_MINOR: i64 = 1_000_000_000_000;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// ISO 4217 alphabetic code.
    pub currency_code: String,
    /// The amount in the currency's minor unit.
    pub amount_minor: i64,
}

impl Money {
    /// Takes an amount that is not negative, in a currency of three upper-case letters.
    ///
    /// # Errors
    /// Each field that is wrong (`currency_code`, `amount_minor`), with one sentence.
    pub fn not_negative(currency_code: &str, amount_minor: i64) -> Result<Self, Vec<(&'static str, String)>> {
        let mut wrong = Vec::new();
        if currency_code.len() != 3 || !currency_code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            wrong.push(("currency_code", "must be three upper-case letters (ISO 4217)".to_owned()));
        }
        if !(0..=MAX_MINOR).contains(&amount_minor) {
            wrong.push(("amount_minor", format!("must be 0 to {MAX_MINOR}")));
        }
        if wrong.is_empty() { Ok(Self { currency_code: currency_code.to_owned(), amount_minor }) } else { Err(wrong) }
    }
}
