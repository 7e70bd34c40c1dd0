//! Rows of a CSV file, with every cell that is wrong told by its line and column.

use std::{fs, path::Path};

use crate::{
    cli::{
        Failure,
        records::{Record, records},
    },
    rpc::proto::common::ItemError,
};

/// The most cells that are told of when they are wrong.
const MAX_TOLD: usize = 20;

/// The rows of a file.
pub(super) struct Rows<R> {
    header: Vec<String>,
    /// In the file's order.
    pub(super) rows: Vec<Row<R>>,
}

/// A row.
pub(super) struct Row<R> {
    /// The line that it begins on.
    pub(super) line: usize,
    /// The id of its report.
    pub(super) request_id: String,
    /// What is sent for it.
    pub(super) request: R,
    record: Vec<String>,
}

/// The cells of one row, and what is wrong with them.
pub(super) struct Cells<'a> {
    line: usize,
    header: &'a [String],
    record: &'a [String],
    faults: &'a mut Vec<String>,
}

impl Cells<'_> {
    /// The text of a column; empty when the cell is, or the file has no such column.
    pub(super) fn text(&self, column: &str) -> &str {
        self.header.iter().zip(self.record).find(|(name, _)| *name == column).map_or("", |(_, text)| text)
    }

    /// The value of a column; nothing when its cell is empty, or is wrong, which is noted.
    pub(super) fn take<T>(&mut self, column: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let value = read(text);
        value.map_err(|rule| self.wrong(column, &rule)).ok()
    }

    /// The value of a column that must have one.
    pub(super) fn require<T>(&mut self, column: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if self.text(column).is_empty() {
            self.wrong(column, "is required");
        }
        self.take(column, read)
    }

    /// Notes that a cell is wrong.
    pub(super) fn wrong(&mut self, column: &str, rule: &str) {
        self.faults.push(format!("  line {}, {column}: {rule}", self.line));
    }

    /// The line of the row.
    pub(super) fn line(&self) -> usize {
        self.line
    }
}

/// Reads a file whose columns are among these; those with a true must be there. `make` makes a request of a row, with its id.
pub(super) fn read<R>(
    path: &Path,
    columns: &[(&str, bool)],
    mut make: impl FnMut(&mut Cells) -> Option<(String, R)>,
) -> Result<Rows<R>, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| Failure::new(format!("cannot read {shown}: {error}")))?;
    let mut read = records(&text).map_err(|wrong| Failure::new(format!("{shown}: {wrong}")))?.into_iter().map(trimmed);
    let (_, header) = read.next().ok_or_else(|| Failure::new(format!("{shown} is empty")))?;
    check_header(&header, columns).map_err(|wrong| Failure::new(format!("{shown} {wrong}")))?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (line, record) in read {
        if record.len() != header.len() {
            faults.push(format!("  line {line}: has {} cells, and the header {}", record.len(), header.len()));
            continue;
        }
        let before = faults.len();
        let request = make(&mut Cells { line, header: &header, record: &record, faults: &mut faults });
        if let Some((request_id, request)) = request.filter(|_| faults.len() == before) {
            rows.push(Row { line, request_id, request, record });
        }
    }
    if faults.is_empty() {
        return if rows.is_empty() {
            Err(Failure::new(format!("{shown} has no rows")))
        } else {
            Ok(Rows { header, rows })
        };
    }
    let more = match faults.len().saturating_sub(MAX_TOLD) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    faults.truncate(MAX_TOLD);
    Err(Failure::new(format!("{shown} is wrong, and nothing of it was sent:\n{}{more}", faults.join("\n"))))
}

fn trimmed((line, cells): Record) -> Record {
    (line, cells.iter().map(|cell| cell.trim().to_owned()).collect())
}

fn check_header(header: &[String], columns: &[(&str, bool)]) -> Result<(), String> {
    let known = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    for (at, name) in header.iter().enumerate() {
        if !columns.iter().any(|(known, _)| *known == name) {
            return Err(format!("has a column {name:?}: the columns are {known}"));
        }
        if header.iter().take(at).any(|before| before == name) {
            return Err(format!("has the column {name} twice"));
        }
    }
    match columns.iter().find(|(name, required)| *required && !header.iter().any(|one| one == *name)) {
        Some((name, _)) => Err(format!("has no column {name}: the columns are {known}")),
        None => Ok(()),
    }
}

impl<R> Rows<R> {
    /// Writes the rows that were refused, each with its line and reason. A file without rows says that none was.
    pub(super) fn write_refused(&self, path: &Path, refused: &[(usize, ItemError)]) -> Result<(), Failure> {
        let cannot = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write {}: {error}", path.display()));
        let mut file = csv::Writer::from_path(path).map_err(|error| cannot(&error))?;
        let header = self.header.iter().map(String::as_str).chain(["line", "reason", "message"]);
        file.write_record(header).map_err(|error| cannot(&error))?;
        for (line, error) in refused {
            let Some(row) = self.rows.iter().find(|row| row.line == *line) else { continue };
            let (line, sentence) = (line.to_string(), sentence(error));
            let cells = row.record.iter().map(String::as_str).chain([line.as_str(), &error.reason, &sentence]);
            file.write_record(cells).map_err(|error| cannot(&error))?;
        }
        file.flush().map_err(|error| cannot(&error))
    }
}

/// What a refusal says, with every field that it names.
pub(super) fn sentence(error: &ItemError) -> String {
    let fields: Vec<String> = error.violations.iter().map(|one| format!("{} {}", one.field, one.description)).collect();
    if fields.is_empty() { error.message.clone() } else { format!("{}: {}", error.message, fields.join("; ")) }
}

/// A yes or a no.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// One of the names of an enum of the contract, without its prefix: `overridden-approved` is `PREFIX_OVERRIDDEN_APPROVED`.
pub(super) fn named<E>(text: &str, prefix: &str, names: &[&str], find: fn(&str) -> Option<E>) -> Result<E, String> {
    let name = text.to_ascii_lowercase().replace('-', "_");
    let known = names.contains(&name.as_str()).then(|| find(&format!("{prefix}{}", name.to_ascii_uppercase())));
    known.flatten().ok_or_else(|| format!("must be {}", names.join(", ")))
}

/// Rows that were never in a file.
#[cfg(test)]
pub(super) fn rows_of<R>(count: usize, make: impl Fn(usize) -> (String, R)) -> Vec<Row<R>> {
    let row = |line| {
        let (request_id, request) = make(line);
        Row { line, request_id, request, record: Vec::new() }
    };
    (0..count).map(row).collect()
}
