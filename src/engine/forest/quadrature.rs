//! Gauss-Legendre quadrature on (0, 1): n points integrate every polynomial of degree up to 2 n - 1 exactly.

/// Points and weights. All weights are positive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quadrature {
    pub points: Vec<f64>,
    pub weights: Vec<f64>,
}

impl Quadrature {
    /// The rule with this many points, at least 1: the roots of the Legendre polynomial by Newton's iteration.
    ///
    /// Abramowitz and Stegun, Handbook of Mathematical Functions (1964): 25.4.29 for the weights, 22.16.6 for the first
    /// guess, 22.7.10 for the recurrence and 22.8.5 for the derivative.
    pub fn new(count: usize) -> Self {
        let degree = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let (mut points, mut weights) = (vec![0.5; count], vec![0.0; count]);
        let mut i = 0.0;
        for low in 0..count.div_ceil(2) {
            let mut root = (std::f64::consts::PI * (i + 0.75) / (degree + 0.5)).cos();
            let mut slope = 1.0;
            // It converges quadratically, from a guess that is good to 1 / degree^4: eight steps are more than enough.
            for _ in 0..8 {
                let (mut before, mut value, mut k) = (1.0, root, 1.0);
                for _ in 1..count {
                    (before, value) = (value, ((2.0 * k + 1.0) * root * value - k * before) / (k + 1.0));
                    k += 1.0;
                }
                slope = degree * (before - root * value) / (1.0 - root * root);
                root -= value / slope;
            }
            let weight = 1.0 / ((1.0 - root * root) * slope * slope);
            let high = count - 1 - low;
            (points[low], points[high]) = (0.5 - root / 2.0, 0.5 + root / 2.0);
            (weights[low], weights[high]) = (weight, weight);
            i += 1.0;
        }
        Self { points, weights }
    }
}
