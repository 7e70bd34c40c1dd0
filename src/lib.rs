//! Riskport: credit scores, fraud checks, risk models and prices over gRPC for many institutions, behind JWT-authenticated tenants.
//!
//! # The path of a call
//! `server` accepts the connection and passes the call through its layers (name and count, refusal codes, admission, deadline,
//! authentication); `rpc` asks the caller for a permit and turns the message into valid input; `ops` runs one use case
//! over `store`, `state`, `engine` and `vault`; `rpc` turns the result into a message. The RPC `ScoreCredit` is
//! `rpc::credit::score_credit` and `ops::score_credit`: one search finds the whole path.
//!
//! # The modules, and who may know whom
//! | module | owns | knows |
//! |---|---|---|
//! | [`domain`] | what an id, a scope, a tenant, a feature, a model, a decision, a rate plan, a count is; why a call is refused | nothing |
//! | [`engine`] | model files of every format to scores and reasons, conditions of rules to programs, rate plans to prices, counts to statistics; pure | `domain`, hashing of `vault` |
//! | [`auth`] | token to caller to permit | `domain` |
//! | [`vault`] | master key, tenants' keys, sealing, hashing | `domain` |
//! | [`store`] | the only SQL; the decision writer | `domain`, `vault`, `metrics` |
//! | [`state`] | what lives in memory: caches, loaded models, what events have shown of entities; no I/O | `domain`, `auth`, `vault`, `engine` |
//! | [`ops`] | the use cases, one a file | all of the above |
//! | [`rpc`] | the only gRPC services; messages and statuses | `ops`, `auth`, `domain`, `engine` |
//! | [`metrics`] | what the server counts of itself, and the page that shows it | `domain` |
//! | [`telemetry`] | the log and traces | `config` |
//! | [`server`] | the composition root: listener, TLS, layers; the probes | `rpc`, `ops`, `config`, `metrics`, `telemetry` |
//! | [`cli`] | the commands: clients of a running server, or what looks after its files | `server`, `rpc`, `ops`, `config` |
//! | [`config`], [`clock`] | the settings; the only reading of the wall clock | `vault`, `store`; `domain` |
//!
//! # What always holds
//! - tonic is known in `rpc`, `server` and `cli` only, sqlx in `store` only; `domain` and `engine` do no I/O.
//! - The tenant comes from the verified key, never from a field, and is the first argument of every store call.
//! - An operation needs a [`auth::Permit`], and only a verified [`auth::Caller`] gives one.
//! - An answer is on disk before it is sent; a request id is decided once.
//! - What is known of entities follows from the log on disk alone; an event counts once, and only for what comes after it.
//! - A price is the sum of its terms, and never falls when the risk rises: a plan of which that is not so is not stored.
//! - No applicant data and no token stands in a log, an error or, in the clear, in the database.
//!
//! A test holds the code against the first of these.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod metrics;
pub mod ops;
pub mod rpc;
pub mod server;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod vault;
