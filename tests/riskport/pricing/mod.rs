//! Prices: the arithmetic as properties of random plans, and the service over real gRPC.

pub mod asked;
mod built_in;
mod command;
mod honoured;
mod made;
mod plans;
mod properties;
mod quotes;
mod reference;
mod streams;
mod switch;
