//! What the server tells of itself: metrics, probes, health, logs and traces; and that it tells nothing else.
#![expect(clippy::float_cmp, reason = "counts are whole numbers, which doubles hold exactly")]

mod canary;
mod collector;
mod health;
mod logs;
mod metrics;
mod needles;
mod page;
mod planted;
mod serving;
mod tracing;
