//! What wins: rules for ALLOW, then the most severe of rules and score; what is told of it, and what cannot be told.

use prost_types::{Struct, Value, value::Kind};
use riskport::rpc::proto::{
    common::Money,
    credit::Language,
    fraud::{
        Attribute, AttributeType, CheckFraudRequest, EntityKind, FraudDecision, PolicySpec, Rule, Scene, Thresholds,
    },
    risk::ModelKind,
};
use tonic::Code;

use super::{
    asked::{START, time},
    ruled::{
        codes, create, create_list, hits, not_found, plain, precondition, put_in_charge, refused, rule, shadow, spec,
    },
    scored,
};
use crate::support::platform::Platform;

/// The outcomes of rules, from the mildest on.
const OUTCOMES: [FraudDecision; 4] =
    [FraudDecision::Allow, FraudDecision::Challenge, FraudDecision::Review, FraudDecision::Deny];

fn attribute(name: &str, kind: AttributeType) -> Attribute {
    Attribute { name: name.to_owned(), r#type: kind as i32 }
}

fn with_attributes(mut request: CheckFraudRequest, attributes: &[(&str, Kind)]) -> CheckFraudRequest {
    let fields = attributes.iter().map(|(name, kind)| ((*name).to_owned(), Value { kind: Some(kind.clone()) }));
    request.event.as_mut().unwrap().attributes = Some(Struct { fields: fields.collect() });
    request
}

fn of_amount(mut request: CheckFraudRequest, amount_minor: i64) -> CheckFraudRequest {
    request.event.as_mut().unwrap().amount = Some(Money { currency_code: "CNY".to_owned(), amount_minor });
    request
}

fn text(text: &str) -> Kind {
    Kind::StringValue(text.to_owned())
}

on_both!(allow_wins_and_otherwise_the_most_severe_of_rules_and_score, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    scored::upload(&platform, &bank, "amounts", ModelKind::Fraud).await;
    // Each rule hits when its letter is said; each outcome has a live one and one that is only tried.
    let live = "acrd"
        .chars()
        .zip(OUTCOMES)
        .map(|(letter, outcome)| rule(&format!("live-{letter}"), &format!("attr.say.contains('{letter}')"), outcome));
    let tried = "ACRD".chars().zip(OUTCOMES).map(|(letter, outcome)| {
        let id = format!("tried-{}", letter.to_ascii_lowercase());
        shadow(rule(&id, &format!("attr.say.contains('{letter}')"), outcome))
    });
    let rules: Vec<Rule> = live.chain(tried).collect();
    let policy = PolicySpec {
        model: "models/amounts".to_owned(),
        attributes: vec![attribute("say", AttributeType::Text)],
        ..spec(&rules)
    };
    put_in_charge(&mut platform.policies(&bank).await, "shop", policy).await;
    let mut checks = platform.fraud(&bank).await;
    let amounts = [None, Some(10_001), Some(20_001), Some(30_001)];
    for said in 0..16_usize {
        for (at, amount) in amounts.into_iter().enumerate() {
            // Half of the time everything is tried as well, which changes nothing.
            let tried = if (said + at) % 2 == 0 { "ACRD" } else { "" };
            let letters: String =
                "acrd".chars().enumerate().filter(|(bit, _)| said >> bit & 1 == 1).map(|(_, c)| c).collect();
            let request =
                with_attributes(plain(&format!("e-{said}-{at}")), &[("say", text(&format!("{letters}{tried}")))]);
            let request = match amount {
                Some(amount) => of_amount(request, amount),
                None => request,
            };
            let answer = checks.check_fraud(request).await.unwrap().into_inner();
            let by_rules =
                OUTCOMES.iter().enumerate().filter(|(bit, _)| said >> bit & 1 == 1).map(|(_, outcome)| *outcome);
            let score_decision = OUTCOMES[at];
            let expected =
                if said & 1 == 1 { FraudDecision::Allow } else { by_rules.chain([score_decision]).max().unwrap() };
            assert_eq!(answer.score, Some(scored::score(amount)), "{amount:?}");
            assert_eq!(
                (answer.decision(), answer.score_decision()),
                (expected, score_decision),
                "{letters} {amount:?}"
            );
            let live = letters.chars().map(|letter| (format!("live-{letter}"), false));
            let told = live.chain(tried.chars().map(|letter| (format!("tried-{}", letter.to_ascii_lowercase()), true)));
            let hit = hits(&answer).into_iter().map(|(rule, shadow)| (rule.to_owned(), shadow));
            assert_eq!(hit.collect::<Vec<_>>(), told.collect::<Vec<_>>());
            // Reasons: the live rules that are no ALLOW, and then what raised the score, when the score speaks against it.
            let mut reasons: Vec<_> = letters
                .chars()
                .filter(|letter| *letter != 'a')
                .map(|letter| format!("LIVE_{letter}").to_uppercase())
                .collect();
            reasons.extend((at > 0).then(|| "AMOUNT_MINOR".to_owned()));
            assert_eq!(codes(&answer), reasons);
            assert!(answer.reasons.iter().all(|one| (one.contribution > 0.0) == (one.feature == "amount_minor")));
        }
    }
    platform.stop().await;
});

