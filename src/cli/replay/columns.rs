//! Which column of a CSV file is what: a small TOML file says it, and without one the columns are those that
//! `riskport simulate` writes.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use crate::{
    cli::Failure,
    domain::fraud::Scene,
    rpc::{
        proto::{
            common::Money,
            fraud::{Entities, FraudEvent},
        },
        scene_message,
    },
};

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TimeFormat {
    /// RFC 3339, for example `2026-01-01T08:00:00+08:00`.
    #[default]
    Rfc3339,
    /// Seconds since 1970 in UTC, with decimals or without.
    EpochSeconds,
}

/// What the columns of a file are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Columns {
    /// By field, the column that holds it; a field that is not named has its own name.
    #[serde(default, rename = "columns")]
    names: BTreeMap<String, String>,
    /// By field, a value that all events have.
    #[serde(default)]
    constants: BTreeMap<String, String>,
    /// How times are written.
    #[serde(default)]
    time_format: TimeFormat,
    /// What the label says of a fraud.
    #[serde(default)]
    fraud_labels: Option<Vec<String>>,
    /// Minor units in one of the amount as the file has it: 100 where it is written in yuan.
    #[serde(default)]
    minor_units: Option<f64>,
}

/// The fields that events are made of.
const FIELDS: [&str; 17] = [
    "request_id",
    "scene",
    "event_time",
    "utc_offset_minutes",
    "amount_minor",
    "currency",
    "account",
    "card",
    "device",
    "ip",
    "phone",
    "email",
    "address",
    "merchant",
    "terminal",
    "beneficiary",
    "label",
];

/// An event of a file.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Row {
    /// Its id.
    pub request_id: String,
    /// What happened.
    pub event: FraudEvent,
    /// The name of its scene.
    pub scene: String,
    /// When, in microseconds since 1970 in UTC.
    pub time_us: i64,
    /// Whether it is a fraud.
    pub fraud: bool,
}

/// The columns of a file that was opened: where each field stands.
pub(super) struct Reading {
    columns: Columns,
    places: BTreeMap<&'static str, usize>,
}

impl Columns {
    /// Reads what the columns are.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)?;
        let columns: Self =
            toml::from_str(&text).map_err(|error| Failure::new(format!("{}: {}", path.display(), error.message())))?;
        let fields = columns.names.keys().chain(columns.constants.keys());
        match fields.into_iter().find(|field| !FIELDS.contains(&field.as_str())) {
            None => Ok(columns),
            Some(field) => Err(Failure::new(format!(
                "{}: there is no field {field}; the fields are {}",
                path.display(),
                FIELDS.join(", ")
            ))),
        }
    }

    /// Finds the fields in a header.
    pub(super) fn find(self, header: &csv::StringRecord) -> Result<Reading, Failure> {
        let mut places = BTreeMap::new();
        for field in FIELDS {
            let column = self.names.get(field).map_or(field, String::as_str);
            match header.iter().position(|name| name == column) {
                Some(place) => {
                    places.insert(field, place);
                }
                None if self.names.contains_key(field) => {
                    return Err(Failure::new(format!("the file has no column {column}")));
                }
                None => {}
            }
        }
        for field in ["event_time", "label"] {
            if !places.contains_key(field) {
                let say = "name it with --columns FILE, in [columns]";
                return Err(Failure::new(format!("the file has no column {field}: {say}")));
            }
        }
        Ok(Reading { columns: self, places })
    }
}

impl Reading {
    /// Reads the `at`-th record.
    pub(super) fn row(&self, at: usize, record: &csv::StringRecord) -> Result<Row, Failure> {
        let wrong = |what: &str| Failure::new(format!("row {}: {what}", at + 1));
        let field = |name: &'static str| {
            let stored = self.places.get(name).and_then(|place| record.get(*place));
            stored.or_else(|| self.columns.constants.get(name).map(String::as_str)).unwrap_or_default()
        };
        let scene = if field("scene").is_empty() { "payment" } else { field("scene") };
        let known = Scene::parse(scene).map_err(|rule| wrong(&format!("scene {rule}")))?;
        let time = self.time(field("event_time")).ok_or_else(|| wrong("event_time cannot be read"))?;
        let amount = match field("amount_minor") {
            "" => None,
            text => Some(self.amount(text, field("currency")).ok_or_else(|| wrong("amount_minor cannot be read"))?),
        };
        let offset = match field("utc_offset_minutes") {
            "" => None,
            text => Some(text.parse().map_err(|_| wrong("utc_offset_minutes must be a whole number"))?),
        };
        let text = |name| field(name).to_owned();
        let label = field("label");
        let fraud = match &self.columns.fraud_labels {
            Some(labels) => labels.iter().any(|one| one == label),
            None => ["fraud", "1", "true"].contains(&label),
        };
        let request_id = if field("request_id").is_empty() { format!("row-{}", at + 1) } else { text("request_id") };
        let custom = matches!(known, Scene::Custom(_));
        Ok(Row {
            request_id,
            event: FraudEvent {
                scene: scene_message(&known) as i32,
                custom_scene: if custom { scene.to_owned() } else { String::new() },
                event_time: Some(prost_types::Timestamp {
                    seconds: time.div_euclid(1_000_000),
                    nanos: i32::try_from(time.rem_euclid(1_000_000) * 1_000)?,
                }),
                utc_offset_minutes: offset,
                amount,
                entities: Some(Entities {
                    account: text("account"),
                    card: text("card"),
                    device: text("device"),
                    ip: text("ip"),
                    phone: text("phone"),
                    email: text("email"),
                    address: text("address"),
                    merchant: text("merchant"),
                    terminal: text("terminal"),
                    beneficiary: text("beneficiary"),
                }),
                attributes: None,
            },
            scene: scene.to_owned(),
            time_us: time,
            fraud,
        })
    }

    #[allow(clippy::cast_possible_truncation, reason = "checked to be within the years that there are")]
    fn time(&self, text: &str) -> Option<i64> {
        match self.columns.time_format {
            TimeFormat::Rfc3339 => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond),
            TimeFormat::EpochSeconds => {
                let seconds: f64 = text.parse().ok()?;
                (seconds.abs() < 2.5e11).then(|| (seconds * 1e6).round() as i64)
            }
        }
    }

    /// The money; nothing when it cannot be read.
    #[allow(clippy::cast_possible_truncation, reason = "checked to be within what the server takes")]
    fn amount(&self, text: &str, currency: &str) -> Option<Money> {
        let amount_minor = match self.columns.minor_units {
            None => text.parse().ok()?,
            Some(units) => {
                let minor = text.parse::<f64>().ok()? * units;
                (minor.abs() < 9e15).then(|| minor.round() as i64)?
            }
        };
        let currency_code = if currency.is_empty() { "CNY".to_owned() } else { currency.to_owned() };
        Some(Money { currency_code, amount_minor })
    }
}
