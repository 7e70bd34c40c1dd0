//! Numbers that look random and are the same in each run (Steele et al., Fast splittable pseudorandom number generators, 2014).

/// A seeded stream of numbers.
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0 up to 1.
    pub fn share(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal deviate (Box and Muller, A note on the generation of random normal deviates, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// How many of `n` fall into each bin.
    pub fn counts(&mut self, bins: &Bins, n: u64) -> Vec<u64> {
        let mut counts = vec![0; bins.count];
        let mut left = n;
        while left > 0 {
            let mut word = self.word();
            for _ in 0..left.min(4) {
                counts[bins.places[(word & 0xffff) as usize]] += 1;
                word >>= 16;
            }
            left -= left.min(4);
        }
        counts
    }
}

/// Bins with their shares: which of them each of 65,536 equal steps belongs to. Four steps come of one word, for the tests
/// draw many millions.
pub struct Bins {
    places: Vec<usize>,
    count: usize,
}

impl Bins {
    pub fn new(shares: &[f64]) -> Self {
        let mut places = Vec::with_capacity(1 << 16);
        let mut up_to = 0.0;
        for (at, share) in shares.iter().enumerate() {
            up_to += share;
            places.resize((up_to * 65_536.0).round() as usize, at);
        }
        assert_eq!(places.len(), 1 << 16, "shares add up to 1");
        Self { places, count: shares.len() }
    }
}
