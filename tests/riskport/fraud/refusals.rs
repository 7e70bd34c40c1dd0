//! What is refused when a policy is stored: each field by its name, each condition with the place and what was expected
//! there; at once, whatever is written; and the largest policy that is taken runs.

use std::time::{Duration, Instant};

use riskport::{
    domain::{
        fraud::{FraudDecision as Outcome, ListId, MAX_RULES, PolicySpec as Policy, Rule as PolicyRule, RuleMode},
        refusal::MAX_VIOLATIONS,
    },
    engine::{CompiledPolicy, rule::MAX_SOURCE_BYTES},
    rpc::proto::fraud::{
        Attribute, AttributeType, CreatePolicyVersionRequest, EntityKind, FraudDecision, PolicySpec, Rule, Scene,
        Thresholds,
    },
};
use tonic::Code;

use super::ruled::{create, create_list, plain, put_in_charge, refused, rule, spec, wrong};
use crate::{rules::world::World, support::platform::Platform};

on_both!(a_refusal_names_the_rule_the_place_and_what_was_expected, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    create_list(&mut policies, "stolen", EntityKind::Card).await.unwrap();
    let too_long = format!("true // {}", "x".repeat(2_041));
    let too_deep = format!("{}true{}", "(".repeat(33), ")".repeat(33));
    let table = [
        ("f.card_cuont_1h > 3", "line 1, column 1: f.card_cuont_1h is unknown: the nearest name is f.card_count_1h"),
        ("true &&\n attr.vip", "line 2, column 2: attr.vip is unknown"),
        ("entity.card in lists.stollen", "column 16: lists.stollen is unknown: the nearest name is lists.stolen"),
        (
            "entity.account in lists.stolen",
            "column 1: entity.account is held against lists.stolen: expected entity.card",
        ),
        ("f.card_count_1h > 'abc'", "column 19: right of '>' is a string: expected an int, as on the left"),
        ("event.hour + 1.0 > 2.0", "column 14: '+' stands between an int and a double"),
        ("event.amount_minor", "column 1: the condition is an int: expected a bool"),
        ("event.scene.matches('(a+)+b')", "column 13: matches is no function of a value: expected size, startsWith"),
        ("[1, 2].exists(x, x > 1)", "column 1: '[' is there: expected a name, a literal or '('"),
        ("event.hour >", "column 13: the end is there: expected a name, a literal or '('"),
        ("", "column 1: the end is there"),
        (&too_long, "column 1: the condition has 2049 bytes, and may have 2048"),
        (&too_deep, "more than 32 levels lie within each other here"),
    ];
    // All of them are told at once, by their rules.
    let rules: Vec<_> = table
        .iter()
        .enumerate()
        .flat_map(|(at, (condition, _))| {
            [
                rule(&format!("good-{at}"), "true", FraudDecision::Deny),
                rule(&format!("bad-{at}"), condition, FraudDecision::Deny),
            ]
        })
        .collect();
    let told = wrong(create(&mut policies, "shop", spec(&rules)).await);
    assert_eq!(told.len(), table.len());
    for (at, ((field, description), (condition, expected))) in told.iter().zip(table).enumerate() {
        assert_eq!(*field, format!("spec.rules[{}].condition", 2 * at + 1));
        assert!(description.contains(expected), "{condition}: {description}");
    }
    platform.stop().await;
});

