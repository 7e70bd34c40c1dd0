//! What is accepted means what another implementation of CEL, the crate `cel` 0.15, says it means.
//!
//! That crate departs from the language definition in two points that conditions can reach. Both are left out where the
//! expressions are drawn, and nowhere else:
//! - It rounds an `int` to the nearest `double` before it compares the two, so that `9007199254740993 ==
//!   9007199254740992.0` is true. The definition compares on one line of numbers. Drawn comparisons of the two take the
//!   `int` modulo 2^53.
//! - It refuses to order NaN; by the definition every such comparison is false. No drawn `double` becomes NaN.

use std::{collections::HashMap, sync::Arc};

use cel::{Context, Env, Value, objects::Key};
use proptest::{prelude::*, strategy::ValueTree as _};
use riskport::{
    domain::{
        features::FeatureValue,
        fraud::{Catalogue, EntityKind, FeatureType},
    },
    engine::rule::compile,
};

use super::{
    generated::Tape,
    world::{World, schema},
};

type Fields = HashMap<Key, Value>;

fn map(fields: Vec<(&str, Value)>) -> Value {
    let fields: Fields = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Value::Map(fields.into())
}

/// The world as variables. What is missing is no key of its map.
fn context(env: &Arc<Env>, world: &World) -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::clone(env));
    let event = &world.event;
    let time = jiff::Timestamp::from_microsecond(event.occurred.micros()).unwrap();
    let time = env.compile(&format!("timestamp('{time}')")).unwrap().execute(&context).unwrap();
    let mut fields = vec![
        ("scene", event.scene.to_string().into()),
        ("time", time),
        ("hour", i64::from(event.local.hour).into()),
        ("weekday", i64::from(event.local.weekday).into()),
    ];
    if let Some(amount) = &event.amount {
        fields.push(("amount_minor", amount.minor.into()));
        fields.push(("currency", amount.currency.as_str().into()));
    }
    context.add_variable_from_value("event", map(fields));
    let features = Catalogue::get().features().iter().zip(&world.features).filter(|(_, value)| !value.is_nan());
    let features = features.map(|(feature, value)| (feature.name.as_str(), feature_value(feature.kind, *value)));
    context.add_variable_from_value("f", map(features.collect()));
    let attributes = event.attributes.iter().map(|(name, value)| match value {
        FeatureValue::Number(number) => (name, (*number).into()),
        FeatureValue::Text(text) => (name, text.as_str().into()),
        FeatureValue::Flag(flag) => (name, (*flag).into()),
    });
    context.add_variable_from_value("attr", map(attributes.collect()));
    context
        .add_variable_from_value("model", map(world.score.iter().map(|n| ("score", i64::from(*n).into())).collect()));
    let entities = EntityKind::ALL.into_iter().filter(|kind| event.entity(*kind).is_some());
    context.add_variable_from_value("entity", map(entities.map(|kind| (kind.name(), kind.name().into())).collect()));
    let schema = schema();
    let lists = schema.lists.iter().zip(&world.listed).map(|((name, kind), listed)| {
        let entries: Vec<Value> = listed.then(|| kind.name().into()).into_iter().collect();
        (name.as_str(), Value::List(entries.into()))
    });
    context.add_variable_from_value("lists", map(lists.collect()));
    context
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "drawn ones are small")]
fn feature_value(kind: FeatureType, value: f64) -> Value {
    match kind {
        FeatureType::Int => (value as i64).into(),
        FeatureType::Double => value.into(),
        FeatureType::Flag => (value != 0.0).into(),
        FeatureType::Category(names) => names[value as usize].into(),
    }
}

/// True, false, or nothing for an error.
fn reference(env: &Arc<Env>, source: &str, world: &World) -> Option<bool> {
    let program = env.compile(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    match program.execute(&context(env, world)) {
        Ok(Value::Bool(value)) => Some(value),
        Ok(other) => panic!("{source} is {other:?}"),
        Err(_) => None,
    }
}

thread_local! {
    static ENV: Arc<Env> = Arc::new(Env::stdlib());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2_000), ..ProptestConfig::default() })]

    #[test]
    fn drawn_conditions_mean_what_another_implementation_says(
        draws in prop::collection::vec(any::<u16>(), 20..300),
        known in prop::collection::vec(any::<u16>(), 60),
        depth in 1..=5_usize,
    ) {
        let source = Tape(&draws).flag(depth);
        let world = Tape(&known).world();
        let program = match compile(&source, &schema()) {
            Ok(program) => program,
            // Five levels of three branches may be longer than a condition may be.
            Err(error) => {
                let long = ["instructions", "bytes"].iter().any(|limit| error.message.contains(limit));
                prop_assert!(long, "{}: {}", source, error);
                return Ok(());
            }
        };
        let ours = program.evaluate(&world.facts()).ok();
        let theirs = ENV.with(|env| reference(env, &source, &world));
        prop_assert_eq!(ours, theirs, "{}: {:?}", source, program.evaluate(&world.facts()));
    }
}

#[test]
fn drawn_conditions_are_of_every_kind() {
    let mut seen = [0_usize; 3];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let draws = (prop::collection::vec(any::<u16>(), 20..300), prop::collection::vec(any::<u16>(), 60));
    for _ in 0..500 {
        let (draws, known) = draws.new_tree(&mut runner).unwrap().current();
        let Ok(program) = compile(&Tape(&draws).flag(4), &schema()) else { continue };
        seen[match program.evaluate(&Tape(&known).world().facts()) {
            Ok(true) => 0,
            Ok(false) => 1,
            Err(_) => 2,
        }] += 1;
    }
    assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
}

#[test]
fn the_departures_that_are_left_out_are_there() {
    let env = Arc::new(Env::stdlib());
    let world = World::usual();
    let ours = |source: &str| compile(source, &schema()).unwrap().evaluate(&world.facts()).ok();
    for source in ["9007199254740993 == 9007199254740992.0", "0.0 / 0.0 < 1.0"] {
        assert_eq!(ours(source), Some(false), "{source}");
        assert_ne!(reference(&env, source, &world), Some(false), "{source}: the crate has changed");
    }
}
