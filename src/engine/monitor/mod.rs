//! How decisions are counted: which bin a value falls in.

mod bins;

pub use bins::{Binning, Bins};
