//! `riskport price`, as a person runs it: the built program beside a real server.

use std::{fs, path::Path};

use riskport::rpc::proto::tenant::Scope;

use crate::support::command::{folder, printed, refused, served_at};

/// A file that comes with the program.
fn bundled(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/pricing").join(name).display().to_string()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

/// The columns of the first line that begins with a word.
fn line<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = lines.into_iter().find(|line| line.first().is_some_and(|column| *column == first));
    found.unwrap_or_else(|| panic!("no line of {first:?} in:\n{text}"))
}

#[test]
fn a_plan_is_checked_and_drawn_without_a_server() {
    let folder = folder();
    let drawn = printed(&["price", "check", &bundled("account-safety.toml")]);
    has_all(&drawn, &["its price never falls when the risk rises", "0.88 CNY (floor)", "2.88 CNY (cap)", "█"]);
    let drawn = printed(&["price", "check", &bundled("consumer-loan.toml")]);
    has_all(&drawn, &["300,000.00 CNY over 60 months", "17.62 %"]);
    let text = fs::read_to_string(bundled("account-safety.toml")).unwrap();
    let falls = written(folder.path(), "falls.toml", &text.replace(r#"["0.5", "0.0005"]"#, r#"["0.5", "0.0002"]"#));
    let told = refused(&["price", "check", &falls]);
    has_all(&told, &["cannot be used, 1 fault", "the premium falls when the risk rises", "at risk 0.3 and"]);
    let many = text.replace("cap_minor = 288", "cap_minor = 8").replace(r#"share = "0.06""#, r#"share = "0,06""#);
    let told = refused(&["price", "check", &written(folder.path(), "many.toml", &many)]);
    has_all(
        &told,
        &["2 faults", "insurance.cap_minor: must be 88 to", "insurance.loadings[2].share: must be a decimal"],
    );
    let told = refused(&["price", "check", &written(folder.path(), "none.toml", "title = 'x'\nprice = 1")]);
    has_all(&told, &["is no rate plan", "price"]);
}

#[test]
fn a_portfolio_is_priced_by_a_file_and_its_sums_are_those_of_its_rows() {
    let folder = folder();
    let rows: Vec<String> = (0..50).map(|at| format!("c{at},0.{:03},{}", at * 10, u8::from(at > 40))).collect();
    let applicants = written(folder.path(), "applicants.csv", &format!("id,risk,bad\n{}\n", rows.join("\n")));
    let out = folder.path().join("prices.csv").display().to_string();
    let plan = bundled("account-safety.toml");
    let told = printed(&["price", "simulate", &plan, &applicants, "--bands", "4", "--out", &out]);
    let prices = fs::read_to_string(&out).unwrap();
    let prices: Vec<Vec<&str>> = prices.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let sum = |at: usize| prices.iter().map(|row| row[at].parse::<i64>().unwrap()).sum::<i64>();
    assert_eq!((prices.len(), prices[0][0], prices[0][1]), (50, "c0", "0.000000000000"));
    let money = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    let (price, loss, profit) = (sum(2), sum(4), sum(5));
    let all = line(&told, "all");
    assert_eq!(all[1..4], ["50", &money(price / 50), "CNY"], "{told}");
    assert_eq!((all[4], all[8]), (money(loss).as_str(), money(profit).as_str()), "{told}");
    has_all(
        &told,
        &["Premiums, and how many pay them", &format!("{} CNY of {} CNY in prices", money(loss), money(price))],
    );
    assert_eq!(told.lines().filter(|line| line.contains("% ") && line.contains('-')).count(), 4, "{told}");
    // Somebody without a risk needs a server; somebody who is refused is told and does not end it.
    let without = written(folder.path(), "without.csv", "id,credit_limit\nc1,50000\n");
    has_all(&refused(&["price", "simulate", &plan, &without]), &["c1 has no risk", "riskport price"]);
    let some = written(folder.path(), "some.csv", "id,risk,principal_minor\nc1,0.1,1\nc2,0.1,2000000\n");
    let told = printed(&["price", "simulate", &bundled("consumer-loan.toml"), &some]);
    has_all(&told, &["over 1 applicants", "refused: 1 applicants, the first of them c1: loan.principal.amount_minor"]);
    let wrong = written(folder.path(), "wrong.csv", "id,risk\nc1,2\n");
    has_all(&refused(&["price", "simulate", &plan, &wrong]), &["row 1: risk must be"]);
}

on_both!(a_plan_goes_from_a_file_over_a_simulation_into_charge_and_gives_quotes, async |world| {
    let folder = folder();
    // As many requests a second as a tenant has that asks for nothing else: fewer than the sample has clients.
    let (_process, bank) = served_at(world, folder.path(), &[Scope::PricingPlan, Scope::PricingQuote], 100).await;
    let plan = bundled("consumer-loan.toml");
    has_all(
        &bank.prints(&["price", "push", &plan, "--plan", "loans"]),
        &["loans/1 is draft", "price simulate loans/1"],
    );
    let told = bank.prints(&["price", "simulate", "loans/1", "--sample", "--term-months", "12"]);
    has_all(
        &told,
        &["loans/1 over 400 applicants", "Annual rates, and how many get them", "expected loss ratio", "BAD"],
    );
    assert_eq!(line(&told, "all")[1], "400");
    has_all(&bank.prints(&["price", "activate", "loans/1"]), &["loans/1 is active"]);
    let listed = bank.prints(&["price", "plans"]);
    assert_eq!(line(&listed, "loans/1")[1..4], ["active", "you", "loans"]);
    assert_eq!(line(&listed, "account-safety/1")[1..5], ["active", "the", "platform", "insurance"]);
    let shown: serde_json::Value = serde_json::from_str(&bank.prints(&["price", "show", "loans/1"])).unwrap();
    assert_eq!(shown["spec"]["loan"]["hurdle_rate"], "0.12");

    let request = r#"{"request_id": "q-1", "subject": "client-1", "plan": "loans",
        "features": {"credit_limit": 60000, "repayment_status_1": 2, "payment_amount_1": 2410},
        "loan": {"principal": {"currency_code": "CNY", "amount_minor": 5000000}, "term_months": 24}}"#;
    let quoted = bank.prints_of(&["price", "quote", "-"], request);
    has_all(&quoted, &["50,000.00 CNY over 24 months", "expected-loss", "instalments", "loans/1", "card-behaviour/1"]);
    let answer: serde_json::Value =
        serde_json::from_str(&bank.prints_of(&["price", "quote", "-", "--json"], request)).unwrap();
    let terms = answer["quote"]["price"]["terms"].as_array().unwrap();
    let minor = |value: &serde_json::Value| value["amount_minor"].as_str().unwrap_or("0").parse::<i64>().unwrap();
    assert_eq!(terms.iter().map(minor).sum::<i64>(), minor(&answer["quote"]["price"]["total"]));
    let id = answer["quote"]["name"].as_str().unwrap().trim_start_matches("decisions/");
    has_all(&quoted, &[&format!("price accept {id}")]);
    has_all(&bank.prints(&["price", "accept", id, "--id", "a-1"]), &["accepted at", id]);
    has_all(&bank.prints(&["price", "accept", id, "--id", "a-1"]), &["accepted at"]);
    has_all(&bank.is_refused(&["price", "accept", id]), &["accepted before, under another request id"]);
    has_all(&bank.prints(&["price", "retire", "loans"]), &["loans/1 is retired"]);
    has_all(&bank.is_refused(&["price", "activate", "loans/9"]), &["`riskport price plans` lists what there is"]);
    has_all(&bank.is_refused(&["price", "quote", &plan]), &["is no request for a quote"]);
});
