//! Values to put on a list or to take off: of the command line or a file.

use std::{fs, io, path::PathBuf};

use prost_types::Timestamp;

use crate::{
    cli::{Failure, time::future},
    domain::fraud::{EntityKind, list_entry},
};

/// The most faults of a file that are told.
const MAX_TOLD: usize = 10;

/// Where values come from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct Values {
    /// Values, as they stand in events
    #[arg(value_name = "VALUE")]
    values: Vec<String>,
    /// A file of values; - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A value, where it came from, and when it stops to count.
pub(super) struct Entry {
    /// Its line in the file, or the value itself.
    place: String,
    /// The value.
    pub(super) value: String,
    /// When it stops to count, where the file says so.
    pub(super) expires: Option<Timestamp>,
}

impl Values {
    /// All values, in order.
    pub(super) fn read(self) -> Result<Vec<Entry>, Failure> {
        let place = |value: &str| format!("{value:?}");
        let given = self.values.into_iter().map(|value| Entry { place: place(&value), value, expires: None });
        let mut entries: Vec<Entry> = given.collect();
        if let Some(path) = self.file {
            let name = path.display().to_string();
            let cannot = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
            let text = if name == "-" { io::read_to_string(io::stdin()) } else { fs::read_to_string(&path) };
            entries.extend(of_file(&text.map_err(cannot)?).map_err(|wrong| Failure::new(format!("{name}, {wrong}")))?);
        }
        if entries.is_empty() { Err(Failure::new("there is no value to send")) } else { Ok(entries) }
    }
}

fn of_file(text: &str) -> Result<Vec<Entry>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true).trim(csv::Trim::All);
    let mut entries = Vec::new();
    for record in reader.from_reader(text.as_bytes()).records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, |position| line(text, position));
        let value = record.get(0).unwrap_or_default().to_owned();
        if (line == 1 && value == "value") || (value.is_empty() && record.len() < 2) {
            continue;
        }
        let expires = match record.get(1) {
            None | Some("") => None,
            Some(text) => Some(future(text).map_err(|rule| format!("line {line}: the expiry {rule}"))?),
        };
        if record.len() > 2 {
            return Err(format!("line {line}: expected value,expiry; a value with a comma stands in \"quotes\""));
        }
        entries.push(Entry { place: format!("line {line}"), value, expires });
    }
    Ok(entries)
}

/// The line of a record. Its position is that of the empty lines before it, if there are any.
fn line(text: &str, position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or_default();
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    position.line() + u64::try_from(empty).unwrap_or_default()
}

/// Looks at all values by the rule of the list's kind.
pub(super) fn look_at(kind: EntityKind, entries: &[Entry]) -> Result<(), Failure> {
    let rule = |value: &str| list_entry(kind, value).err();
    let wrong: Vec<String> =
        entries.iter().filter_map(|one| Some(format!("  {}: {}", one.place, rule(&one.value)?))).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let more = wrong.len().saturating_sub(MAX_TOLD);
    let more = if more == 0 { String::new() } else { format!("\n  and {more} more") };
    let told: Vec<&str> = wrong.iter().take(MAX_TOLD).map(String::as_str).collect();
    Err(Failure::new(format!(
        "nothing was sent, for the list holds values of the kind {}:\n{}{more}",
        kind.name(),
        told.join("\n")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_values_and_perhaps_expiries() {
        let file = "value,expiry\ntok-1,2130-01-01\ntok-2,\ntok-3\n\n\"1 High Street, York\"\n";
        for text in [file.to_owned(), file.replace('\n', "\r\n"), format!("\u{feff}{file}")] {
            let entries = of_file(&text).unwrap();
            let values: Vec<_> = entries.iter().map(|one| (one.value.as_str(), one.expires.is_some())).collect();
            assert_eq!(values, [("tok-1", true), ("tok-2", false), ("tok-3", false), ("1 High Street, York", false)]);
            let places: Vec<_> = entries.iter().map(|one| one.place.as_str()).collect();
            assert_eq!(places, ["line 2", "line 3", "line 4", "line 6"], "{text:?}");
        }
        for (text, expected) in
            [("tok-1,soon\n", "line 1: the expiry must be"), ("a\n1 High Street, York, UK\n", "line 2")]
        {
            assert!(of_file(text).err().is_some_and(|wrong| wrong.contains(expected)), "{text}");
        }
    }
}
