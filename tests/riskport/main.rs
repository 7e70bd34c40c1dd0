//! Every test that needs more than one module: one binary, so that it links once and shares one PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test that panics says where, and its name says what it shows"
)]

#[macro_use]
mod support;

mod auth;
mod bench;
mod contract;
mod crash;
mod decisions;
mod demo;
mod engine;
mod fraud;
mod fraud_cli;
mod front;
mod idempotency;
mod inference;
mod inputs;
mod model_cli;
mod models;
mod monitor;
mod pricing;
mod report_cli;
mod rules;
mod scoring;
mod shutdown;
mod simulate;
mod statistics;
mod store;
mod stream;
mod torture;