on_both!(priorities_order_the_reasons_in_both_languages, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let at = |priority: i32, rule: Rule| Rule { priority, ..rule };
    let rules = [
        at(0, rule("last", "true", FraudDecision::Deny)),
        at(500, rule("second", "true", FraudDecision::Challenge)),
        at(1_000, shadow(rule("tried", "true", FraudDecision::Deny))),
        at(1_000, rule("first", "true", FraudDecision::Challenge)),
        at(500, Rule { sentence_zh: String::new(), ..rule("third", "true", FraudDecision::Review) }),
        at(900, rule("missed", "false", FraudDecision::Deny)),
    ];
    put_in_charge(&mut platform.policies(&bank).await, "shop", spec(&rules)).await;
    let mut checks = platform.fraud(&bank).await;
    let sentences = async |id: &str, language: Language| {
        let request = CheckFraudRequest { language: language as i32, ..plain(id) };
        let answer = checks.clone().check_fraud(request).await.unwrap().into_inner();
        assert_eq!(answer.decision(), FraudDecision::Deny);
        // Rules are told in the policy's order.
        let told = [("last", false), ("second", false), ("tried", true), ("first", false), ("third", false)];
        assert_eq!(hits(&answer), told);
        assert_eq!(
            answer.reasons.iter().map(|one| &*one.rule).collect::<Vec<_>>(),
            ["first", "second", "third", "last"]
        );
        answer.reasons.into_iter().map(|reason| reason.sentence).collect::<Vec<_>>()
    };
    let english = ["first", "second", "third", "last"].map(|id| format!("The rule {id} hits."));
    assert_eq!(sentences("e-1", Language::En).await, english);
    assert_eq!(sentences("e-2", Language::Unspecified).await, english);
    let chinese = ["规则first命中。", "规则second命中。", "The rule third hits.", "规则last命中。"];
    assert_eq!(sentences("e-3", Language::Zh).await, chinese);
    let _ = &mut checks;
    platform.stop().await;
});

