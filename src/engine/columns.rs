//! Columns derived from the inputs of a row: scaled, imputed, one-hot and so on.
//!
//! Each column is a function of ONE input. That is what keeps the contributions exact: those of an input are the sum of
//! those of its columns.

use std::sync::Arc;

/// What turns one number into another.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// value x factor + term.
    Affine {
        /// What the value is multiplied by.
        factor: f64,
        /// What is then added.
        term: f64,
    },
    /// (value - offset) x factor: a scaler's form, kept because a large offset loses digits in the affine form.
    Scale {
        /// What is taken off.
        offset: f64,
        /// What the rest is multiplied by.
        factor: f64,
    },
    /// value / divisor.
    Divide(f64),
    /// A missing value becomes this one.
    Impute(f64),
    /// The first value becomes the second.
    Replace(f64, f64),
    /// 1 when the value is this one, else 0.
    Equals(f64),
    /// 1 when the value is less than this one, else 0.
    Less(f64),
    /// The value when it is whole, else -1: a code, or none.
    Code,
    /// The value without its fraction.
    Truncate,
    /// The value as the nearest 32-bit float.
    Single,
    /// What a table says for the value.
    Map(Arc<Table>),
    /// How many of these ascending thresholds the value has reached.
    Bin(Arc<[f64]>),
}

/// A table from numbers to numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Keys and their values, by ascending key.
    pub pairs: Vec<(f64, f64)>,
    /// What a missing value becomes.
    pub missing: f64,
    /// What every other value becomes.
    pub other: f64,
}

impl Step {
    fn apply(&self, value: f64) -> f64 {
        match self {
            Self::Affine { factor, term } => value * factor + term,
            Self::Scale { offset, factor } => (value - offset) * factor,
            Self::Divide(divisor) => value / divisor,
            Self::Impute(instead) if value.is_nan() => *instead,
            Self::Replace(from, to) if same(value, *from) => *to,
            Self::Equals(other) => f64::from(u8::from(same(value, *other))),
            Self::Less(other) => f64::from(u8::from(value < *other)),
            Self::Code if value.fract().abs() > 0.0 || !value.is_finite() => -1.0,
            Self::Impute(_) | Self::Replace(..) | Self::Code => value,
            Self::Truncate => value.trunc(),
            Self::Single => single(value),
            Self::Map(table) => table.get(value),
            Self::Bin(_) if value.is_nan() => value,
            #[allow(clippy::cast_precision_loss, reason = "there are fewer thresholds than bytes in a file")]
            Self::Bin(thresholds) => thresholds.partition_point(|threshold| *threshold <= value) as f64,
        }
    }
}

impl Table {
    fn get(&self, value: f64) -> f64 {
        if value.is_nan() {
            return self.missing;
        }
        match self.pairs.binary_search_by(|(key, _)| key.total_cmp(&(value + 0.0))) {
            Ok(found) => self.pairs[found].1,
            Err(_) => self.other,
        }
    }
}

#[allow(clippy::float_cmp, reason = "a code is this number or it is not")]
fn same(one: f64, other: f64) -> bool {
    one == other
}

#[allow(clippy::cast_possible_truncation, reason = "that is what the model asks for")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// One derived number: a step applied to an input or to an earlier derived number.
#[derive(Debug, Clone, PartialEq)]
struct Derived {
    from: u32,
    step: Step,
}

/// The columns of a model. Places 0 to `inputs` - 1 are the inputs themselves, and each derived number has the next place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    inputs: usize,
    derived: Vec<Derived>,
    outputs: Vec<u32>,
}

impl Columns {
    /// No columns yet, over so many inputs.
    #[must_use]
    pub fn new(inputs: usize) -> Self {
        Self { inputs, derived: Vec::new(), outputs: Vec::new() }
    }

    /// Derives a number from the one at a place, which must be there, and gives its place.
    pub fn derive(&mut self, from: u32, step: Step) -> u32 {
        debug_assert!((from as usize) < self.inputs + self.derived.len());
        self.derived.push(Derived { from, step });
        u32::try_from(self.inputs + self.derived.len() - 1).unwrap_or(u32::MAX)
    }

