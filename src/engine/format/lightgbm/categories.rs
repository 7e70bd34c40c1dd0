//! The texts of categories, which the Python package writes behind the model as JSON: a list for each column that was of
//! a categorical type in pandas, in the order of the columns. A row has a category as its place in its list.

use super::Lines;
use crate::engine::{LoadError, parsed::Input};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, SeqAccess, Visitor},
};
use std::fmt;

const KEY: &str = "pandas_categorical";

/// Gives the categorical inputs their texts. Without any, whoever trained the model had numbers for categories.
pub(super) fn attach(lines: &Lines<'_>, categorical: &[usize], inputs: &mut [Input]) -> Result<(), LoadError> {
    let Some(json) = lines.last_value(KEY, ":") else { return Ok(()) };
    let malformed = |_| LoadError::rule(KEY, "must be a JSON list of lists of texts, numbers or flags");
    // Vectors of what is ignored count without taking memory; the counts then say how much to take.
    let outer: Option<Vec<IgnoredAny>> = serde_json::from_str(json).map_err(malformed)?;
    let outer = outer.map_or(0, |lists| lists.len());
    if outer == 0 {
        return Ok(());
    }
    let categorical = columns(lines, outer, categorical, inputs.len())?;
    let lengths: Vec<Vec<IgnoredAny>> = serde_json::from_str(json).map_err(malformed)?;
    let mut lists = Vec::with_capacity(outer);
    let mut reader = serde_json::Deserializer::from_str(json);
    let lengths: Vec<usize> = lengths.iter().map(Vec::len).collect();
    reader.deserialize_seq(Lists { lengths: &lengths, into: &mut lists }).map_err(malformed)?;
    for (at, list) in categorical.iter().zip(lists) {
        inputs[*at].categories = Some(list);
    }
    Ok(())
}

/// The inputs that the lists belong to. The parameters name them when the lists come from pandas' types; `categorical`,
/// which the header tells, leaves out those that no split could use.
fn columns(lines: &Lines<'_>, lists: usize, categorical: &[usize], inputs: usize) -> Result<Vec<usize>, LoadError> {
    let named = lines.last_value("[categorical_feature", ": ").and_then(|value| value.strip_suffix(']'));
    let named =
        named.unwrap_or_default().split(',').take(inputs + 1).map(|at| at.parse().ok().filter(|at| *at < inputs));
    let named: Option<Vec<usize>> = named.collect();
    let rising = |named: &Vec<usize>| named.len() == lists && named.windows(2).all(|pair| pair[0] < pair[1]);
    if let Some(named) = named.filter(rising) {
        return Ok(named);
    }
    if lists != categorical.len() {
        return Err(LoadError::rule(KEY, "must have one list for each categorical feature"));
    }
    Ok(categorical.to_vec())
}

impl<'a> Lines<'a> {
    /// The value of the last line that begins with a key and what stands between it and the value.
    fn last_value(&self, key: &str, between: &str) -> Option<&'a str> {
        self.clone().filter_map(|line| line.strip_prefix(key)?.strip_prefix(between)).last()
    }
}

/// Reads lists whose lengths are known.
struct Lists<'a> {
    lengths: &'a [usize],
    into: &'a mut Vec<Vec<String>>,
}

impl<'de> Visitor<'de> for Lists<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list of lists")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lists: A) -> Result<(), A::Error> {
        for length in self.lengths {
            let list = lists.next_element_seed(List(*length))?;
            self.into.push(list.unwrap_or_default());
        }
        lists.next_element::<IgnoredAny>().map(|_| ())
    }
}

/// Reads a list of so many categories.
struct List(usize);

impl<'de> DeserializeSeed<'de> for List {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<String>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Vec<String>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list of categories")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut categories: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::with_capacity(self.0);
        while let Some(text) = categories.next_element_seed(Text)? {
            texts.push(text);
        }
        Ok(texts)
    }
}

/// Reads one category as text: a number or flag as JSON has it, so 1.0 is `1.0` and 1 is `1`.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_any(self)
    }
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a text, number or flag")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        Ok(format!("{number:?}"))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<String, E> {
        Ok(flag.to_string())
    }
}
