//! A partner's scorecard: the same loader, other types, other points.

use riskport::{domain::credit::Language, engine::Scorecard};
use serde_json::{Value, json};

use super::{SHOP, assert_adds_up, features, load, score};

fn shop() -> Scorecard {
    load(SHOP)
}

/// The fields that a score refuses, in the order they are told.
fn refused(from: &Value) -> Vec<(String, String)> {
    let refused = shop().score(&features(from), Language::English).unwrap_err();
    refused.as_slice().iter().map(|one| (one.field.clone(), one.description.clone())).collect()
}

#[test]
fn categories_flags_and_numbers_score_by_the_same_loader() {
    let card = shop();
    assert_eq!(card.version_name(), "models/shop-instalments/versions/4");
    assert_eq!(card.bands().collect::<Vec<_>>(), ["good", "fair", "poor"]);

    let best = json!({"age_of_account": 24, "channel": "web", "paid_before": true, "phone_shared": false, "returns": 0.49,
                      "visits": 10});
    let got = score(&card, &best);
    assert_eq!((got.score, got.clamp_points, got.band.as_str()), (520 + 30 + 20 + 60 + 5 + 10 + 1, 0, "good"));
    assert!(got.reasons.is_empty() && got.other_points_lost == 0);

    // By hand: 511 points are (511 - 500) / 40 doublings above odds of 10 to 1.
    let plain = json!({"age_of_account": 5.99, "channel": "app", "paid_before": false, "returns": 0, "phone_shared": null,
                       "visits": 9});
    let got = score(&card, &plain);
    assert_eq!((got.score, got.band.as_str()), (520 - 40 + 20 - 10 + 10, "fair"));
    let odds = 10.0;
    assert!((got.probability_of_default - 1.0 / (1.0 + odds)).abs() < 1e-12, "{}", got.probability_of_default);
}

#[test]
fn a_score_below_the_range_is_clamped_and_its_pd_is_not() {
    let worst =
        json!({"age_of_account": 0, "channel": "phone", "paid_before": false, "phone_shared": true, "returns": 1});
    let got = score(&shop(), &worst);
    let unclamped = 520 - 40 - 50 - 10 - 500 - 60;
    assert_eq!((got.score, got.clamp_points, got.band.as_str()), (100, 100 - unclamped, "poor"));
    let at_the_edge = 1.0 / (1.0 + 10.0 * 2_f64.powf((100.0 - 500.0) / 40.0));
    assert!(got.probability_of_default > at_the_edge);
    assert_adds_up(&super::json(SHOP), &got);
}

#[test]
fn all_that_does_not_fit_the_schema_is_refused_at_once() {
    let field = |name: &str| format!("features.{name}");
    let wrong = json!({"age_of_account": -1, "channel": true, "phone_shared": "true", "returns": 1.01, "visits": "many",
                       "vists": 3});
    assert_eq!(
        refused(&wrong),
        [
            (field("vists"), "is not a feature of the model".to_owned()),
            (field("age_of_account"), "must be 0 to inf".to_owned()),
            (field("channel"), "must be a text".to_owned()),
            (field("paid_before"), "is required by the model".to_owned()),
            (field("phone_shared"), "must be true or false".to_owned()),
            (field("returns"), "must be 0 to 1".to_owned()),
            (field("visits"), "must be a number".to_owned()),
        ]
    );
    let unknown = json!({"channel": "fax", "paid_before": true});
    assert_eq!(refused(&unknown), [(field("channel"), "is not one of the model's values".to_owned())]);
}
