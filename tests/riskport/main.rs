//! Every test that needs more than one module: one binary, so that it links once and shares one PostgreSQL.
//!
//! Some tests have a long form, by variables of the environment: `RISKPORT_TEST_KILLS=200` (crash), `RISKPORT_TEST_RACES=1000`
//! (idempotency), `RISKPORT_TEST_DROPS=10000` (`store::cancel`), `RISKPORT_TEST_SHARED=10000` (`auth::foreign_bytes`),
//! `RISKPORT_TEST_SYNCED=200` (durable), `RISKPORT_TEST_STILL_SECONDS=10`, `RISKPORT_TEST_CRASHES=20` and
//! `RISKPORT_TEST_CUTS=30` (outage). They print what they counted: `cargo test --test riskport crash:: -- --nocapture`.
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
mod clock_set_back;
mod contract;
mod crash;
mod decisions;
mod demo;
mod durable;
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
mod observe;
mod operate;
mod outage;
mod pricing;
mod report_cli;
mod rules;
mod scoring;
mod shutdown;
mod simulate;
mod statistics;
mod store;
mod stream;
mod tenancy;
mod torture;
