//! A linear model: a weighted sum of columns.

use super::{LoadError, columns::Columns, forest::Contributions};

/// A linear model.
#[derive(Debug)]
pub struct Linear {
    columns: Columns,
    coefficients: Vec<f64>,
    intercept: f64,
}

impl Linear {
    /// Makes a linear model.
    ///
    /// # Errors
    /// When there is not one coefficient a column, or a number is not finite.
    pub fn new(columns: Columns, coefficients: Vec<f64>, intercept: f64) -> Result<Self, LoadError> {
        if columns.len() != coefficients.len() {
            return Err(LoadError::rule("coefficients", "there must be one for each column"));
        }
        if !intercept.is_finite() || coefficients.iter().any(|coefficient| !coefficient.is_finite()) {
            return Err(LoadError::rule("coefficients", "they and the intercept must be finite numbers"));
        }
        Ok(Self { columns, coefficients, intercept })
    }

    /// The raw output for one row of as many values as there are inputs: NaN is missing, and where nothing imputes it the
    /// output is NaN.
    #[must_use]
    pub fn raw(&self, row: &[f64]) -> f64 {
        let columns = self.columns.of(row);
        self.intercept + columns.iter().zip(&self.coefficients).map(|(value, weight)| value * weight).sum::<f64>()
    }

    /// What the output is made of: the intercept, and for each input the sum of coefficient x value over its columns. They
    /// add up to [`Self::raw`] but for rounding. The baseline of a column is 0: for a standardised one that is the mean of
    /// the training data, for a one-hot one it is another category.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Contributions {
        let mut terms = self.columns.of(row);
        terms.iter_mut().zip(&self.coefficients).for_each(|(value, weight)| *value *= weight);
        Contributions { base: self.intercept, values: self.columns.by_input(&terms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::columns::Step;

    #[test]
    fn contributions_are_of_inputs_and_add_up() {
        let mut all = Columns::new(3);
        let scaled = all.derive(0, Step::Scale { offset: 2.0, factor: 0.5 });
        let (one, other) = (all.derive(1, Step::Equals(0.0)), all.derive(1, Step::Equals(1.0)));
        let columns = all.select(&[scaled, one, other]);
        assert!(Linear::new(columns.clone(), vec![1.0; 2], 0.0).is_err());
        assert!(Linear::new(columns.clone(), vec![1.0, 2.0, f64::INFINITY], 0.0).is_err());
        let linear = Linear::new(columns, vec![3.0, 5.0, 7.0], 1.0).unwrap();
        assert_eq!(linear.raw(&[4.0, 1.0, 9.0]).to_bits(), 11.0_f64.to_bits());
        let contributions = |values| Contributions { base: 1.0, values };
        assert_eq!(linear.contributions(&[4.0, 1.0, 9.0]), contributions(vec![3.0, 7.0, 0.0]));
        assert_eq!(linear.contributions(&[2.0, 8.0, 9.0]), contributions(vec![0.0; 3]));
        assert!(linear.raw(&[f64::NAN, 1.0, 0.0]).is_nan());
    }
}
