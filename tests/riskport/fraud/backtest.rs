//! Backtests: what a draft would have changed, against the same events decided by it; and nothing that decides is touched.

use std::collections::BTreeMap;

use riskport::rpc::proto::{
    common::Money,
    fraud::{
        BacktestPolicyRequest, BacktestPolicyResponse, BacktestReport, CheckFraudResponse, DecisionChange, EntityKind,
        FraudDecision, FraudEvent, FraudLabel, Performance, PolicySpec, RecordEventsRequest, ReportFraudOutcomeRequest,
        RuleCount, Scene, Thresholds, record_events_request::Record,
    },
    risk::ModelKind,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{
    asked::{START, check, event, outcome, time},
    history::record,
    ruled::{
        Policies, add, change, create, create_list, not_found, precondition, put_in_charge, refused, rule, shadow,
        spec, version_name, wrong,
    },
    scored,
};
use crate::support::platform::{Partner, Platform};

/// Events before the period: more than are read at once.
const HISTORY: usize = 2_100;
/// Events around the period, of which every fifth is recorded only.
const EVENTS: usize = 240;

/// Before every event around the period, which are 240 seconds apart and at most 40,000 seconds late.
const ALL: i64 = START + 2_100 * 240 - 40_000;

/// The `at`-th event, in one of two currencies.
fn money_event(at: usize) -> FraudEvent {
    let mut event = event(at);
    if let Some(amount) = event.amount.as_mut().filter(|_| at.is_multiple_of(3)) {
        "EUR".clone_into(&mut amount.currency_code);
    }
    event
}

/// What the partner reports after some events, about an earlier one.
fn reported(at: usize) -> Option<(usize, FraudLabel)> {
    let labels = [FraudLabel::Fraud, FraudLabel::Genuine, FraudLabel::ChargeBack, FraudLabel::Unsure];
    // Some are reported twice, and the later report counts.
    (at % 2 == 1).then(|| (at - at % 7, labels[at / 2 % 4]))
}

async fn fill(platform: &Platform, bank: &Partner) {
    let history = (0..HISTORY)
        .map(|at| RecordEventsRequest { request_id: format!("h-{at}"), record: Some(Record::Event(money_event(at))) });
    record(platform, bank, history.collect()).await.unwrap();
}

/// Takes the events, with reports between them. Those that are `recorded` are not decided.
async fn take(platform: &Platform, bank: &Partner, recorded: fn(usize) -> bool) -> Vec<Option<CheckFraudResponse>> {
    let mut client = platform.fraud(bank).await;
    let mut answers = Vec::new();
    for at in 0..EVENTS {
        let (id, taken) = (format!("e-{at}"), money_event(HISTORY + at));
        answers.push(if recorded(at) {
            let request = RecordEventsRequest { request_id: id, record: Some(Record::Event(taken)) };
            record(platform, bank, vec![request]).await.unwrap();
            None
        } else {
            let mut request = check(&id, 0);
            request.event = Some(taken);
            Some(client.check_fraud(request).await.unwrap().into_inner())
        });
        if let Some((of, label)) = reported(at) {
            let known = event(HISTORY + at).event_time.unwrap().seconds;
            let report = ReportFraudOutcomeRequest {
                request_id: format!("r-{at}"),
                outcome: outcome(&format!("e-{of}"), label, known),
            };
            client.report_fraud_outcome(report).await.unwrap();
        }
    }
    answers
}

/// The policy in charge.
fn old() -> PolicySpec {
    PolicySpec {
        model: "models/amounts".to_owned(),
        ..spec(&[
            rule("busy", "f.account_count_24h > 25", FraudDecision::Challenge),
            rule("friend", "entity.account in lists.friends", FraudDecision::Allow),
        ])
    }
}

/// The draft: other thresholds and rules, and not for withdrawals.
fn draft() -> PolicySpec {
    PolicySpec {
        scenes: [Scene::Payment, Scene::Login, Scene::Order].map(|scene| scene as i32).to_vec(),
        thresholds: Some(Thresholds { challenge: 700, review: 900, deny: 1_001 }),
        ..spec(&[
            rule("device", "f.device_accounts_24h >= 4", FraudDecision::Review),
            shadow(rule("tried", "event.amount_minor % 2 == 0", FraudDecision::Deny)),
            rule("net", "entity.ip in lists.nets && event.hour < 12", FraudDecision::Deny),
            rule("fraud", "f.account_frauds_30d > 0", FraudDecision::Deny),
            rule("never", "false", FraudDecision::Deny),
        ])
    }
}

async fn prepare(platform: &Platform, id: &str) -> (Partner, Policies) {
    let bank = platform.onboard_replaying(id).await;
    scored::upload(platform, &bank, "amounts", ModelKind::Fraud).await;
    let mut policies = platform.policies(&bank).await;
    create_list(&mut policies, "friends", EntityKind::Account).await.unwrap();
    create_list(&mut policies, "nets", EntityKind::Ip).await.unwrap();
    change(&mut policies, "friends", [add("account-3", None)]).await.unwrap();
    change(&mut policies, "nets", [add("10.1.2.0/28", None)]).await.unwrap();
    fill(platform, &bank).await;
    (bank, policies)
}

async fn backtest(
    client: &mut Policies,
    name: &str,
    start: i64,
    end: i64,
) -> Result<(BacktestReport, Vec<BacktestPolicyResponse>), Status> {
    let request = BacktestPolicyRequest { name: name.to_owned(), start_time: time(start), end_time: time(end) };
    let mut answers = client.backtest_policy(request).await?.into_inner();
    let mut progress = Vec::new();
    while let Some(answer) = answers.message().await? {
        progress.push(answer);
    }
    Ok((progress.last().unwrap().report.clone().unwrap(), progress))
}

/// Counts what a report should say, event by event.
fn expected(
    before: &[Option<CheckFraudResponse>],
    after: &[CheckFraudResponse],
    rules: &[&str],
    counts: impl Fn(usize) -> bool,
) -> BacktestReport {
    let mut labels: BTreeMap<usize, FraudLabel> = BTreeMap::new();
    labels.extend((0..EVENTS).filter_map(reported));
    let mut report = BacktestReport::default();
    let mut changes: BTreeMap<(i32, i32), DecisionChange> = BTreeMap::new();
    let (mut old, mut new) = (Performance::default(), Performance::default());
    let mut hits: BTreeMap<&str, RuleCount> = rules.iter().map(|rule| (*rule, RuleCount::default())).collect();
    for at in (0..EVENTS).filter(|at| counts(*at)) {
        let label = labels.get(&at);
        let fraud = i64::from(matches!(label, Some(FraudLabel::Fraud | FraudLabel::ChargeBack)));
        let genuine = i64::from(matches!(label, Some(FraudLabel::Genuine)));
        report.events += 1;
        report.truncated += i64::from(after[at].features_truncated);
        let was = before[at].as_ref().map_or(0, |answer| answer.decision);
        let is = after[at].decision;
        let change = changes.entry((was, is)).or_default();
        (change.before, change.after) = (was, is);
        change.events += 1;
        change.frauds += fraud;
        change.genuine += genuine;
        if let Some(amount) = money_event(HISTORY + at).amount {
            match change.amounts.iter_mut().find(|sum| sum.currency_code == amount.currency_code) {
                Some(sum) => sum.amount_minor += amount.amount_minor,
                None => change.amounts.push(amount),
            }
        }
        for (performance, decision) in [(&mut old, was), (&mut new, is)] {
            let stopped = decision != FraudDecision::Allow as i32;
            let known = was != 0;
            performance.true_positives += i64::from(known && stopped) * fraud;
            performance.false_positives += i64::from(known && stopped) * genuine;
            performance.false_negatives += i64::from(known && !stopped) * fraud;
            performance.true_negatives += i64::from(known && !stopped) * genuine;
        }
        for hit in &after[at].rules {
            let rule = hits.get_mut(hit.rule.as_str()).unwrap();
            rule.hits += 1;
            rule.frauds += fraud;
            rule.genuine += genuine;
        }
    }
    let number = |count: i64| f64::from(i32::try_from(count).unwrap());
    let share = |part: i64, rest: i64| (part + rest > 0).then(|| number(part) / number(part + rest));
    for performance in [&mut old, &mut new] {
        performance.precision = share(performance.true_positives, performance.false_positives);
        performance.recall = share(performance.true_positives, performance.false_negatives);
    }
    let by_currency = |mut change: DecisionChange| {
        change.amounts.sort_by(|one: &Money, other| one.currency_code.cmp(&other.currency_code));
        change
    };
    report.changes = changes.into_values().map(by_currency).collect();
    (report.before, report.after) = (Some(old), Some(new));
    report.rules = rules.iter().map(|rule| RuleCount { rule: (*rule).to_owned(), ..hits[rule].clone() }).collect();
    report
}

on_both!(a_backtest_says_what_the_draft_would_have_decided, async |world| {
    let platform = Platform::start(world).await;
    let (bank, mut policies) = prepare(&platform, "bank").await;
    put_in_charge(&mut policies, "shop", old()).await;
    let before = take(&platform, &bank, |at| at % 5 == 2).await;
    let stored = create(&mut policies, "draft", PolicySpec { model: "models/amounts".to_owned(), ..draft() }).await;
    let stored = stored.unwrap();
    // A twin that the draft decides for, whose every event is checked.
    let (twin, mut twins) = prepare(&platform, "twin").await;
    put_in_charge(&mut twins, "draft", PolicySpec { model: "models/amounts".to_owned(), ..draft() }).await;
    let after: Vec<_> = take(&platform, &twin, |_| false).await.into_iter().map(Option::unwrap).collect();

    // The start counts and the end does not: both are the times of events.
    let second = |at: usize| money_event(HISTORY + at).event_time.unwrap().seconds;
    let (start, end) = (second(20), second(220));
    let rules = ["device", "tried", "net", "fraud", "never"];
    let counts = |at: usize| (start..end).contains(&second(at)) && after[at].policy_version == stored.name;
    let wanted = expected(&before, &after, &rules, counts);
    assert!(counts(20) || after[20].policy_version != stored.name);
    let (report, progress) = backtest(&mut policies, &stored.name, start, end).await.unwrap();
    assert_eq!(report, wanted);
    assert!(report.changes.len() > 5 && report.rules[..4].iter().all(|rule| rule.hits > 0 && rule.frauds > 0));
    assert!(report.events > 100 && report.after.unwrap().true_positives > 0);

    // Everything is read, in steps, and only the last message has the report.
    let reports = (0..EVENTS).filter(|at| reported(*at).is_some()).count();
    let total = i64::try_from(HISTORY + EVENTS + reports).unwrap();
    assert!(progress.len() >= 3, "{} messages", progress.len());
    assert!(progress.iter().all(|one| one.events_total == total));
    assert!(progress.is_sorted_by_key(|one| one.events_read));
    assert_eq!(progress.last().unwrap().events_read, total);
    assert_eq!(progress.iter().filter(|one| one.report.is_some()).count(), 1);

    // The twin was not backtested, and the next event is the same to both.
    let mut probe = check("probe", HISTORY + EVENTS + 1);
    probe.event = Some(money_event(HISTORY + EVENTS + 1));
    let here = platform.fraud(&bank).await.check_fraud(probe.clone()).await.unwrap().into_inner();
    let there = platform.fraud(&twin).await.check_fraud(probe).await.unwrap().into_inner();
    assert_eq!(here.features, there.features);
    let decisions = world.raw().await.integer("SELECT COUNT(*) FROM decisions WHERE tenant_id = 'bank'").await;
    assert_eq!(decisions, i64::try_from(before.iter().flatten().count()).unwrap() + 1, "a backtest decides");
    platform.stop().await;
});

on_both!(a_backtest_of_the_policy_that_decided_changes_nothing, async |world| {
    let platform = Platform::start(world).await;
    let (bank, mut policies) = prepare(&platform, "bank").await;
    let stored = put_in_charge(&mut policies, "shop", old()).await;
    let before = take(&platform, &bank, |at| at % 5 == 2).await;
    let inside = |at: &usize| money_event(*at).event_time.unwrap().seconds >= ALL;
    let (report, _) = backtest(&mut policies, &stored.name, ALL, 4_000_000_000).await.unwrap();
    assert_eq!(report.before, report.after);
    assert!(report.before.unwrap().true_positives > 0);
    assert!(report.changes.iter().all(|one| one.before == 0 || one.before == one.after), "{:?}", report.changes);
    let changed: i64 = report.changes.iter().filter(|one| one.before != 0).map(|one| one.events).sum();
    assert_eq!(changed, i64::try_from(before.iter().flatten().count()).unwrap());
    assert_eq!(report.events, i64::try_from((0..HISTORY + EVENTS).filter(inside).count()).unwrap());
    // An empty period has nothing in it, but for the rules.
    let (report, _) = backtest(&mut policies, &stored.name, 1_700_000_000, 1_700_000_000).await.unwrap();
    assert_eq!((report.events, report.changes.len(), report.rules.len()), (0, 0, 2));
    assert_eq!(report.before.unwrap().precision, None);

    // What other policies in charge decide is not what one without scenes would.
    let logins = PolicySpec { scenes: vec![Scene::Login as i32], ..spec(&[]) };
    put_in_charge(&mut policies, "logins", logins).await;
    let (report, _) = backtest(&mut policies, &stored.name, ALL, 4_000_000_000).await.unwrap();
    let others = (0..HISTORY + EVENTS).filter(inside).filter(|at| money_event(*at).scene() != Scene::Login).count();
    assert_eq!(report.events, i64::try_from(others).unwrap());

    // While events are being checked, both go on.
    let checking = async {
        let mut client = platform.fraud(&bank).await;
        for at in 0..40 {
            client.check_fraud(check(&format!("beside-{at}"), HISTORY + EVENTS + at)).await.unwrap();
        }
    };
    let mut beside = policies.clone();
    let (tested, ()) = tokio::join!(backtest(&mut beside, &stored.name, ALL, 4_000_000_000), checking);
    assert!(tested.unwrap().0.events >= report.events);
    platform.stop().await;
});

on_both!(a_backtest_needs_a_version_that_fits_a_period_and_room, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut policies = platform.policies(&bank).await;
    let missing = version_name("nobodys", 1);
    assert_eq!(refused(backtest(&mut policies, &missing, 0, 1).await), not_found());
    let fields = wrong(backtest(&mut policies, "nobodys", 2, 1).await).into_iter().map(|one| one.0);
    assert_eq!(fields.collect::<Vec<_>>(), ["name", "end_time"]);
    // The platform's own policy can be tried, also on a log that is empty.
    let own = version_name("platform", 1);
    assert_eq!(backtest(&mut policies, &own, 0, 1).await.unwrap().0.events, 0);
    create_list(&mut policies, "stolen", EntityKind::Card).await.unwrap();
    let naming = spec(&[rule("stolen", "entity.card in lists.stolen", FraudDecision::Deny)]);
    let stored = create(&mut policies, "shop", naming).await.unwrap();
    let delete = riskport::rpc::proto::fraud::DeleteListRequest { name: "fraudLists/stolen".to_owned() };
    policies.delete_list(delete).await.unwrap();
    assert_eq!(refused(backtest(&mut policies, &stored.name, 0, 1).await), precondition("POLICY_UNSUITABLE"));
    let theirs = refused(backtest(&mut platform.policies(&other).await, &stored.name, 0, 1).await);
    assert_eq!(theirs, not_found());

    // Two are played at once, whoever asks; a third comes back later.
    fill(&platform, &bank).await;
    let request = BacktestPolicyRequest { name: own.clone(), start_time: time(0), end_time: time(4_000_000_000) };
    let first = policies.backtest_policy(request.clone()).await.unwrap();
    let second = policies.backtest_policy(request.clone()).await.unwrap();
    let full = policies.backtest_policy(request).await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted);
    assert!(full.get_error_details().retry_info().unwrap().retry_delay.is_some());
    drop((first, second));
    let mut tries = 0;
    while backtest(&mut policies, &own, 0, 1).await.is_err() {
        tries += 1;
        assert!(tries < 100, "a backtest that nobody reads keeps its place");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    platform.stop().await;
});
