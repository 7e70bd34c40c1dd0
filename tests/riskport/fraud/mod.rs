//! The fraud check: what is known before an event, what is decided on it, and what becomes of it.

mod asked;
mod check;
mod history;
mod isolation;
mod items;
mod made;
mod reference;
mod restart;
mod state;
mod streams;
