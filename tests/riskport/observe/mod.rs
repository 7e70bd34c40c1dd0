//! What the server tells of itself: metrics, probes, health, logs and traces; and that it tells nothing else.

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