on_both!(what_is_missing_never_hits, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    create_list(&mut policies, "stolen", EntityKind::Device).await.unwrap();
    let conditions = [
        ("number", "attr.basket < 5.0"),
        ("number-not", "attr.basket != 5.0"),
        ("number-negated", "!(attr.basket >= 5.0)"),
        ("text", "attr.channel == 'web'"),
        ("text-not", "attr.channel != 'web'"),
        ("flag", "attr.vip"),
        ("flag-negated", "!attr.vip"),
        ("feature", "f.card_mean_1h < 1000000.0"),
        ("feature-not", "!(f.card_mean_1h < 1000000.0)"),
        ("score", "model.score >= 0"),
        ("amount", "event.amount_minor >= 0"),
        ("list", "entity.device in lists.stolen"),
        ("list-not", "!(entity.device in lists.stolen)"),
        ("division", "event.hour / (event.hour - event.hour) == 0"),
        ("overflow", "9223372036854775807 + event.weekday + 1 > 0"),
        // One side alone decides.
        ("absent", "!has(attr.basket)"),
        ("either", "attr.vip || true"),
        ("present", "has(attr.basket)"),
    ];
    let rules = conditions.map(|(id, condition)| rule(id, condition, FraudDecision::Review));
    let attributes = vec![
        attribute("basket", AttributeType::Number),
        attribute("channel", AttributeType::Text),
        attribute("vip", AttributeType::Flag),
    ];
    put_in_charge(&mut policies, "shop", PolicySpec { attributes, ..spec(&rules) }).await;
    let mut checks = platform.fraud(&bank).await;
    let mut hit = async |id: &str, attributes: &[(&str, Kind)]| {
        let answer = checks.check_fraud(with_attributes(plain(id), attributes)).await.unwrap().into_inner();
        hits(&answer).into_iter().map(|(rule, _)| rule.to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(hit("none", &[]).await, "score absent either");
    let null = Kind::NullValue(0);
    assert_eq!(hit("null", &[("basket", null), ("other", Kind::NumberValue(1.0))]).await, "score absent either");
    // What is given as something else counts as missing.
    let wrong = [("basket", text("4")), ("channel", Kind::BoolValue(true)), ("vip", Kind::NumberValue(1.0))];
    assert_eq!(hit("wrong", &wrong).await, "score absent either");
    let right = [("basket", Kind::NumberValue(4.0)), ("channel", text("web")), ("vip", Kind::BoolValue(true))];
    assert_eq!(hit("right", &right).await, "number number-not number-negated text flag score either present");
    let other = [("basket", Kind::NumberValue(5.0)), ("channel", text("app")), ("vip", Kind::BoolValue(false))];
    assert_eq!(hit("other", &other).await, "text-not flag-negated score either present");
    platform.stop().await;
});

on_both!(rules_see_the_event_where_it_happened, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard_replaying("trial").await;
    // START is a Friday, 00:00 UTC.
    let rules = [
        ("utc", "event.hour == 0 && event.weekday == 4"),
        ("west", "event.hour == 19 && event.weekday == 3"),
        ("game", "event.scene == 'x-game'"),
        ("payment", "event.scene == 'payment' && event.currency == 'CNY' && event.amount_minor == 5"),
        ("time", "event.time == timestamp('2026-01-09T00:00:00Z')"),
        ("feature", "f.account_count_24h >= 2 && f.scene == 'payment'"),
    ];
    let rules = rules.map(|(id, condition)| rule(id, condition, FraudDecision::Review));
    put_in_charge(&mut platform.policies(&bank).await, "shop", spec(&rules)).await;
    let mut checks = platform.fraud(&bank).await;
    let request = |id: &str| {
        let mut request = of_amount(plain(id), 5);
        request.event.as_mut().unwrap().event_time = time(START);
        request.event.as_mut().unwrap().scene = Scene::Payment as i32;
        request
    };
    let answer = checks.check_fraud(request("e-1")).await.unwrap().into_inner();
    assert_eq!(hits(&answer).len(), 3, "{:?}", answer.rules);
    assert_eq!(answer.rules.iter().map(|hit| &*hit.rule).collect::<Vec<_>>(), ["utc", "payment", "time"]);
    let mut west = request("e-2");
    let event = west.event.as_mut().unwrap();
    (event.utc_offset_minutes, event.scene, event.custom_scene) =
        (Some(-300), Scene::Custom as i32, "x-game".to_owned());
    let answer = checks.check_fraud(west).await.unwrap().into_inner();
    assert_eq!(answer.rules.iter().map(|hit| &*hit.rule).collect::<Vec<_>>(), ["west", "game", "time"]);
    let answer = checks.check_fraud(request("e-3")).await.unwrap().into_inner();
    assert_eq!(answer.rules.iter().map(|hit| &*hit.rule).collect::<Vec<_>>(), ["utc", "payment", "time", "feature"]);
    platform.stop().await;
});

on_both!(a_policy_scores_with_a_model_that_fits, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    scored::upload(&platform, &bank, "amounts", ModelKind::Fraud).await;
    scored::upload(&platform, &bank, "generic", ModelKind::Generic).await;
    let mut policies = platform.policies(&bank).await;
    let with = |model: &str| PolicySpec { model: format!("models/{model}"), ..spec(&[]) };
    assert_eq!(refused(create(&mut policies, "shop", with("generic")).await), precondition("MODEL_UNSUITABLE"));
    assert_eq!(refused(create(&mut policies, "shop", with("nobodys")).await), not_found());
    // The thresholds are the policy's own.
    let thresholds = Some(Thresholds { challenge: 100, review: 651, deny: 1_001 });
    put_in_charge(&mut policies, "shop", PolicySpec { thresholds, ..with("amounts") }).await;
    let mut checks = platform.fraud(&bank).await;
    for (amount, expected) in [
        (10_000, FraudDecision::Challenge),
        (20_000, FraudDecision::Challenge),
        (30_000, FraudDecision::Review),
        (40_000, FraudDecision::Review),
    ] {
        let answer = checks.check_fraud(of_amount(plain(&format!("e-{amount}")), amount)).await.unwrap().into_inner();
        assert_eq!((answer.decision(), answer.score), (expected, Some(scored::score(Some(amount)))));
        assert!((answer.probability.unwrap() - scored::probability(answer.score.unwrap())).abs() < 1e-9);
        assert_eq!(answer.model_version, "models/amounts/versions/1");
        assert_eq!(answer.model_digest.len(), 64);
    }
    // Another tenant has no such model.
    let other = platform.onboard("south-bank").await;
    let theirs = create(&mut platform.policies(&other).await, "shop", with("amounts")).await;
    assert_eq!(refused(theirs).0, Code::NotFound);
    platform.stop().await;
});
