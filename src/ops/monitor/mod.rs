//! How models do: decisions and what became of them are counted in the background, and reports are made of the counts.

mod batch;
mod count;
mod reading;
mod tags;
mod windows;

pub use reading::ReadScore;
pub use tags::KnownTags;