on_both!(a_refusal_names_every_field, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let good = || rule("r", "true", FraudDecision::Deny);
    let with = |rule: Rule| spec(&[rule]);
    let thresholds =
        |challenge, review, deny| PolicySpec { thresholds: Some(Thresholds { challenge, review, deny }), ..spec(&[]) };
    let attributes = |names: &[&str], kind: i32| PolicySpec {
        attributes: names.iter().map(|name| Attribute { name: (*name).to_owned(), r#type: kind }).collect(),
        ..spec(&[])
    };
    let number = AttributeType::Number as i32;
    let many = |count: usize| {
        spec(&(0..count).map(|at| rule(&format!("r-{at}"), "true", FraudDecision::Deny)).collect::<Vec<_>>())
    };
    let scenes = |scenes: &[Scene], custom: &[&str]| PolicySpec {
        scenes: scenes.iter().map(|scene| *scene as i32).collect(),
        custom_scenes: custom.iter().map(|&scene| scene.to_owned()).collect(),
        ..spec(&[])
    };
    let two = |id: &str| spec(&[good(), Rule { id: id.to_owned(), ..good() }]);
    let table: Vec<(PolicySpec, &[&str])> = vec![
        (PolicySpec { thresholds: None, ..spec(&[]) }, &["spec.thresholds"]),
        (thresholds(-1, 5, 1_002), &["spec.thresholds.challenge", "spec.thresholds.deny"]),
        (thresholds(10, 9, 20), &["spec.thresholds"]),
        (with(Rule { id: "R".to_owned(), ..good() }), &["spec.rules[0].id"]),
        (two("r"), &["spec.rules[1].id"]),
        (with(Rule { outcome: 0, ..good() }), &["spec.rules[0].outcome"]),
        (with(Rule { outcome: 9, mode: 7, ..good() }), &["spec.rules[0].outcome", "spec.rules[0].mode"]),
        (with(Rule { reason_code: "lower".to_owned(), ..good() }), &["spec.rules[0].reason_code"]),
        (
            with(Rule { sentence_en: String::new(), priority: 1_001, ..good() }),
            &["spec.rules[0].sentence_en", "spec.rules[0].priority"],
        ),
        (with(Rule { sentence_zh: "规".repeat(201), ..good() }), &["spec.rules[0].sentence_zh"]),
        (many(201), &["spec.rules"]),
        (attributes(&["a", "a", "B"], number), &["spec.attributes[1].name", "spec.attributes[2].name"]),
        (attributes(&["a"], 0), &["spec.attributes[0].type"]),
        (attributes(&["a"; 65], number), &["spec.attributes"]),
        (
            scenes(&[Scene::Unspecified, Scene::Custom], &["game"]),
            &["spec.scenes[0]", "spec.scenes[1]", "spec.custom_scenes[0]"],
        ),
        (scenes(&[Scene::Login, Scene::Login], &[]), &["spec.scenes"]),
        (PolicySpec { model: "amounts".to_owned(), ..spec(&[]) }, &["spec.model"]),
        // A condition is told beside what is wrong around it.
        (
            with(Rule { priority: -1, condition: "1".to_owned(), ..good() }),
            &["spec.rules[0].priority", "spec.rules[0].condition"],
        ),
    ];
    for (spec, fields) in table {
        let told: Vec<_> =
            wrong(create(&mut policies, "shop", spec.clone()).await).into_iter().map(|one| one.0).collect();
        assert_eq!(told, fields, "{spec:?}");
    }
    let request = CreatePolicyVersionRequest { policy: "Shop".to_owned(), spec: None, validate_only: false };
    let told: Vec<_> = wrong(policies.create_policy_version(request).await).into_iter().map(|one| one.0).collect();
    assert_eq!(told, ["policy", "spec"]);
    // Nothing of all that was stored.
    assert_eq!(create(&mut policies, "shop", many(200)).await.unwrap().name, "fraudPolicies/shop/versions/1");
    platform.stop().await;
});

on_both!(the_largest_policy_that_fits_a_message_decides, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    // 200 rules of some 1,200 bytes: nothing larger fits the 256 KiB of a message.
    let condition = format!("{}f.account_count_1h >= 0", "f.account_count_1h < 0 || ".repeat(42));
    let rules: Vec<_> = (0..200).map(|at| rule(&format!("r-{at}"), &condition, FraudDecision::Review)).collect();
    let started = Instant::now();
    put_in_charge(&mut policies, "shop", spec(&rules)).await;
    println!("{:?}: stored and put in charge in {:?}", world.database, started.elapsed());
    let mut checks = platform.fraud(&bank).await;
    for at in 0..3 {
        let started = Instant::now();
        let answer = checks.check_fraud(plain(&format!("e-{at}"))).await.unwrap().into_inner();
        println!("{:?}: decided by 200 large rules in {:?}", world.database, started.elapsed());
        assert_eq!((answer.rules.len(), answer.reasons.len()), (200, 200));
    }
    let larger: Vec<_> =
        (0..200).map(|at| rule(&format!("r-{at}"), &condition.repeat(2), FraudDecision::Review)).collect();
    assert_eq!(refused(create(&mut policies, "shop", spec(&larger)).await).0, Code::ResourceExhausted);
    platform.stop().await;
});

/// A policy of so many rules with one condition.
fn policy(rules: usize, condition: &str) -> Policy {
    let rule = |at: usize| PolicyRule {
        id: format!("r-{at}"),
        condition: condition.to_owned(),
        outcome: Outcome::Deny,
        reason_code: "R".to_owned(),
        sentence_en: "It hits.".to_owned(),
        sentence_zh: String::new(),
        priority: 0,
        mode: RuleMode::Live,
    };
    Policy { rules: (0..rules).map(rule).collect(), ..Policy::platform() }
}

