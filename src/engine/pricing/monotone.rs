//! Whether a function of risk never falls: decided exactly, never sampled.
//!
//! A function is a polynomial on each piece. It never falls when its derivative is nowhere negative on any piece, and when it
//! does not jump down from one piece to the next. The derivative of a cubic is a quadratic, which is smallest at an end of the
//! piece or at its vertex: three values of rational arithmetic decide. Polynomials of a higher degree are not decided here.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::{
    curves::{Curve, Grid},
    polynomial::{Polynomial, whole},
};
use crate::domain::pricing::RISK_SCALE;

/// The highest degree that is decided.
pub(super) const MAX_DEGREE: usize = 3;
/// How near to a fall its witness is looked for: 10^-30 of the piece.
const TRIES: u32 = 30;

/// Two risks, the lower first, and the values there, of which the first is the higher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fall {
    pub risks: [BigRational; 2],
    pub values: [BigRational; 2],
}

/// Where a function of degree at most [`MAX_DEGREE`] falls; nothing when it never does.
pub(super) fn fall(grid: &Grid, curve: &Curve) -> Option<Fall> {
    let pieces: Vec<_> = grid.pieces().zip(curve.pieces()).collect();
    for (at, ((from, to), polynomial)) in pieces.iter().enumerate() {
        if let Some(lowest) = falling_at(polynomial, from, to) {
            return Some(near(polynomial, &lowest, from, to));
        }
        if let Some(((_, end), next)) = pieces.get(at + 1)
            && next.at(to) < polynomial.at(to)
        {
            return Some(jump(polynomial, next, from, to, end));
        }
    }
    None
}

/// Where on a piece the derivative is negative and smallest; nothing when it is nowhere negative.
fn falling_at(polynomial: &Polynomial, from: &BigRational, to: &BigRational) -> Option<BigRational> {
    let slope = polynomial.derivative();
    let mut places = vec![from.clone(), to.clone()];
    if let [_, linear, quadratic] = slope.coefficients()
        && quadratic.is_positive()
    {
        let vertex = -linear / (whole(2) * quadratic);
        places.extend(Some(vertex).filter(|vertex| from < vertex && vertex < to));
    }
    let lowest = places.into_iter().map(|place| (slope.at(&place), place)).min()?;
    lowest.0.is_negative().then_some(lowest.1)
}

/// Two risks of a piece, around one at which the slope is negative, between which the function falls. If there are such, they
/// are risks that a price can be asked for.
fn near(polynomial: &Polynomial, place: &BigRational, from: &BigRational, to: &BigRational) -> Fall {
    let between = |low: BigRational, high: BigRational| {
        let values = [polynomial.at(&low), polynomial.at(&high)];
        Fall { risks: [low, high], values }
    };
    // Beginning with the widest: a fall that shows to the eye is a better witness than a small one. The end of a piece belongs
    // to the next.
    let around =
        |width: &BigRational, end: BigRational| between((place - width).max(from.clone()), (place + width).min(end));
    let told = widths(to - from).map(|width| {
        let Fall { risks: [low, high], .. } = around(&width, to - part());
        between(to_parts(&low), to_parts(&high))
    });
    let exact = widths(to - from).map(|width| around(&width, to - part() * &width));
    let falls = |fall: &Fall| fall.values[1] < fall.values[0];
    told.chain(exact).find(falls).unwrap_or_else(|| between(from.clone(), to.clone()))
}

/// A risk just below a jump down, and the risk of the jump.
fn jump(before: &Polynomial, after: &Polynomial, from: &BigRational, at: &BigRational, end: &BigRational) -> Fall {
    let value = after.at(at);
    let from_low = |low: BigRational| {
        let fall = Fall { values: [before.at(&low), value.clone()], risks: [low, at.clone()] };
        (fall.values[1] < fall.values[0]).then_some(fall)
    };
    let told = widths(at - from).map(|width| to_parts(&(at - width)).min(at - part()));
    let exact = widths(at - from).map(|width| at - width);
    told.chain(exact).find_map(from_low).unwrap_or_else(|| near(after, at, at, end))
}

/// A width, a tenth of it, and so on.
fn widths(width: BigRational) -> impl Iterator<Item = BigRational> {
    (0..TRIES).map(move |power| &width / BigRational::from_integer(BigInt::from(10).pow(power)))
}

/// The smallest difference of two risks that prices are asked for.
fn part() -> BigRational {
    BigRational::new(BigInt::one(), RISK_SCALE.into())
}

/// The nearest risk that a price can be asked for.
fn to_parts(risk: &BigRational) -> BigRational {
    (risk / part()).round() * part()
}

/// Whether a table never falls, which needs no derivative.
pub(super) fn rises(grid: &Grid, curve: &Curve) -> bool {
    curve.degree() <= 1 && fall(grid, curve).is_none()
}

/// A rational number as a decimal with as many places as tell it, at most 30; the rest is cut off.
pub(super) fn shown(value: &BigRational) -> String {
    let places = 30;
    let scaled = (value * BigRational::from_integer(BigInt::from(10).pow(places))).to_integer();
    if scaled.is_zero() {
        return "0".to_owned();
    }
    let digits = format!("{:0>31}", scaled.to_string());
    let (integer, fraction) = digits.split_at(digits.len() - 30);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { integer.to_owned() } else { format!("{integer}.{fraction}") }
}
