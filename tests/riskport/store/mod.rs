//! What the store promises, on both databases.

mod bad_rows;
mod cancel;
mod counted;
mod decisions;
mod idempotency;
mod isolation;
mod keys;
mod migrations;
mod models;
mod open;
mod outcomes;
mod pages;
mod races;
mod shadows;
mod statements;
mod tenants;
mod waiting;
