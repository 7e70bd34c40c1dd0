//! How fast the rules of a policy are evaluated.
//!
//!     cargo run --release --example rules_speed
//!
//! Three sets of 40 rules are held against events: plain comparisons of features, three to a rule, that all have to be looked
//! at; a mixture of everything that conditions can name; and the costliest texts. Each line of the output is a set, and
//! microseconds of the processor for one event under all 40 rules: the median of five rounds, and the least and the most.
//! Last comes the longest time that a condition at a limit took to compile, in microseconds.

use std::{error::Error, hint::black_box};

use nix::time::{ClockId, clock_gettime};
use riskport::{
    domain::{
        features::{FeatureValue, Features},
        fraud::{Amount, Catalogue, Currency, ENTITY_KINDS, EntityKey, EntityKind, Event, LocalTime, Scene},
        time::Timestamp,
    },
    engine::rule::{AttributeKind, Facts, MAX_SOURCE_BYTES, Program, Schema, compile},
};

const RULES: usize = 40;
const EVENTS: usize = 20_000;
const ROUNDS: usize = 5;

/// Microseconds of the processor.
fn processor() -> Result<f64, Box<dyn Error>> {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    Ok(std::time::Duration::from(time).as_secs_f64() * 1e6)
}

fn event() -> Result<Event, Box<dyn Error>> {
    let mut attributes = Features::default();
    attributes.insert("channel", FeatureValue::Text("a".repeat(256)))?;
    attributes.insert("basket", FeatureValue::Number(3.5))?;
    let mut entities = [None; ENTITY_KINDS];
    entities[EntityKind::Card.index()] = Some(EntityKey::from_bytes([1; 16]));
    Ok(Event {
        scene: Scene::Custom("ticket-sale".to_owned()),
        occurred: Timestamp::from_micros(1_772_366_400_000_000),
        local: LocalTime { hour: 12, weekday: 6 },
        amount: Some(Amount { currency: Currency(*b"EUR"), minor: 12_345 }),
        entities,
        networks: Vec::new(),
        attributes,
    })
}

/// The sets of rules, each by its name, with the conditions that its rules take turns in.
fn sets() -> [(&'static str, Vec<String>); 3] {
    let features = Catalogue::get().features().iter().filter(|feature| feature.kind.name() == "int");
    let names: Vec<&str> = features.map(|feature| feature.name.as_str()).collect();
    let plain =
        names.chunks_exact(3).map(|three| format!("f.{} > 0 && f.{} < 9 && f.{} == 5", three[0], three[1], three[2]));
    let mixed = [
        "event.scene == 'x-ticket-sale' && event.amount_minor > 5000 && f.card_count_1h > 4",
        "entity.card in lists.stolen || f.card_mean_24h * 3.0 < double(event.amount_minor)",
        "has(attr.basket) && attr.basket > 3.0 && event.hour in [0, 1, 2, 3, 12]",
        "model.score >= 600 ? f.card_is_new : event.time < timestamp('2026-01-01T00:00:00Z')",
        "event.currency in ['CNY', 'USD', 'EUR'] && f.identity_phone != 'match' && event.weekday >= 5",
    ];
    let needle = format!("{}b", "a".repeat(120));
    let texts =
        [format!("attr.channel.contains('{needle}') || attr.channel.size() < 9 || attr.channel.endsWith('{needle}')")];
    [("plain", plain.collect()), ("mixed", mixed.map(str::to_owned).into()), ("texts", texts.into())]
}

fn main() -> Result<(), Box<dyn Error>> {
    let attributes = [("channel", AttributeKind::Text), ("basket", AttributeKind::Number)];
    let schema = Schema {
        attributes: attributes.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        lists: vec![("stolen".to_owned(), EntityKind::Card)],
    };
    let (event, features) = (event()?, vec![5.0; Catalogue::get().features().len()]);
    let facts = Facts { event: &event, features: &features, score: Some(640), listed: &[false] };
    for (name, conditions) in sets() {
        let rules = conditions.iter().cycle().take(RULES).map(|condition| compile(condition, &schema));
        let rules: Vec<Program> = rules.collect::<Result<_, _>>()?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let before = processor()?;
            for _ in 0..EVENTS {
                black_box(rules.iter().filter(|rule| rule.hits(black_box(&facts))).count());
            }
            rounds.push((processor()? - before) / f64::from(u32::try_from(EVENTS)?));
        }
        rounds.sort_by(f64::total_cmp);
        println!("{name}: {:.2} ({:.2}-{:.2})", rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]);
    }
    let full = |piece: &str| piece.repeat(MAX_SOURCE_BYTES / piece.len());
    let mut longest = 0.0_f64;
    for source in [full("("), full("!"), full("1+"), full("true||"), full("'a' in "), "f.".to_owned() + &"x".repeat(64)]
    {
        let before = processor()?;
        for _ in 0..100 {
            let _ = black_box(compile(black_box(&source), &schema));
        }
        longest = longest.max((processor()? - before) / 100.0);
    }
    println!("compile: {longest:.2}");
    Ok(())
}
