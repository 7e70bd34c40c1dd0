//! Rows of features: reference rows, with the prediction that the training library gives for them, as CSV or JSON; and the rows
//! of training, as CSV.

use std::{collections::HashMap, fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Failure;
use crate::{
    cli::records::{Record, records},
    domain::{
        features::{FeatureValue, Features},
        model::{FeatureKind, FeatureSpec},
    },
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
    let (header, records) = table(text)?;
    let columns = columns(&header, features);
    if let Some((name, _)) = columns.iter().find(|(name, kind)| kind.is_none() && *name != EXPECTED) {
        return Err(format!("column {name:?} is no feature of the model, nor `expected`"));
    }
    if !header.iter().any(|name| name == EXPECTED) {
        return Err("has no column `expected`, with what the training library predicts".to_owned());
    }
    let mut rows = Vec::new();
    for (line, cells) in records {
        let features = features_of(line, &columns, &cells)?;
        let mut expected = f64::NAN;
        for (_, text) in columns.iter().zip(&cells).filter(|((name, _), _)| *name == EXPECTED) {
            expected = text.parse().map_err(|_| format!("line {line}, {EXPECTED}: must be a number"))?;
        }
        rows.push((features, expected));
    }
    Ok(rows)
}

/// The rows that a model was trained on.
pub(super) struct TrainingRows {
    /// Features, each with its line in the file.
    pub(super) rows: Vec<(usize, Features)>,
    /// The columns that are no features of the model.
    pub(super) passed_over: Vec<String>,
}

/// Reads the rows that a model was trained on: a header that names every feature, then a line for each row.
pub(super) fn read_training(path: &Path, features: &[FeatureSpec]) -> Result<TrainingRows, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the training rows {}: {error}", path.display())))?;
    training(&text, features).map_err(|wrong| Failure::new(format!("{}: {wrong}", path.display())))
}

fn training(text: &str, features: &[FeatureSpec]) -> Result<TrainingRows, String> {
    let (header, records) = table(text)?;
    let absent: Vec<&str> =
        features.iter().map(|one| one.name.as_str()).filter(|name| !header.iter().any(|one| one == name)).collect();
    if !absent.is_empty() {
        return Err(format!("has no column for {}", absent.join(", ")));
    }
    let columns = columns(&header, features);
    let passed_over = columns.iter().filter(|(_, kind)| kind.is_none()).map(|(name, _)| (*name).to_owned()).collect();
    let rows = records.into_iter().map(|(line, cells)| Ok((line, features_of(line, &columns, &cells)?)));
    let rows = rows.collect::<Result<Vec<_>, String>>()?;
    if rows.is_empty() { Err("has no rows".to_owned()) } else { Ok(TrainingRows { rows, passed_over }) }
}

/// The header, and the records after it.
fn table(text: &str) -> Result<(Vec<String>, Vec<Record>), String> {
    let mut records = records(text)?;
    if records.is_empty() {
        return Err("is empty: the first line must name the columns".to_owned());
    }
    let (_, header) = records.remove(0);
    Ok((header, records))
}

/// The columns by name, with the kind of those that are features.
fn columns<'a>(header: &'a [String], features: &[FeatureSpec]) -> Vec<(&'a str, Option<FeatureKind>)> {
    let kinds: HashMap<&str, FeatureKind> = features.iter().map(|one| (one.name.as_str(), one.kind)).collect();
    header.iter().map(|name| (name.as_str(), kinds.get(name.as_str()).copied())).collect()
}

/// The features of a line.
fn features_of(line: usize, columns: &[(&str, Option<FeatureKind>)], cells: &[String]) -> Result<Features, String> {
    if cells.len() != columns.len() {
        return Err(format!("line {line} has {} cells, and the header {}", cells.len(), columns.len()));
    }
    let mut features = Features::default();
    for ((name, kind), text) in columns.iter().zip(cells).filter(|(_, text)| !text.is_empty()) {
        let Some(kind) = kind else { continue };
        value(*kind, text)
            .and_then(|value| features.insert(name, value))
            .map_err(|rule| format!("line {line}, {name}: {rule}"))?;
    }
    Ok(features)
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
    fn training_rows_have_every_feature_and_may_have_more() {
        let read = training("job,id,age,owner\nself,7,41,\n\n,8,,1\n", &schema()).unwrap();
        assert_eq!(read.passed_over, ["id"]);
        assert_eq!(read.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(read.rows[0].1.get("age"), Some(&FeatureValue::Number(41.0)));
        assert_eq!(read.rows[1].1.get("job"), None);
        for (text, expected) in [
            ("age,owner\n41,1\n", "has no column for job"),
            ("job,age,owner\n", "has no rows"),
            ("job,age,owner\nself,old,1\n", "line 2, age: must be a number"),
            ("job,age,owner\nself,41\n", "line 2 has 2 cells"),
        ] {
            let wrong = training(text, &schema()).err().unwrap();
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
