//! Labelled events of a CSV file, to be replayed: what its columns mean, and its rows.
//!
//! Pure: nothing here knows the server.

mod mapping;
mod rows;

pub use self::{
    mapping::{Columns, Constants, Labels, Mapping, TimeFormat},
    rows::{Row, Rows},
};
