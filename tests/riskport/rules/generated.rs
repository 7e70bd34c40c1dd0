//! Conditions and worlds that are drawn: typed, of every operator and function, and with values missing.

use std::fmt::Write as _;

use riskport::domain::{
    features::FeatureValue,
    fraud::{Amount, Currency, EntityKey, EntityKind, LocalTime, Scene},
    time::Timestamp,
};

use super::world::{NOON_US, World};

/// Drawn numbers that are used up one after another; when none is left, every choice is the first.
pub struct Tape<'a>(pub &'a [u16]);

const INTS: [&str; 16] = [
    "f.card_count_1h",
    "0",
    "1",
    "2",
    "-3",
    "0x1f",
    "7",
    "event.hour",
    "event.weekday",
    "event.amount_minor",
    "model.score",
    "f.card_count_24h",
    "f.ip_count_1h",
    "9223372036854775807",
    "-9223372036854775808",
    "100000",
];
const DOUBLES: [&str; 9] =
    ["f.card_mean_1h", "0.0", "1.5", "-2.25", "1e3", ".5", "attr.basket", "attr.discount", "f.ip_mean_1h"];
const TEXTS: [&str; 13] = [
    "event.scene",
    "'payment'",
    "\"EUR\"",
    "event.currency",
    "attr.channel",
    "attr.coupon",
    "f.identity_phone",
    "f.identity_card",
    "''",
    r"'w\u00e9b\U0001F642'",
    r#"'\x41\103\n\'\"'"#,
    r"r'x-\d'",
    "'é'",
];
const FLAGS: [&str; 16] = [
    "f.card_is_new",
    "true",
    "false",
    "f.device_is_new",
    "f.ip_is_new",
    "attr.vip",
    "attr.insured",
    "has(f.card_count_1h)",
    "has(attr.coupon)",
    "has(event.amount_minor)",
    "has(model.score)",
    "has(entity.card)",
    "has(f.identity_card)",
    "entity.card in lists.stolen",
    "entity.account in lists.watched",
    "entity.account in lists.trusted",
];
const TIMES: [&str; 4] = [
    "event.time",
    "timestamp('2026-03-01T12:00:00Z')",
    "timestamp('1969-12-31T23:59:59.999999+05:30')",
    "timestamp('9999-12-31T23:59:59Z')",
];
const SPANS: [&str; 6] = [
    "duration('1h')",
    "duration('1.5s')",
    "duration('-90m')",
    "duration('0')",
    "duration('2h3m4s5ms6us')",
    "duration('2562047h')",
];
const RELATIONS: [&str; 6] = ["<", "==", "!=", "<=", ">", ">="];
const INT_LISTS: [&str; 3] = ["[1, 2, 3]", "[-1, 7]", "[0,]"];
const TEXT_LISTS: [&str; 3] = ["['payment', 'login']", "['EUR']", "['', 'match', 'mismatch']"];

