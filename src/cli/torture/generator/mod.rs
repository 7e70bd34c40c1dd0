//! The generator: unary calls over `h2` itself, with messages that are encoded already, at a fraction of what tonic's client
//! costs. Open loop: a call is sent when it is due, whatever became of those before, and its latency counts from then.

mod alarm;
mod calls;
mod closed_loop;
mod connections;
mod open_loop;
mod round;

pub(super) use self::{
    calls::{CREDIT_SCORE, Calls, FRAUD_CHECK},
    closed_loop::{closed_loop, each_once},
    connections::Connections,
    open_loop::{Stop, open_loop},
    round::{Outcome, Round},
};