/// A piece so often that the source is as long as it may be, between a beginning and an end.
fn full(start: &str, piece: &str, end: &str) -> String {
    let times = (MAX_SOURCE_BYTES - start.len() - end.len()) / piece.len();
    format!("{start}{}{end}", piece.repeat(times))
}

#[test]
fn rules_that_loop_or_explode_are_refused_at_once() {
    let lists = [(ListId::parse("stolen").unwrap(), riskport::domain::fraud::EntityKind::Card)];
    let loops = |of: &str| format!("{}true{}", format!("[0,1,2,3,4,5,6,7,8,9].{of}(x,").repeat(8), ")".repeat(8));
    let hostile = [
        loops("all"),
        loops("exists"),
        loops("map"),
        loops("filter"),
        loops("exists_one"),
        "event.scene.matches('(a+)+$')".to_owned(),
        "'aaaa'.matches('(.*)*b')".to_owned(),
        full("event.scene.matches('", "(a*)*", "')"),
        full("", "1+", "1 > 0"),
        full("true", "||true", ""),
        full("true", "&&f.ip_is_new", "&&"),
        full("", "true?true:", "true"),
        full("", "(true?", ""),
        full("", "(", ""),
        full("", "!(", ""),
        full("1 in [", "1,", "1]"),
        full("", "'a'+", "'a' == 'a'"),
        full("f.", "x", ""),
        full("", "f.card_cuont_1h || ", "true"),
        format!("{} > 0", vec!["1"; 30_000].join("+")),
        "true || ".repeat(100_000),
        "(".repeat(1_000_000),
        format!("{{{}}}", "'a': {".repeat(300)),
    ];
    let mut slowest = (Duration::ZERO, "");
    for condition in &hostile {
        let started = Instant::now();
        let refusal = CompiledPolicy::compile(&policy(1, condition), &lists);
        slowest = slowest.max((started.elapsed(), condition));
        let violations = refusal.expect_err(condition);
        let [one] = violations.as_slice() else { panic!("{condition}: {violations:?}") };
        assert_eq!(one.field, "spec.rules[0].condition");
        assert!(one.description.len() < 300, "{}", one.description);
    }
    let started = Instant::now();
    let far = format!("f.{} > 1", "z".repeat(62));
    let violations = CompiledPolicy::compile(&policy(MAX_RULES, &far), &lists).expect_err("names that are unknown");
    assert_eq!(violations.as_slice().len(), MAX_VIOLATIONS);
    println!("{MAX_RULES} rules of unknown names were refused in {:?}", started.elapsed());
    // It takes some 10 ms at most in a build that is not optimised.
    println!("the slowest of {} refusals took {:?}", hostile.len(), slowest.0);
}

#[test]
fn a_policy_of_the_largest_size_is_compiled_and_runs_bounded() {
    let lists = [(ListId::parse("stolen").unwrap(), riskport::domain::fraud::EntityKind::Card)];
    let world = World::usual();
    let heaviest = [
        full("", "f.card_count_1h<0||", "false"),
        full("", "'a'.contains('b')||", "false"),
        full("", "event.scene.contains('b')||", "false"),
        full("1.0", "+1.0", " < 0.0"),
        full("1 in [1] && ", "!", "false"),
        format!("{} < 0", vec!["1"; 255].join("+")),
    ];
    for condition in heaviest {
        let (condition, taken) = shortened(condition, &lists);
        let started = Instant::now();
        let compiled = CompiledPolicy::compile(&policy(MAX_RULES, &condition), &lists).unwrap();
        let compiling = started.elapsed();
        let started = Instant::now();
        let judgement = compiled.judge(&world.facts());
        assert!(judgement.hits.len() <= MAX_RULES && taken <= MAX_SOURCE_BYTES);
        println!("200 rules of {taken} bytes: compiled in {compiling:?}, judged in {:?}", started.elapsed());
    }
}

/// The longest beginning of a chain that is taken: the limit of instructions may be met before that of bytes.
fn shortened(mut condition: String, lists: &[(ListId, riskport::domain::fraud::EntityKind)]) -> (String, usize) {
    while CompiledPolicy::compile(&policy(1, &condition), lists).is_err() {
        let (_, rest) = condition.split_once(['|', '+']).unwrap();
        condition = rest.trim_start_matches(['|', '+']).to_owned();
    }
    let bytes = condition.len();
    (condition, bytes)
}
