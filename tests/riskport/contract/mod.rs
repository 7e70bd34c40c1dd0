//! What must not change by accident: the contract, and which part of the code may know which.

mod golden;
mod layers;
