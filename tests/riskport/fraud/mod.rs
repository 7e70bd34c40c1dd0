//! The fraud check: what is known before an event, what is decided on it, and what becomes of it.

pub mod asked;
mod backtest;
mod built_in;
pub mod check;
mod export;
mod history;
mod isolation;
mod items;
mod listed;
mod lists;
mod made;
mod policies;
mod policy_pages;
mod recalibrated;
mod recorded;
mod reference;
mod refusals;
mod restart;
pub mod ruled;
mod scored;
mod state;
mod streams;
mod switch;
mod wins;
