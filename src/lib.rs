//! Riskport.
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod ops;
pub mod rpc;
pub mod server;
pub mod state;
pub mod store;
pub mod vault;