impl Tape<'_> {
    fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % count
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// In parentheses, or not: for places where both mean something of the same type.
    fn maybe_parenthesised(&mut self, expression: String) -> String {
        if self.below(2) == 0 { expression } else { format!("({expression})") }
    }

    pub fn flag(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.of(&FLAGS).to_owned();
        }
        let next = depth - 1;
        match self.below(13) {
            0 => self.of(&FLAGS).to_owned(),
            kind @ (1..=4) => {
                let (left, right) = (self.flag(next), self.flag(next));
                let (left, right) = (self.maybe_parenthesised(left), self.maybe_parenthesised(right));
                format!("{left} {} {right}", if kind % 2 == 0 { "&&" } else { "||" })
            }
            5 => format!("{}({})", self.of(&["!", "!!", "!!!"]), self.flag(next)),
            6 => format!("({} ? {} : {})", self.flag(next), self.flag(next), self.flag(next)),
            7 => format!("{} {} {}", self.int(next), self.of(&RELATIONS), self.int(next)),
            8 => format!("{} {} {}", self.double(next), self.of(&RELATIONS), self.double(next)),
            9 => {
                let (int, double) = (format!("({}) % 9007199254740992", self.int(next)), self.double(next));
                let relation = self.of(&RELATIONS);
                if self.below(2) == 0 {
                    format!("{int} {relation} {double}")
                } else {
                    format!("{double} {relation} {int}")
                }
            }
            10 => match self.below(4) {
                0 => format!("{} {} {}", self.text(next), self.of(&RELATIONS), self.text(next)),
                1 => format!("{} in {}", self.text(next), self.of(&TEXT_LISTS)),
                2 => format!("{} in {}", self.int(next), self.of(&INT_LISTS)),
                _ => {
                    let function = self.of(&["startsWith", "endsWith", "contains"]);
                    format!("({}).{function}({})", self.text(next), self.text(next))
                }
            },
            11 => format!("{} {} {}", self.time(next), self.of(&RELATIONS), self.time(next)),
            _ => match self.below(2) {
                0 => format!("{} {} {}", self.span(next), self.of(&RELATIONS), self.span(next)),
                _ => format!("({}) {} ({})", self.flag(next), self.of(&RELATIONS), self.flag(next)),
            },
        }
    }

    fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.of(&INTS).to_owned();
        }
        let next = depth - 1;
        match self.below(8) {
            0 | 1 => self.of(&INTS).to_owned(),
            2..=4 => {
                let (left, right) = (self.int(next), self.int(next));
                let (left, right) = (self.maybe_parenthesised(left), self.maybe_parenthesised(right));
                format!("{left} {} {right}", self.of(&["+", "-", "*", "/", "%"]))
            }
            5 => format!("{}({})", self.of(&["-", "--"]), self.int(next)),
            6 => match self.below(3) {
                0 => format!("int({})", self.double(next)),
                1 => format!("int({})", self.int(next)),
                _ if self.below(2) == 0 => format!("size({})", self.text(next)),
                _ => format!("({}).size()", self.text(next)),
            },
            _ => format!("({} ? {} : {})", self.flag(next), self.int(next), self.int(next)),
        }
    }

    /// Products and quotients are of literals alone, so that no double is infinite or NaN.
    fn double(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.of(&DOUBLES).to_owned();
        }
        let next = depth - 1;
        match self.below(7) {
            0 | 1 => self.of(&DOUBLES).to_owned(),
            2 => {
                let (left, right) = (self.double(next), self.double(next));
                let (left, right) = (self.maybe_parenthesised(left), self.maybe_parenthesised(right));
                format!("{left} {} {right}", self.of(&["+", "-"]))
            }
            3 => {
                format!("{} {} {}", self.double(next), self.of(&["*", "/"]), self.of(&["2.0", "-0.001", "1e3", "3.7"]))
            }
            4 => format!("{}({})", self.of(&["-", "--"]), self.double(next)),
            5 => match self.below(2) {
                0 => format!("double({})", self.int(next)),
                _ => format!("double({})", self.double(next)),
            },
            _ => format!("({} ? {} : {})", self.flag(next), self.double(next), self.double(next)),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 || self.below(4) != 3 {
            return self.of(&TEXTS).to_owned();
        }
        format!("({} ? {} : {})", self.flag(depth - 1), self.text(depth - 1), self.text(depth - 1))
    }

    fn time(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.of(&TIMES).to_owned();
        }
        let next = depth - 1;
        match self.below(4) {
            0 => self.of(&TIMES).to_owned(),
            1 => format!("{} + {}", self.time(next), self.of(&SPANS)),
            2 => format!("({}) + {}", self.span(next), self.of(&TIMES)),
            _ => format!("{} - ({})", self.time(next), self.span(next)),
        }
    }

    fn span(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.of(&SPANS).to_owned();
        }
        let next = depth - 1;
        match self.below(4) {
            0 => self.of(&SPANS).to_owned(),
            1 => format!("{} + {}", self.span(next), self.of(&SPANS)),
            2 => format!("{} - ({})", self.span(next), self.span(next)),
            _ => format!("{} - ({})", self.of(&TIMES), self.time(next)),
        }
    }

    /// Each value is missing in one of three draws, and else often one at a limit.
    pub fn world(&mut self) -> World {
        let mut world = World::bare();
        for name in ["card_count_1h", "card_count_24h", "ip_count_1h"] {
            let value = self.of(&[f64::NAN, 0.0, 7.0, f64::NAN, 9_007_199_254_740_992.0, 3.0]);
            world.set(name, value);
        }
        for name in ["card_mean_1h", "ip_mean_1h"] {
            let value = self.of(&[f64::NAN, 2.5, -0.0, f64::NAN, 1e12, 1e-9]);
            world.set(name, value);
        }
        for name in ["card_is_new", "device_is_new", "ip_is_new", "identity_phone", "identity_card"] {
            let value = self.of(&[f64::NAN, 0.0, 1.0]);
            world.set(name, value);
        }
        let event = &mut world.event;
        event.scene = [Scene::Payment, Scene::Login, Scene::Custom("odd".to_owned())][self.below(3)].clone();
        event.occurred = Timestamp::from_micros(NOON_US - self.of(&[0, 1, 86_400_000_000, 2_000_000_000_000_000]));
        event.local = LocalTime { hour: self.of(&[0, 12, 23]), weekday: self.of(&[0, 6]) };
        event.amount = self
            .of(&[None, Some(0), Some(9_000_000_000_000_000)])
            .map(|minor| Amount { currency: Currency(*b"EUR"), minor });
        for kind in [EntityKind::Card, EntityKind::Account] {
            event.entities[kind.index()] = self.of(&[None, Some(EntityKey::from_bytes([9; 16]))]);
        }
        for name in ["basket", "discount", "channel", "coupon", "vip", "insured"] {
            let mut text = String::new();
            write!(text, "{}", self.of(&["", "wéb🙂", "payment", "EUR"])).unwrap();
            let value = match name {
                "basket" | "discount" => FeatureValue::Number(self.of(&[0.0, -3.5, 1e6])),
                "channel" | "coupon" => FeatureValue::Text(text),
                _ => FeatureValue::Flag(self.below(2) == 0),
            };
            if self.below(3) != 0 {
                event.attributes.insert(name, value).unwrap();
            }
        }
        world.score = self.of(&[None, Some(0), Some(1_000)]);
        world.listed = (0..world.listed.len()).map(|_| self.below(2) == 0).collect();
        world
    }
}
