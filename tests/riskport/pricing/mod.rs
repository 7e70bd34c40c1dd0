//! Prices: the arithmetic as properties of random plans, and the service over real gRPC.

mod made;
mod properties;
mod reference;