    /// Where the derived number at a place comes from and by which step; nothing for an input.
    #[must_use]
    pub fn step(&self, place: u32) -> Option<(u32, &Step)> {
        let at = (place as usize).checked_sub(self.inputs)?;
        self.derived.get(at).map(|one| (one.from, &one.step))
    }

    /// The columns at these places, and no number that none of them needs.
    #[must_use]
    pub fn select(&self, places: &[u32]) -> Self {
        let mut needed = vec![false; self.inputs + self.derived.len()];
        for place in places {
            needed[*place as usize] = true;
        }
        for (at, one) in self.derived.iter().enumerate().rev() {
            needed[one.from as usize] |= needed[self.inputs + at];
        }
        let mut moved: Vec<u32> = (0_u32..).take(needed.len()).collect();
        let mut kept = Self::new(self.inputs);
        for (at, one) in self.derived.iter().enumerate() {
            if needed[self.inputs + at] {
                moved[self.inputs + at] = kept.derive(moved[one.from as usize], one.step.clone());
            }
        }
        kept.outputs = places.iter().map(|place| moved[*place as usize]).collect();
        kept
    }

    /// How many columns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether the columns are the inputs, in order.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.outputs.len() == self.inputs && self.outputs.iter().zip(0_u32..).all(|(place, at)| *place == at)
    }

    /// The columns of a row, which has as many values as there are inputs: NaN is missing.
    #[must_use]
    pub fn of(&self, row: &[f64]) -> Vec<f64> {
        let mut places = Vec::with_capacity(self.inputs + self.derived.len());
        places.extend_from_slice(row);
        for one in &self.derived {
            places.push(one.step.apply(places[one.from as usize]));
        }
        self.outputs.iter().map(|place| places[*place as usize]).collect()
    }

    /// A value for each column becomes one for each input: the sum over its columns.
    #[must_use]
    pub fn by_input(&self, per_column: &[f64]) -> Vec<f64> {
        let mut source: Vec<u32> = (0_u32..).take(self.inputs).collect();
        for one in &self.derived {
            source.push(source[one.from as usize]);
        }
        let mut sums = vec![0.0; self.inputs];
        for (place, value) in self.outputs.iter().zip(per_column) {
            sums[source[*place as usize] as usize] += value;
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_functions_of_one_input_and_their_values_go_back_to_it() {
        let mut all = Columns::new(2);
        let imputed = all.derive(0, Step::Impute(3.0));
        let unused = all.derive(0, Step::Less(1.0));
        let scaled = all.derive(imputed, Step::Scale { offset: 1.0, factor: 2.0 });
        let is_two = all.derive(1, Step::Equals(2.0));
        let binned = all.derive(0, Step::Bin(Arc::from([0.0, 1.0])));
        let columns = all.select(&[scaled, is_two, 1, binned]);
        assert_eq!(columns.len(), 4);
        assert_eq!(columns.derived.len(), all.derived.len() - 1, "place {unused} is not needed");
        let of_missing = columns.of(&[f64::NAN, 2.0]);
        assert_eq!(of_missing[..3], [4.0, 1.0, 2.0]);
        assert!(of_missing[3].is_nan());
        assert_eq!(columns.of(&[1.0, 5.0]), [0.0, 0.0, 5.0, 2.0]);
        assert_eq!(columns.by_input(&[1.0, 10.0, 100.0, 1000.0]), [1001.0, 110.0]);
        assert!(!columns.is_identity() && all.select(&[0, 1]).is_identity());
    }

    #[test]
    fn a_table_gives_the_value_of_a_key_of_a_missing_value_or_of_any_other() {
        let table = Table { pairs: vec![(-1.0, 5.0), (0.0, 6.0), (2.0, 7.0)], missing: 8.0, other: 9.0 };
        for (key, value) in [(-1.0, 5.0), (0.0, 6.0), (-0.0, 6.0), (2.0, 7.0), (1.0, 9.0), (f64::NAN, 8.0)] {
            assert!(same(table.get(key), value), "{key}");
        }
    }
}
