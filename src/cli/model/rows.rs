//! Reference rows: features with the prediction that the training library gives for them, as CSV or JSON.

use std::{collections::HashMap, fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Failure;
use crate::domain::{
    features::{FeatureValue, Features},
    model::{FeatureKind, FeatureSpec},
};

/// The column of a CSV file that is no feature.
const EXPECTED: &str = "expected";

/// Features and the expected prediction.
pub(in crate::cli) type Row = (Features, f64);

/// Reads rows: JSON when the file's name says so, CSV otherwise.
pub(super) fn read(path: &Path, features: &[FeatureSpec]) -> Result<Vec<Row>, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the reference rows {}: {error}", path.display())))?;
    let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let rows = if json { from_json(&text) } else { from_csv(&text, features) };
    rows.map_err(|wrong| Failure::new(format!("{}: {wrong}", path.display())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRow {
    features: Map<String, Value>,
    expected: f64,
}

/// A list of `{"features": {...}, "expected": 0.5}`; null is missing.
fn from_json(text: &str) -> Result<Vec<Row>, String> {
    let rows: Vec<JsonRow> = serde_json::from_str(text)
        .map_err(|error| format!("must be a list of {{\"features\": {{...}}, \"expected\": 0.5}}: {error}"))?;
    let mut read = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let mut features = Features::default();
        for (name, value) in row.features {
            let value = match value {
                Value::Null => continue,
                Value::Number(number) => FeatureValue::Number(number.as_f64().unwrap_or(f64::NAN)),
                Value::String(text) => FeatureValue::Text(text),
                Value::Bool(flag) => FeatureValue::Flag(flag),
                Value::Array(_) | Value::Object(_) => {
                    return Err(format!("row {}, {name}: must be a number, a text, true or false", at + 1));
                }
            };
            features.insert(&name, value).map_err(|rule| format!("row {}, {name}: {rule}", at + 1))?;
        }
        read.push((features, row.expected));
    }
    Ok(read)
}

/// A header with the features' names and `expected`, then a line for each row; an empty cell is missing.
pub(in crate::cli) fn from_csv(text: &str, features: &[FeatureSpec]) -> Result<Vec<Row>, String> {
    let kinds: HashMap<&str, FeatureKind> = features.iter().map(|one| (one.name.as_str(), one.kind)).collect();
    let mut records = records(text)?.into_iter();
    let (_, header) = records.next().ok_or("is empty: the first line must name the features and `expected`")?;
    let mut columns = Vec::with_capacity(header.len());
    for name in &header {
        let kind = kinds.get(name.as_str()).copied();
        if kind.is_none() && name != EXPECTED {
            return Err(format!("column {name:?} is no feature of the model, nor `expected`"));
        }
        columns.push((name.as_str(), kind));
    }
    if !header.iter().any(|name| name == EXPECTED) {
        return Err("has no column `expected`, with what the training library predicts".to_owned());
    }
    let mut rows = Vec::new();
    for (line, cells) in records {
        if cells.len() != columns.len() {
            return Err(format!("line {line} has {} cells, and the header {}", cells.len(), columns.len()));
        }
        let (mut features, mut expected) = (Features::default(), None);
        for ((name, kind), text) in columns.iter().zip(&cells) {
            let set = match kind {
                None => text.parse().map(|number| expected = Some(number)).map_err(|_| "must be a number".to_owned()),
                Some(_) if text.is_empty() => Ok(()),
                Some(kind) => value(*kind, text).and_then(|value| features.insert(name, value)),
            };
            set.map_err(|rule| format!("line {line}, {name}: {rule}"))?;
        }
        rows.push((features, expected.unwrap_or(f64::NAN)));
    }
    Ok(rows)
}

fn value(kind: FeatureKind, text: &str) -> Result<FeatureValue, String> {
    match (kind, text.to_ascii_lowercase().as_str()) {
        (FeatureKind::Category, _) => Ok(FeatureValue::Text(text.to_owned())),
        (FeatureKind::Number, _) => {
            text.parse().map(FeatureValue::Number).map_err(|_| "must be a number, or empty for missing".to_owned())
        }
        (FeatureKind::Flag, "true" | "1") => Ok(FeatureValue::Flag(true)),
        (FeatureKind::Flag, "false" | "0") => Ok(FeatureValue::Flag(false)),
        (FeatureKind::Flag, _) => Err("must be true or false, or empty for missing".to_owned()),
    }
}

/// The records of a CSV text with the lines that they begin on (RFC 4180): cells may be quoted, and may then hold commas,
/// line breaks and doubled quotes. Empty lines are passed over.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let (mut records, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun, mut quoted) = (1, 1, false);
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(one) = characters.next() {
        line += usize::from(one == '\n');
        match one {
            '"' if quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                end_record(&mut records, begun, &mut cells);
                begun = line;
            }
            other => cell.push(other),
        }
    }
    if quoted {
        return Err(format!("line {begun}: a quote is not closed"));
    }
    cells.push(cell);
    end_record(&mut records, begun, &mut cells);
    Ok(records)
}

fn end_record(records: &mut Vec<(usize, Vec<String>)>, begun: usize, cells: &mut Vec<String>) {
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.is_empty()) {
        records.push((begun, cells));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, kind: &str) -> FeatureSpec {
        toml::from_str(&format!("name = '{name}'\nkind = '{kind}'")).unwrap()
    }

    fn schema() -> [FeatureSpec; 3] {
        [spec("age", "number"), spec("job", "category"), spec("owner", "flag")]
    }

    #[test]
    fn csv_cells_become_values_of_their_features() {
        let text = "job,age,owner,expected\r\n\"self, \"\"own\"\"\",41.5,true,0.25\r\n\r\n,,0,1e-3\r\n";
        let rows = from_csv(text, &schema()).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].0.get("job"), Some(&FeatureValue::Text("self, \"own\"".to_owned())));
        assert_eq!(rows[0].0.get("age"), Some(&FeatureValue::Number(41.5)));
        assert_eq!((rows[0].1, rows[1].1), (0.25, 0.001));
        assert_eq!((rows[1].0.get("job"), rows[1].0.get("owner")), (None, Some(&FeatureValue::Flag(false))));
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        for (text, expected) in [
            ("", "is empty"),
            ("age,expected\nold,0.1\n", "line 2, age: must be a number"),
            ("age,expected\n\n41\n", "line 3 has 1 cells, and the header 2"),
            ("age\n41\n", "no column `expected`"),
            ("age,height,expected\n", "column \"height\" is no feature"),
            ("age,expected\n41,\n", "line 2, expected: must be a number"),
            ("age,expected\n\"41,0.1\n", "a quote is not closed"),
            ("owner,expected\nmaybe,0.1\n", "line 2, owner: must be true or false"),
        ] {
            let wrong = from_csv(text, &schema()).unwrap_err();
            assert!(wrong.contains(expected), "{text:?}: {wrong}");
        }
    }

    #[test]
    fn json_rows_say_the_same() {
        let text = r#"[{"features": {"age": 41.5, "job": null, "owner": true}, "expected": 0.25}]"#;
        let rows = from_json(text).unwrap();
        assert_eq!(rows, from_csv("age,owner,expected\n41.5,true,0.25", &schema()).unwrap());
        assert!(from_json(r#"[{"features": {"age": [1]}, "expected": 1}]"#).unwrap_err().contains("row 1, age"));
        assert!(from_json(r#"{"rows": []}"#).is_err());
    }
}
