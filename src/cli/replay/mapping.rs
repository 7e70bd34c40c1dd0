//! What the columns of a CSV file of events mean, as a small TOML file says it.
//!
//! ```toml
//! [columns]                       # by what they hold; all but event_time may be left out
//! event_time = "TX_DATETIME"
//! amount = "TX_AMOUNT"            # a decimal number; or amount_minor, whole minor units
//! card = "CUSTOMER_ID"
//! terminal = "TERMINAL_ID"
//! label = "TX_FRAUD"
//!
//! [constants]                     # for what no column holds, or an empty field
//! scene = "payment"
//! currency = "EUR"
//!
//! [time]
//! format = "epoch-seconds"        # or "rfc3339", which is usual
//!
//! [labels]                        # what the label's column says; anything else has no label
//! fraud = ["1"]
//! genuine = ["0"]
//! ```

use serde::Deserialize;

use crate::cli::Failure;

/// What the columns of a file mean.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The names of the columns.
    pub columns: Columns,
    /// What holds where a column does not say.
    #[serde(default)]
    pub constants: Constants,
    /// How times are written.
    #[serde(default)]
    pub time: Time,
    /// What the column of the label says.
    #[serde(default)]
    pub labels: Labels,
}

/// The names of the columns, by what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The id of the event; without it `row-` and the number of the line.
    pub request_id: Option<String>,
    /// The scene by its name.
    pub scene: Option<String>,
    /// When it happened. Required.
    pub event_time: String,
    /// Minutes east of UTC.
    pub utc_offset_minutes: Option<String>,
    /// The amount in whole minor units.
    pub amount_minor: Option<String>,
    /// The amount as a decimal number, with at most as many places as the constants say.
    pub amount: Option<String>,
    /// The currency's code.
    pub currency: Option<String>,
    /// The customer's account.
    pub account: Option<String>,
    /// The payment card.
    pub card: Option<String>,
    /// The phone or machine.
    pub device: Option<String>,
    /// The internet address.
    pub ip: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The postal address.
    pub address: Option<String>,
    /// Who sells.
    pub merchant: Option<String>,
    /// The till.
    pub terminal: Option<String>,
    /// Who gets the money.
    pub beneficiary: Option<String>,
    /// What it turned out to be.
    pub label: Option<String>,
    /// How it was a fraud, for tables.
    pub pattern: Option<String>,
    /// After how many hours it was known.
    pub known_after_hours: Option<String>,
}

/// What holds where a column does not say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Constants {
    /// The scene by its name.
    pub scene: String,
    /// Minutes east of UTC; without it the tenant's time zone holds.
    pub utc_offset_minutes: Option<i32>,
    /// The currency's code.
    pub currency: String,
    /// How many decimal places of `amount` make a minor unit, 0-4.
    pub decimals: u32,
}

impl Default for Constants {
    fn default() -> Self {
        Self { scene: "payment".to_owned(), utc_offset_minutes: None, currency: "EUR".to_owned(), decimals: 2 }
    }
}

/// How times are written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// One of the formats.
    pub format: TimeFormat,
}

/// A format of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// `2026-01-01T08:00:00.250Z`, with any offset.
    #[default]
    Rfc3339,
    /// Seconds since 1970 in UTC, with at most six decimal places.
    EpochSeconds,
}

/// What the column of the label says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    /// For frauds.
    pub fraud: Vec<String>,
    /// For genuine events.
    pub genuine: Vec<String>,
}

impl Default for Labels {
    fn default() -> Self {
        Self { fraud: vec!["fraud".to_owned()], genuine: vec!["genuine".to_owned()] }
    }
}

impl Mapping {
    /// Reads a mapping of TOML.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mapping: Self = toml::from_str(text).map_err(|error| Failure::new(error.to_string().trim().to_owned()))?;
        if mapping.columns.event_time.is_empty() {
            return Err(Failure::new("columns.event_time must name a column"));
        }
        if mapping.columns.amount.is_some() && mapping.columns.amount_minor.is_some() {
            return Err(Failure::new("columns.amount and columns.amount_minor exclude each other"));
        }
        if mapping.constants.decimals > 4 {
            return Err(Failure::new("constants.decimals must be 0 to 4"));
        }
        Ok(mapping)
    }

    /// The mapping of what `riskport simulate` writes.
    #[must_use]
    pub fn simulated() -> Self {
        let own = |name: &str| Some(name.to_owned());
        let columns = Columns {
            request_id: own("request_id"),
            scene: own("scene"),
            event_time: "event_time".to_owned(),
            utc_offset_minutes: own("utc_offset_minutes"),
            amount_minor: own("amount_minor"),
            amount: None,
            currency: own("currency"),
            account: own("account"),
            card: own("card"),
            device: own("device"),
            ip: own("ip"),
            phone: own("phone"),
            email: own("email"),
            address: own("address"),
            merchant: own("merchant"),
            terminal: own("terminal"),
            beneficiary: own("beneficiary"),
            label: own("label"),
            pattern: own("pattern"),
            known_after_hours: own("known_after_hours"),
        };
        Self { columns, constants: Constants::default(), time: Time::default(), labels: Labels::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_says_only_what_differs() {
        let text = "[columns]\nevent_time = \"t\"\nlabel = \"y\"\n[time]\nformat = \"epoch-seconds\"\n[labels]\nfraud = [\"1\"]";
        let mapping = Mapping::parse(text).unwrap();
        assert_eq!(mapping.time.format, TimeFormat::EpochSeconds);
        assert_eq!((mapping.columns.label.as_deref(), mapping.columns.card), (Some("y"), None));
        assert_eq!((mapping.labels.fraud, mapping.labels.genuine), (vec!["1".to_owned()], vec!["genuine".to_owned()]));
        assert_eq!(mapping.constants, Constants::default());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let with = |more: &str| Mapping::parse(&format!("[columns]\nevent_time = \"t\"\n{more}")).map_err(|e| e.to_string());
        assert!(with("").is_ok());
        assert!(with("devise = \"d\"").unwrap_err().contains("devise"));
        assert!(with("amount = \"a\"\namount_minor = \"b\"").unwrap_err().contains("exclude"));
        assert!(with("[constants]\ndecimals = 5").unwrap_err().contains("decimals"));
        assert!(with("[time]\nformat = \"noon\"").unwrap_err().contains("noon"));
        assert!(Mapping::parse("[columns]\ncard = \"c\"").unwrap_err().to_string().contains("event_time"));
    }
}
