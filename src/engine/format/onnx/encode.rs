//! The operators that prepare columns: scalers, imputers, encoders and bins.

use super::{
    graph::Operator,
    lower::Lowering,
    tensor::double,
    value::{Element, Table, Value},
    wire::text,
};
use crate::engine::{
    LoadError,
    columns::{self, Step},
};
use std::{rc::Rc, sync::Arc};

/// Computes the output of an operator on a table.
pub fn compute<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
    rest: &[Value],
) -> Result<(), LoadError> {
    if table.deep || (table.element == Element::Text) && !["OneHotEncoder", "LabelEncoder"].contains(&operator.kind) {
        return Err(operator.unsupported(" on these tensors"));
    }
    let table = match (operator.kind, rest) {
        ("Scaler", []) => scaler(lowering, operator, table)?,
        ("Imputer", []) => imputer(lowering, operator, table)?,
        ("OneHotEncoder", []) => one_hot(lowering, operator, table)?,
        ("LabelEncoder", []) => labels(lowering, operator, table)?,
        ("Less", [Value::Constant(thresholds)]) => less(lowering, operator, table, &thresholds.values)?,
        ("ArgMax", []) => first_reached(lowering, operator, table)?,
        _ => return Err(operator.unsupported("")),
    };
    lowering.set(operator, 0, Value::Table(table));
    Ok(())
}

/// One of a list of one for all columns or one for each.
fn of_column(
    operator: &Operator<'_>,
    list: &[f64],
    columns: usize,
) -> Result<impl Fn(usize) -> f64 + use<>, LoadError> {
    if list.len() != 1 && list.len() != columns {
        return Err(operator.rule("its lists must have one number, or one for each column"));
    }
    if list.iter().any(|value| !value.is_finite()) {
        return Err(operator.rule("its numbers must be finite"));
    }
    let list = list.to_vec();
    Ok(move |at: usize| list[if list.len() == 1 { 0 } else { at }])
}

fn scaler<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, table: &Table) -> Result<Table, LoadError> {
    let offset = of_column(operator, &operator.floats("offset")?, table.places.len())?;
    let factor = of_column(operator, &operator.floats("scale")?, table.places.len())?;
    let places = lowering.derive(&table.places, |at| Step::Scale { offset: offset(at), factor: factor(at) })?;
    Ok(Table { places, element: Element::Single, deep: false })
}

fn imputer<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, table: &Table) -> Result<Table, LoadError> {
    let whole = operator.has("imputed_value_int64s");
    let imputed = if whole {
        operator.integers("imputed_value_int64s", double)?
    } else {
        operator.floats("imputed_value_floats")?
    };
    let imputed = of_column(operator, &imputed, table.places.len())?;
    let replaced = if whole {
        double(operator.integer("replaced_value_int64", 0)?)
    } else {
        operator.float("replaced_value_float")?.unwrap_or_default()
    };
    let places = lowering.derive(&table.places, |at| match replaced {
        missing if missing.is_nan() => Step::Impute(imputed(at)),
        value => Step::Replace(value, imputed(at)),
    })?;
    Ok(Table { places, ..table.clone() })
}

/// An unknown category has no 1: also where the file says that it is an error, as what a row may hold is checked before.
fn one_hot<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, table: &Table) -> Result<Table, LoadError> {
    let texts = operator.texts("cats_strings")?;
    let codes = operator.integers("cats_int64s", double)?;
    if (table.element == Element::Text) == texts.is_empty() || texts.is_empty() == codes.is_empty() {
        return Err(operator.rule("its categories must be of the type of its input"));
    }
    let mut places = Vec::new();
    for place in &*table.places {
        let known = if texts.is_empty() { codes.clone() } else { categories(lowering, operator, *place, &texts)? };
        let from = match table.element {
            Element::Single | Element::Double => lowering.derive(&[*place], |_| Step::Truncate)?[0],
            Element::Whole | Element::Text => *place,
        };
        lowering.charge(known.len())?;
        places.reserve_exact(known.len());
        places.extend(known.into_iter().map(|code| lowering.columns.derive(from, Step::Equals(code))));
    }
    Ok(Table { deep: table.places.len() > 1, places: places.into(), element: Element::Single })
}

