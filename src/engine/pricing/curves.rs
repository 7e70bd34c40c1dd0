//! Tables of risk as piecewise polynomials: on one set of pieces, so that they can be multiplied and added.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::polynomial::{Polynomial, rational};
use crate::domain::pricing::{RISK_SCALE, Risk, Table};

/// The risks at which some table of a plan has a knot, and 0 and 1: pieces lie between neighbours, and have their lower end. The
/// last piece is 1 alone, for a table may step there.
#[derive(Debug)]
pub(super) struct Grid(Vec<BigRational>);

/// A function of risk: one polynomial a piece.
#[derive(Debug, Clone)]
pub(super) struct Curve(Vec<Polynomial>);

impl Grid {
    pub(super) fn of<'a>(tables: impl Iterator<Item = &'a Table>) -> Self {
        let mut edges = vec![BigRational::zero(), BigRational::one()];
        edges.extend(tables.flat_map(|table| &table.knots).map(|(risk, _)| rational(*risk)));
        edges.sort_unstable();
        edges.dedup();
        Self(edges)
    }

    /// The pieces, from and to.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&BigRational, &BigRational)> {
        self.0.iter().zip(self.0.iter().skip(1).chain(self.0.last()))
    }

    /// A table on these pieces.
    pub(super) fn curve(&self, table: &Table) -> Curve {
        let knots: Vec<_> = table.knots.iter().map(|(risk, value)| (rational(*risk), rational(*value))).collect();
        let piece = |(from, _): (&BigRational, &BigRational)| {
            let next = knots.partition_point(|(risk, _)| risk <= from);
            let (before, after) = (knots.get(next.saturating_sub(1)), knots.get(next));
            match (before, after) {
                (Some(before), Some(after)) if table.linear => {
                    Polynomial::line((&before.0, &before.1), (&after.0, &after.1))
                }
                (Some((_, value)), _) => Polynomial::constant(value.clone()),
                (None, _) => Polynomial::constant(BigRational::zero()),
            }
        };
        Curve(self.pieces().map(piece).collect())
    }

    /// The first risk of each piece, in parts of [`RISK_SCALE`]: knots have six places, so that nothing is lost.
    pub(super) fn starts(&self) -> Vec<u64> {
        let scale = BigRational::from_integer(RISK_SCALE.into());
        let parts = |(from, _): (&BigRational, &BigRational)| (from * &scale).to_integer();
        self.pieces().map(|piece| u64::try_from(parts(piece)).unwrap_or(RISK_SCALE)).collect()
    }
}

impl Curve {
    pub(super) fn pieces(&self) -> &[Polynomial] {
        &self.0
    }

    pub(super) fn constant(grid: &Grid, value: &BigRational) -> Self {
        Self(grid.pieces().map(|_| Polynomial::constant(value.clone())).collect())
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, two)| one.times(two)).collect())
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, two)| one.plus(two)).collect())
    }

    /// The highest degree of any piece.
    pub(super) fn degree(&self) -> usize {
        self.0.iter().map(Polynomial::degree).max().unwrap_or(0)
    }
}

/// Several curves, ready for one risk after another: whole numbers over one denominator for each piece, so that a price takes
/// a few multiplications of integers and no fraction need be reduced.
#[derive(Debug)]
pub(super) struct Evaluator {
    starts: Vec<u64>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    /// For each curve its coefficients for the risk in parts, the highest power first.
    numerators: Vec<Vec<BigInt>>,
    denominator: BigInt,
}

impl Evaluator {
    pub(super) fn new(grid: &Grid, curves: &[&Curve]) -> Self {
        let pieces = (0..grid.pieces().count()).map(|at| Piece::new(curves.iter().map(|curve| &curve.0[at])));
        Self { starts: grid.starts(), pieces: pieces.collect() }
    }

    /// The values of all curves at a risk: numerators, and the denominator that they share. None is negative.
    pub(super) fn at(&self, risk: Risk) -> (Vec<BigInt>, BigInt) {
        let at = self.starts.partition_point(|start| *start <= risk.parts()).saturating_sub(1);
        let Some(piece) = self.pieces.get(at) else { return (Vec::new(), BigInt::one()) };
        let parts = BigInt::from(risk.parts());
        let value = |coefficients: &Vec<BigInt>| {
            coefficients.iter().fold(BigInt::zero(), |value, coefficient| value * &parts + coefficient)
        };
        (piece.numerators.iter().map(value).collect(), piece.denominator.clone())
    }
}

impl Piece {
    fn new<'a>(polynomials: impl Iterator<Item = &'a Polynomial> + Clone) -> Self {
        // In parts of one: the coefficient of the k-th power is divided by the k-th power of the scale.
        let scaled: Vec<Vec<BigRational>> = polynomials
            .map(|polynomial| {
                let mut scale = BigRational::one();
                let scaled = polynomial.coefficients().iter().map(|coefficient| {
                    let one = coefficient / &scale;
                    scale *= BigRational::from_integer(RISK_SCALE.into());
                    one
                });
                scaled.collect()
            })
            .collect();
        let denominator = scaled.iter().flatten().fold(BigInt::one(), |common, one| common.lcm(one.denom())).abs();
        let over = |one: &BigRational| one.numer() * (&denominator / one.denom());
        let numerators = scaled.iter().map(|polynomial| polynomial.iter().rev().map(over).collect()).collect();
        Self { numerators, denominator }
    }
}
