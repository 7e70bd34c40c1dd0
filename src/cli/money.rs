//! Money and counts as a person reads them.

/// Currencies whose minor unit is the whole one, and those with three decimals (ISO 4217); all others have two.
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// An amount of minor units, `12,345.67 CNY`.
pub(super) fn amount(minor: i64, currency: &str) -> String {
    let decimals = match currency {
        whole if WHOLE.contains(&whole) => 0,
        thousandths if THOUSANDTHS.contains(&thousandths) => 3,
        _ => 2,
    };
    let units = 10_u64.pow(decimals);
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let whole = grouped(&(minor / units).to_string());
    match decimals {
        0 => format!("{sign}{whole} {currency}"),
        decimals => {
            let width = usize::try_from(decimals).unwrap_or_default();
            format!("{sign}{whole}.{:0width$} {currency}", minor % units)
        }
    }
}

/// A count that is not negative, with a comma at each thousand.
pub(super) fn count(count: i64) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        assert_eq!(amount(123_456_789, "CNY"), "1,234,567.89 CNY");
        assert_eq!(amount(5, "EUR"), "0.05 EUR");
        assert_eq!(amount(1_234, "JPY"), "1,234 JPY");
        assert_eq!(amount(1_005, "KWD"), "1.005 KWD");
        assert_eq!((count(0), count(999), count(1_000)), ("0".to_owned(), "999".to_owned(), "1,000".to_owned()));
    }
}
