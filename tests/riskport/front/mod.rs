//! The front door: connections that misbehave, certificates, load.

mod certificates;
mod connections;
mod load;
