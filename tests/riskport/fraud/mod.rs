//! The fraud check: what is known before an event, what is decided on it, and what becomes of it.

mod made;
mod reference;
mod state;