/// Makes texts categories of an input of texts, and gives their codes.
fn categories<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    place: u32,
    texts: &[&'a [u8]],
) -> Result<Vec<f64>, LoadError> {
    let at = place as usize;
    let (Some(input), Some(sorted)) = (lowering.inputs.get_mut(at), lowering.sorted.get_mut(at)) else {
        return Err(operator.unsupported(" on these texts"));
    };
    let known = input.categories.get_or_insert_default();
    let before = sorted.len();
    let mut codes = Vec::with_capacity(texts.len());
    for one in texts {
        let found = sorted[..before].binary_search_by(|code| known[*code as usize].as_bytes().cmp(one));
        let code = found.map(|found| sorted[found]).or_else(|_| {
            known.push(text(one)?.to_owned());
            sorted.push(u32::try_from(known.len() - 1).unwrap_or(u32::MAX));
            Ok::<_, LoadError>(sorted[sorted.len() - 1])
        })?;
        codes.push(f64::from(code));
    }
    sorted.sort_unstable_by(|one, other| known[*one as usize].cmp(&known[*other as usize]));
    if sorted.windows(2).any(|pair| known[pair[0] as usize] == known[pair[1] as usize]) {
        return Err(operator.rule("a category is there twice"));
    }
    let work = known.len();
    lowering.charge(work)?;
    Ok(codes)
}

fn labels<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, table: &Table) -> Result<Table, LoadError> {
    let whole = operator.has("values_int64s");
    let values = if whole { operator.integers("values_int64s", double)? } else { operator.floats("values_floats")? };
    let other = if whole {
        double(operator.integer("default_int64", -1)?)
    } else {
        operator.float("default_float")?.unwrap_or_default()
    };
    let texts = operator.texts("keys_strings")?;
    let numbers = if operator.has("keys_int64s") {
        operator.integers("keys_int64s", double)?
    } else {
        operator.floats("keys_floats")?
    };
    if (table.element == Element::Text) == texts.is_empty() || texts.is_empty() == numbers.is_empty() {
        return Err(operator.unsupported(" with these keys"));
    }
    let mut places = Vec::with_capacity(table.places.len());
    for place in &*table.places {
        lowering.charge(values.len())?;
        let keys = if texts.is_empty() { numbers.clone() } else { categories(lowering, operator, *place, &texts)? };
        if keys.len() != values.len() {
            return Err(operator.rule("it must have a value for each key"));
        }
        let mut pairs: Vec<(f64, f64)> = keys.into_iter().zip(values.iter().copied()).collect();
        let missing = pairs.iter().find(|(key, _)| key.is_nan()).map_or(other, |(_, value)| *value);
        pairs.retain(|(key, _)| !key.is_nan());
        for (key, _) in &mut pairs {
            // -0 and 0 are one key.
            *key += 0.0;
        }
        pairs.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        if pairs.windows(2).any(|pair| pair[0].0.total_cmp(&pair[1].0).is_eq()) {
            return Err(operator.rule("a key is there twice"));
        }
        let map = Step::Map(Arc::new(columns::Table { pairs, missing, other }));
        places.push(lowering.columns.derive(*place, map));
    }
    lowering.charge(places.len())?;
    Ok(Table { places: places.into(), element: if whole { Element::Whole } else { Element::Single }, deep: false })
}

/// One column against thresholds: a column of truths for each.
fn less<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
    thresholds: &[f64],
) -> Result<Table, LoadError> {
    let [place] = *table.places else { return Err(operator.unsupported(" on several columns")) };
    let places = lowering.derive(&vec![place; thresholds.len()], |at| Step::Less(thresholds[at]))?;
    Ok(Table { places, element: Element::Whole, deep: false })
}

/// The discretiser's form: of truths "less than" with ascending thresholds and a last column of 1, the first that is true.
fn first_reached<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, table: &Table) -> Result<Table, LoadError> {
    let unsupported = || operator.unsupported(" that is not a discretiser's");
    if operator.integer("axis", 0)? != 1 || operator.integer("select_last_index", 0)? != 0 {
        return Err(unsupported());
    }
    let (last, truths) = table.places.split_last().ok_or_else(unsupported)?;
    let found = truths.iter().map(|place| match lowering.columns.step(*place) {
        Some((from, Step::Less(threshold))) => Some((from, *threshold)),
        _ => None,
    });
    let found: Vec<(u32, f64)> = found.collect::<Option<_>>().ok_or_else(unsupported)?;
    let from = found.first().ok_or_else(unsupported)?.0;
    let ascending = found.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 <= pair[1].1);
    // The column of ones is the value times 0 plus 1.
    let one = matches!(lowering.columns.step(*last), Some((zero, Step::Affine { factor: 1.0, term: 1.0 }))
        if matches!(lowering.columns.step(zero), Some((_, Step::Affine { factor: 0.0, term: 0.0 }))));
    if !ascending || !one {
        return Err(unsupported());
    }
    lowering.charge(found.len())?;
    let thresholds: Arc<[f64]> = found.iter().map(|(_, threshold)| *threshold).collect();
    let places = Rc::from([lowering.columns.derive(from, Step::Bin(thresholds))]);
    Ok(Table { places, element: Element::Whole, deep: false })
}
