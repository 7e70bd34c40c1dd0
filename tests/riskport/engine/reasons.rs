//! Reasons: the largest shortfalls first, with the code and the sentence that fit.

use riskport::domain::credit::{CreditScore, Language};
use serde_json::{Value, json};

use super::{BUILT_IN, SHOP, features, load, score};

fn told(score: &CreditScore) -> Vec<(&str, i32)> {
    score.reasons.iter().map(|one| (one.code.as_str(), one.points_lost)).collect()
}

#[test]
fn the_four_largest_shortfalls_come_largest_first_and_ties_in_the_models_order() {
    // ACCOUNT_AGE loses 70, as do SALES_CHANNEL, NO_HISTORY and RETURNS; PHONE_SHARED 5 and VISITS 1 are the rest.
    let tied = json!({"age_of_account": 0, "channel": "phone", "paid_before": false, "returns": 1});
    let got = score(&load(SHOP), &tied);
    assert_eq!(told(&got), [("ACCOUNT_AGE", 70), ("SALES_CHANNEL", 70), ("NO_HISTORY", 70), ("RETURNS", 70)]);
    assert_eq!(got.other_points_lost, 5 + 1);

    let shared =
        json!({"age_of_account": 10, "channel": "phone", "paid_before": true, "phone_shared": true, "returns": 1});
    let got = score(&load(SHOP), &shared);
    assert_eq!(told(&got), [("PHONE_SHARED", 505), ("SALES_CHANNEL", 70), ("RETURNS", 70), ("ACCOUNT_AGE", 30)]);
    assert_eq!(got.other_points_lost, 1);
}

#[test]
fn a_missing_value_has_a_code_and_a_sentence_of_its_own() {
    let absent = json!({"paid_before": true, "phone_shared": false, "returns": 0, "visits": 50});
    let (card, absent) = (load(SHOP), features(&absent));
    let english = card.score(&absent, Language::English).unwrap();
    assert_eq!(told(&english), [("ACCOUNT_AGE_MISSING", 40), ("SALES_CHANNEL_MISSING", 40)]);
    assert_eq!(english.reasons[0].sentence, "No value was given for age_of_account");
    let chinese = card.score(&absent, Language::Chinese).unwrap();
    assert_eq!(chinese.reasons[0].sentence, "未提供 age_of_account 的数值");
    assert_eq!(told(&chinese), told(&english));
}

#[test]
fn the_built_in_model_explains_in_the_language_asked_for() {
    let late: Value = json!({"credit_limit": 20_000, "repayment_status_1": 3});
    let (card, late) = (load(BUILT_IN), features(&late));
    let (english, chinese) =
        (card.score(&late, Language::English).unwrap(), card.score(&late, Language::Chinese).unwrap());
    assert_eq!(told(&english)[0], ("REPAYMENT_STATUS_1", 225));
    assert_eq!(english.reasons[0].sentence, "The payment of the most recent month was late");
    assert_eq!(chinese.reasons[0].sentence, "最近一个月的还款出现逾期");
    assert_eq!(english.reasons.len(), 4);
    assert!(english.reasons.iter().skip(2).all(|one| one.code.ends_with("_MISSING")), "{:?}", told(&english));
}
