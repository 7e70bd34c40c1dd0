//! A backtest, as a stream of progress that ends with the report.

use tonic::Request;

use super::{
    Context, Deadline, caller,
    fraud_export::period,
    fraud_policy_read::version_name,
    fraud_reply::decision,
    proto::{
        common::Money,
        fraud::{self as proto, BacktestPolicyRequest, BacktestPolicyResponse},
    },
    stream::{self, Answers, Pieces},
};
use crate::{
    auth::{Permit, mark},
    domain::{fraud::FraudDecision, refusal::Refusal},
    ops::{self, Backtest, BacktestReport, DecisionChange, Performance},
};

/// Replays a period under a version.
pub(super) async fn backtest(
    context: &Context,
    request: Request<BacktestPolicyRequest>,
) -> Result<Answers<BacktestPolicyResponse>, Refusal> {
    let permit: Permit<mark::FraudPolicy> = caller(&request)?.permit()?;
    let deadline = request.extensions().get::<Deadline>().copied();
    let from = request.into_inner();
    let (name, period) = Refusal::both(version_name("name", &from.name), period(from.start_time, from.end_time))?;
    let backtest = ops::backtest_policy(&context.app, &permit, &name, period).await?;
    stream::tell(context, permit, deadline, |pieces| run(backtest, pieces))
}

async fn run(mut backtest: Backtest, pieces: Pieces<BacktestPolicyResponse>) -> Result<(), Refusal> {
    while backtest.advance().await? {
        let (events_read, events_total) = backtest.progress();
        pieces.send(BacktestPolicyResponse { events_read, events_total, report: None }).await?;
    }
    let (events_read, events_total) = backtest.progress();
    let report = Some(message(backtest.report()));
    pieces.send(BacktestPolicyResponse { events_read, events_total, report }).await
}

fn message(from: BacktestReport) -> proto::BacktestReport {
    let rule = |one: ops::RuleCount| proto::RuleCount {
        rule: one.rule,
        hits: one.hits,
        frauds: one.frauds,
        genuine: one.genuine,
    };
    proto::BacktestReport {
        events: from.events,
        changes: from.changes.into_iter().map(change).collect(),
        before: Some(performance(from.before)),
        after: Some(performance(from.after)),
        rules: from.rules.into_iter().map(rule).collect(),
        truncated: from.truncated,
    }
}

fn change(from: ((Option<FraudDecision>, FraudDecision), DecisionChange)) -> proto::DecisionChange {
    let ((before, after), one) = from;
    let amounts = one.amounts.into_iter();
    proto::DecisionChange {
        before: before.map_or(0, |before| decision(before) as i32),
        after: decision(after) as i32,
        events: one.events,
        frauds: one.frauds,
        genuine: one.genuine,
        amounts: amounts
            .map(|(currency, amount_minor)| Money { currency_code: currency.as_str().to_owned(), amount_minor })
            .collect(),
    }
}

fn performance(from: Performance) -> proto::Performance {
    let Performance { true_positives, false_positives, false_negatives, true_negatives } = from;
    proto::Performance {
        true_positives,
        false_positives,
        false_negatives,
        true_negatives,
        precision: share(true_positives, true_positives + false_positives),
        recall: share(true_positives, true_positives + false_negatives),
    }
}

/// A share; nothing of nothing.
#[allow(clippy::cast_precision_loss, reason = "counts of events, far below 2^53")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
