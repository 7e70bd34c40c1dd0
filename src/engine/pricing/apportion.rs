//! Rounding: a price once, and then its terms so that they add up to it.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Zero};

/// The whole number nearest to a fraction, of two equally near ones the even one: it never falls when the fraction rises. The
/// denominator is positive.
pub(super) fn rounded(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let (floor, rest) = numerator.div_mod_floor(denominator);
    let twice: BigInt = rest * 2;
    if twice > *denominator || (twice == *denominator && floor.is_odd()) { floor + BigInt::one() } else { floor }
}

/// Apportions a total to parts whose exact values are fractions over one positive denominator and add up to within one of the
/// total: each is rounded down, and what is then missing goes to those that lost most by it, one each, ties in their order
/// (largest remainders, as Hamilton apportioned seats). So each is less than one from its exact value, and they add up to the
/// total.
pub(super) fn apportioned(total: &BigInt, parts: &[BigInt], denominator: &BigInt) -> Vec<BigInt> {
    let (mut floors, mut rests) = (Vec::with_capacity(parts.len()), Vec::with_capacity(parts.len()));
    for (at, part) in parts.iter().enumerate() {
        let (floor, rest) = part.div_mod_floor(denominator);
        floors.push(floor);
        rests.push((rest, at));
    }
    let mut missing: BigInt = total - floors.iter().sum::<BigInt>();
    rests.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    for (_, at) in rests {
        if missing <= BigInt::zero() {
            break;
        }
        floors[at] += 1;
        missing -= 1;
    }
    floors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(values: &[i64]) -> Vec<BigInt> {
        values.iter().map(|value| BigInt::from(*value)).collect()
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let round = |numerator: i64| rounded(&numerator.into(), &BigInt::from(2));
        assert_eq!([-3, -1, 1, 3, 5].map(round).to_vec(), big(&[-2, 0, 0, 2, 2]));
    }

    #[test]
    fn what_is_missing_goes_to_the_largest_remainders_first_come_first() {
        // 3.5 + 2.5 + 1.2 - 0.2 = 7
        let parts = apportioned(&7.into(), &big(&[35, 25, 12, -2]), &10.into());
        assert_eq!(parts, big(&[4, 2, 1, 0]));
    }
}
