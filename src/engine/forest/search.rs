//! How many thresholds are below a value, for several features at once: while one search waits for memory, the others
//! go on. A feature's thresholds stand as a complete binary tree, level by level (Eytzinger's layout), filled up with
//! infinities, which are below nothing; so the way down has no branch and the same length for every value.

/// Searches that go on together.
const LANES: usize = 8;

/// Ascending thresholds of several features.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// One feature after the other.
    keys: Vec<f64>,
    groups: Vec<Group>,
    /// Levels of each feature, and where its thresholds begin.
    places: Vec<(u32, usize)>,
}

/// Features with as many levels.
#[derive(Debug)]
struct Group {
    features: [usize; LANES],
    /// Where their thresholds begin.
    firsts: [usize; LANES],
    levels: u32,
}

impl Search {
    /// Over each feature's thresholds, which ascend. There are fewer than 2^32.
    pub fn of(features: &[&[f64]]) -> Self {
        let mut order: Vec<usize> = (0..features.len()).collect();
        order.sort_by_key(|feature| features[*feature].len());
        let mut own = Self { places: vec![(0, 0); features.len()], ..Self::default() };
        for group in order.chunks(LANES) {
            let largest = group[group.len() - 1];
            let levels = usize::BITS - features[largest].len().leading_zeros();
            let mut firsts = [0; LANES];
            for (lane, feature) in group.iter().enumerate() {
                firsts[lane] = own.keys.len();
                own.places[*feature] = (levels, own.keys.len());
                for level in 0..levels {
                    let sorted = (0..1_usize << level).map(|at| ((2 * at + 1) << (levels - 1 - level)) - 1);
                    own.keys.extend(sorted.map(|at| features[*feature].get(at).copied().unwrap_or(f64::INFINITY)));
                }
            }
            // The last group's empty lanes search as its last one does.
            let last = group.len() - 1;
            let features = std::array::from_fn(|lane| group[lane.min(last)]);
            let firsts = std::array::from_fn(|lane| firsts[lane.min(last)]);
            own.groups.push(Group { features, firsts, levels });
        }
        own
    }

    /// How many of each feature's thresholds are below its value.
    pub fn each(&self, value: impl Fn(usize) -> f64) -> Vec<u32> {
        let mut found = vec![0; self.places.len()];
        for group in &self.groups {
            let size = (1 << group.levels) - 1;
            let (mut at, mut values) = ([0; LANES], [0.0; LANES]);
            for lane in 0..LANES {
                at[lane] = group.firsts[lane];
                values[lane] = value(group.features[lane]);
            }
            // The node below `first + k` is `first + 2 k + 1` or the next.
            for _ in 0..group.levels {
                for lane in 0..LANES {
                    let further = usize::from(self.keys[at[lane]] < values[lane]);
                    at[lane] = 2 * at[lane] + 1 + further - group.firsts[lane];
                }
            }
            for lane in 0..LANES {
                found[group.features[lane]] = small(at[lane] - group.firsts[lane] - size);
            }
        }
        found
    }

    /// How many of one feature's thresholds are below each of several values.
    pub fn all<const COUNT: usize>(&self, feature: usize, values: &[f64; COUNT]) -> [u32; COUNT] {
        let (levels, first) = self.places[feature];
        let size = (1 << levels) - 1;
        let keys = &self.keys[first..first + size];
        let mut found = [0; COUNT];
        for (values, found) in values.chunks(LANES).zip(found.chunks_mut(LANES)) {
            let mut at = [0; LANES];
            for _ in 0..levels {
                for (at, value) in at.iter_mut().zip(values) {
                    *at = 2 * *at + 1 + usize::from(keys[*at] < *value);
                }
            }
            for (found, at) in found.iter_mut().zip(at) {
                *found = small(at - size);
            }
        }
        found
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a forest has at most 4,000,000 nodes, and fewer thresholds")]
fn small(count: usize) -> u32 {
    count as u32
}
