//! Polynomials in the risk, with rational coefficients.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use rust_decimal::Decimal;

/// A polynomial: its coefficients, the constant first, the last of them not 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Polynomial(Vec<BigRational>);

/// A decimal as a rational number: exactly.
pub(super) fn rational(value: Decimal) -> BigRational {
    BigRational::new(value.mantissa().into(), BigInt::from(10).pow(value.scale()))
}

pub(super) fn whole(value: i64) -> BigRational {
    BigRational::from_integer(value.into())
}

impl Polynomial {
    fn new(mut coefficients: Vec<BigRational>) -> Self {
        while coefficients.last().is_some_and(Zero::is_zero) {
            coefficients.pop();
        }
        Self(coefficients)
    }

    pub(super) fn constant(value: BigRational) -> Self {
        Self::new(vec![value])
    }

    /// The line through two points.
    pub(super) fn line(from: (&BigRational, &BigRational), to: (&BigRational, &BigRational)) -> Self {
        let slope = (to.1 - from.1) / (to.0 - from.0);
        Self::new(vec![from.1 - &slope * from.0, slope])
    }

    /// The coefficients, the constant first.
    pub(super) fn coefficients(&self) -> &[BigRational] {
        &self.0
    }

    pub(super) fn degree(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    pub(super) fn at(&self, risk: &BigRational) -> BigRational {
        self.0.iter().rev().fold(BigRational::zero(), |value, coefficient| value * risk + coefficient)
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let length = self.0.len().max(other.0.len());
        let of = |one: &Self, at: usize| one.0.get(at).cloned().unwrap_or_else(BigRational::zero);
        Self::new((0..length).map(|at| of(self, at) + of(other, at)).collect())
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        if self.0.is_empty() || other.0.is_empty() {
            return Self(Vec::new());
        }
        let mut product = vec![BigRational::zero(); self.0.len() + other.0.len() - 1];
        for (at, one) in self.0.iter().enumerate() {
            for (by, two) in other.0.iter().enumerate() {
                product[at + by] += one * two;
            }
        }
        Self::new(product)
    }

    pub(super) fn derivative(&self) -> Self {
        let mut factor = BigRational::zero();
        let scaled = self.0.iter().skip(1).map(|coefficient| {
            factor += BigRational::one();
            coefficient * &factor
        });
        Self::new(scaled.collect())
    }
}
