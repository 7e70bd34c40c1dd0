//! Simulated events as lines of CSV.

use std::io::Write;

use csv::Writer;
use jiff::Timestamp;

use super::event::SimulatedEvent;
use crate::cli::Failure;

/// The columns. `event_time` is RFC 3339 in UTC with microseconds, `label` is `fraud` or `genuine`, `pattern` is empty where
/// genuine, and `known_after_hours` tells how long after the event it becomes known by nature what it was.
pub const COLUMNS: [&str; 19] = [
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
    "pattern",
    "known_after_hours",
];

/// An hour, in microseconds.
const HOUR_US: i64 = 3_600_000_000;

/// Writes simulated events, the names of the columns first.
pub struct EventWriter<W: Write>(Writer<W>);

impl<W: Write> EventWriter<W> {
    /// Begins with the names of the columns.
    ///
    /// # Errors
    /// One line, when they cannot be written.
    pub fn new(to: W) -> Result<Self, Failure> {
        let mut writer = Writer::from_writer(to);
        writer.write_record(COLUMNS)?;
        Ok(Self(writer))
    }

    /// Writes an event as a line.
    ///
    /// # Errors
    /// One line, when it cannot be written, or its time is no time.
    pub fn write(&mut self, event: &SimulatedEvent) -> Result<(), Failure> {
        let time = format!("{:.6}", Timestamp::from_microsecond(event.time_us)?);
        let amount = event.amount_minor.map(|minor| minor.to_string());
        let hours = (event.label_known_after_us / HOUR_US).to_string();
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        self.0.write_record([
            event.request_id.clone(),
            event.scene.to_string(),
            time,
            event.utc_offset_minutes.to_string(),
            amount.unwrap_or_default(),
            event.currency.unwrap_or_default().to_owned(),
            text(&event.account),
            text(&event.card),
            text(&event.device),
            text(&event.ip),
            text(&event.phone),
            text(&event.email),
            text(&event.address),
            text(&event.merchant),
            text(&event.terminal),
            text(&event.beneficiary),
            if event.fraud.is_some() { "fraud" } else { "genuine" }.to_owned(),
            event.fraud.map_or("", |pattern| pattern.name()).to_owned(),
            hours,
        ])?;
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// One line, when it cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}
