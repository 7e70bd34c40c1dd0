//! The whole path: a policy from a file to being in charge, over events, lists, outcomes and the past, and back.

use super::{ANALYST, bundled, file, make_lists, policy};
use crate::support::command::{Caller, folder, served};

/// Checks a payment of client-1 with some card, under an id of its own.
fn check(bank: &Caller, id: &str, card: &str, more: &[&str]) -> String {
    let event = format!(
        r#"{{"request_id": "{id}", "event": {{"scene": "payment",
            "amount": {{"currency_code": "CNY", "amount_minor": 128000}},
            "entities": {{"account": "client-1", "card": "{card}", "device": "phone-7"}}}}}}"#
    );
    bank.prints_of(&[&["check-fraud", "-"], more].concat(), &event)
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

on_both!(an_analyst_takes_a_policy_from_a_file_into_charge_and_back, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let file_name = bundled();
    has_all(&bank.prints(&["policy", "show"]), &["no policy yet", "policy push"]);
    make_lists(&bank);
    has_all(&bank.prints(&["policy", "check", &file_name]), &["11 rules, 1 of them in shadow; payment, withdrawal"]);
    has_all(&bank.prints(&["policy", "push", &file_name, "--policy", "payments"]), &["payments/1 is draft"]);
    has_all(&check(&bank, "payment-1", "tok-91", &[]), &["ALLOW", "policy     platform/1", "event      payment-1"]);

    let active = bank.prints(&["policy", "activate", "payments/1"]);
    assert_eq!(active, "payments/1 is active: it decides payment, withdrawal\n");
    has_all(&check(&bank, "payment-2", "tok-91", &[]), &["ALLOW", "payments/1", "card known, seen within a day"]);
    assert_eq!(
        bank.prints(&["list", "add", "stolen_cards", "tok-91"]),
        "stolen_cards: 1 added; 1 entry now, revision 1\n"
    );
    let denied = check(&bank, "payment-3", "tok-91", &[]);
    has_all(&denied, &["DENY", "STOLEN_CARD: The card was reported as stolen. (rule stolen-card)"]);
    has_all(&denied, &["the card is on stolen_cards", "1 account linked by 2 things (density 1.00)"]);
    let answer: serde_json::Value = serde_json::from_str(&check(&bank, "payment-4", "tok-91", &["--json"])).unwrap();
    assert_eq!(answer["decision"], "FRAUD_DECISION_DENY");
    assert_eq!(answer["policy_version"], "fraudPolicies/payments/versions/1");

    for (event, label) in [("payment-1", "fraud"), ("payment-3", "charge-back"), ("payment-2", "genuine")] {
        let known = bank.prints(&["report-fraud", event, "--label", label]);
        has_all(&known, &[&format!("{event} is known as {label} from ")]);
    }
    tells_the_past(&bank);

    has_all(&bank.prints(&["policy", "retire", "payments"]), &["payments/1 is retired", "activate payments/1"]);
    has_all(&check(&bank, "payment-5", "tok-92", &[]), &["policy     platform/1"]);
    assert_eq!(bank.line(&["policy", "show", "payments"], "payments/1")[1], "retired");
});

/// What a backtest says of the four events: two were let through, of which one was a fraud.
fn tells_the_past(bank: &Caller) {
    let told = bank.prints(&["policy", "backtest", "payments/1"]);
    has_all(&told, &["payments/1 over all stored events: it decides 4, 2 of 4 otherwise than before", "3 in all"]);
    let line = |first: &[&str]| {
        let lines = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.into_iter().find(|line| line.starts_with(first)).unwrap_or_else(|| panic!("no {first:?} in:\n{told}"))
    };
    assert_eq!(line(&["ALLOW", "DENY"])[2..], ["2", "1", "1", "2,560.00", "CNY"]);
    assert_eq!(line(&["DENY", "DENY"])[2..], ["2", "1", "0", "2,560.00", "CNY"]);
    assert_eq!(line(&["precision"])[1..5], ["100.0", "%", "66.7", "%"]);
    assert_eq!(line(&["recall"])[1..5], ["50.0", "%", "100.0", "%"]);
    assert_eq!(line(&["genuine", "stopped"])[2..], ["0", "of", "1", "1", "of", "1"]);
    assert_eq!(line(&["stolen-card"])[1..], ["4", "2", "1"]);
    let none = bank.prints(&["policy", "backtest", "payments/1", "--end", "2020-01-01"]);
    has_all(&none, &["decides none of events from the first to before 2020-01-01", "riskport replay"]);
}

on_both!(versions_take_turns_and_what_stands_in_the_way_is_told_with_the_way_out, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let push = |name: &str, text: &str| {
        let path = file(folder.path(), "policy.toml", text);
        bank.prints(&["policy", "push", &path, "--policy", name])
    };
    bank.prints(&["list", "create", "stolen_cards", "--entity", "card"]);
    push("payments", &policy("'payment'", "entity.card in lists.stolen_cards"));
    push("payments", &policy("'payment', 'login'", "event.amount_minor > 5"));
    push("logins", &policy("'login'", "event.hour < 6"));
    bank.prints(&["policy", "activate", "payments/1"]);
    let in_use = bank.is_refused(&["list", "delete", "stolen_cards"]);
    has_all(&in_use, &["a policy in charge names the list", "activate a version that does not name it"]);
    bank.prints(&["policy", "activate", "payments/2"]);
    assert_eq!(bank.line(&["policy", "show"], "payments/1")[1], "retired");
    assert_eq!(bank.line(&["policy", "show"], "payments/2")[1..4], ["active", "payment,", "login"]);
    has_all(&bank.is_refused(&["policy", "activate", "logins/1"]), &["another policy in charge", "policy show"]);

    // What the version that was in charge names is gone: the server says so when it is checked once more.
    assert_eq!(bank.prints(&["list", "delete", "stolen_cards"]), "stolen_cards is deleted\n");
    let unsuitable = bank.is_refused(&["policy", "activate", "payments/1"]);
    has_all(&unsuitable, &["payments/1 cannot be used, 1 fault", "rule 1 (only), condition: line 1, column 16"]);

    let shown = bank.prints(&["policy", "show", "payments/2"]);
    has_all(&shown, &["payments/2 is active", "REVIEW", "event.amount_minor > 5", "ONLY: Only this."]);
    has_all(&bank.prints(&["policy", "show", "platform/1"]), &["platform/1 is active", "the score alone decides"]);
    for missing in
        [["policy", "activate", "payments/9"], ["policy", "retire", "nothing"], ["policy", "backtest", "x/1"]]
    {
        has_all(&bank.is_refused(&missing), &["no such", "`riskport policy show` lists what there is"]);
    }
});
