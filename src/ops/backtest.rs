//! Replays the stored events of a period under a version of a policy, and counts what it would have changed.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    App,
    check_fraud::scoring,
    fraud_answer::score,
    fraud_policies::ready,
    replay_log::{LogReplay, Period, Seen},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::TrafficRole,
        fraud::{Currency, FraudDecision, FraudLabel, PolicyVersionName, Scene},
        refusal::Refusal,
        time::Timestamp,
    },
    engine::{Judgement, rule::Facts},
    state::{ServedPolicy, ServedVersion},
};

/// Events that went from one decision to another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionChange {
    /// How many events.
    pub events: i64,
    /// How many of them are confirmed fraud.
    pub frauds: i64,
    /// How many are confirmed genuine.
    pub genuine: i64,
    /// Their money in minor units, by currency.
    pub amounts: BTreeMap<Currency, i64>,
}

/// How well decisions meet outcomes. An event counts as stopped when it is not simply let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Performance {
    /// Confirmed frauds that were stopped.
    pub true_positives: i64,
    /// Confirmed genuine events that were stopped.
    pub false_positives: i64,
    /// Confirmed frauds that went through.
    pub false_negatives: i64,
    /// Confirmed genuine events that went through.
    pub true_negatives: i64,
}

impl Performance {
    fn count(&mut self, stopped: bool, fraud: bool) {
        *match (stopped, fraud) {
            (true, true) => &mut self.true_positives,
            (true, false) => &mut self.false_positives,
            (false, true) => &mut self.false_negatives,
            (false, false) => &mut self.true_negatives,
        } += 1;
    }
}

/// How often a rule hits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleCount {
    /// The rule's id.
    pub rule: String,
    /// Events that it hits.
    pub hits: i64,
    /// How many of them are confirmed fraud.
    pub frauds: i64,
    /// How many are confirmed genuine.
    pub genuine: i64,
}

/// What a version would have changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BacktestReport {
    /// Events of the period that it decides.
    pub events: i64,
    /// By old and new decision; events that were recorded only have no old one.
    pub changes: BTreeMap<(Option<FraudDecision>, FraudDecision), DecisionChange>,
    /// How the old decisions did, over events that were decided and whose outcome is known.
    pub before: Performance,
    /// How the version does over the same events.
    pub after: Performance,
    /// By rule, in the policy's order.
    pub rules: Vec<RuleCount>,
    /// Events whose features a limit cut.
    pub truncated: i64,
}

/// A backtest on its way.
pub struct Backtest {
    replay: LogReplay,
    judge: Arc<Judge>,
    report: BacktestReport,
}

/// What judges each event.
struct Judge {
    policy: ServedPolicy,
    model: Option<Arc<ServedVersion>>,
    /// The scenes that it decides; nothing for all but `others`.
    scenes: Option<Vec<Scene>>,
    others: Vec<Scene>,
    now: Timestamp,
}

/// What became of one event.
struct Judged {
    before: Option<FraudDecision>,
    judgement: Judgement,
    fraud: Option<bool>,
    amount: Option<(Currency, i64)>,
    truncated: bool,
}

/// Begins a backtest.
///
/// # Errors
/// See `FraudPolicyService.BacktestPolicy` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn backtest_policy(
    app: &Arc<App>,
    permit: &Permit<mark::FraudPolicy>,
    name: &PolicyVersionName,
    period: Period,
) -> Result<Backtest, Refusal> {
    let tenant = permit.tenant();
    let (policy, spec) = ready(app, tenant, name).await?;
    let model = scoring(app, tenant, &policy.model).await?.champion.clone();
    let active = app.store.list_active_policies(tenant).await?;
    let others =
        active.into_iter().filter(|other| other.name.policy != name.policy).flat_map(|other| other.spec.scenes);
    let scenes = Some(spec.scenes).filter(|scenes| !scenes.is_empty());
    let rules = policy.policy.rules().map(|rule| RuleCount { rule: rule.id.clone(), ..RuleCount::default() }).collect();
    let judge = Judge { policy, model, scenes, others: others.collect(), now: app.now() };
    Ok(Backtest {
        replay: LogReplay::begin(app, tenant, period).await?,
        judge: Arc::new(judge),
        report: BacktestReport { rules, ..BacktestReport::default() },
    })
}

impl Backtest {
    /// Entries that were read, and that there are to read.
    #[must_use]
    pub fn progress(&self) -> (i64, i64) {
        self.replay.progress()
    }

    /// Goes on by some entries; false at the end.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn advance(&mut self) -> Result<bool, Refusal> {
        let judge = Arc::clone(&self.judge);
        let Some(judged) = self.replay.next(move |seen| judge.judge(&seen)).await? else { return Ok(false) };
        for one in judged.into_iter().flatten() {
            self.report.count(&one);
        }
        Ok(true)
    }

    /// What was counted.
    #[must_use]
    pub fn report(self) -> BacktestReport {
        self.report
    }
}

impl Judge {
    /// What becomes of an event; nothing when another policy decides it.
    fn judge(&self, seen: &Seen<'_>) -> Option<Judged> {
        let scene = &seen.event.scene;
        let decides = self.scenes.as_ref().map_or(!self.others.contains(scene), |scenes| scenes.contains(scene));
        if !decides {
            return None;
        }
        let scored =
            self.model.as_ref().and_then(|model| score(Arc::clone(model), TrafficRole::Champion, &seen.features));
        let listed: Vec<bool> = self.policy.lists.iter().map(|list| list.holds(seen.event, self.now)).collect();
        let facts = Facts {
            event: seen.event,
            features: seen.features.values(),
            score: scored.map(|scored| scored.score),
            listed: &listed,
        };
        Some(Judged {
            before: seen.ruled.map(|ruled| ruled.decision),
            judgement: self.policy.policy.judge(&facts),
            fraud: seen.label.and_then(known),
            amount: seen.event.amount.map(|amount| (amount.currency, amount.minor)),
            truncated: seen.features.truncated().any(),
        })
    }
}

/// Whether an event is known to be fraud, or known not to be.
const fn known(label: FraudLabel) -> Option<bool> {
    match label {
        FraudLabel::Unsure => None,
        label => Some(label.is_fraud()),
    }
}

impl BacktestReport {
    fn count(&mut self, one: &Judged) {
        let after = one.judgement.decision;
        let (fraud, genuine) = (i64::from(one.fraud == Some(true)), i64::from(one.fraud == Some(false)));
        self.events += 1;
        self.truncated += i64::from(one.truncated);
        let change = self.changes.entry((one.before, after)).or_default();
        change.events += 1;
        change.frauds += fraud;
        change.genuine += genuine;
        if let Some((currency, minor)) = one.amount {
            let sum = change.amounts.entry(currency).or_default();
            *sum = sum.saturating_add(minor);
        }
        if let (Some(before), Some(fraud)) = (one.before, one.fraud) {
            self.before.count(before != FraudDecision::Allow, fraud);
            self.after.count(after != FraudDecision::Allow, fraud);
        }
        for hit in &one.judgement.hits {
            if let Some(rule) = self.rules.get_mut(hit.rule) {
                rule.hits += 1;
                rule.frauds += fraud;
                rule.genuine += genuine;
            }
        }
    }
}
