//! What conditions mean.

use riskport::{
    domain::fraud::Scene,
    engine::rule::{
        Undecided::{self, DivisionByZero, Missing, Overflow},
        compile,
    },
};

use super::world::{World, schema};

const TRUE: Result<bool, Undecided> = Ok(true);
const FALSE: Result<bool, Undecided> = Ok(false);

#[track_caller]
fn hold(world: &World, table: &[(&str, Result<bool, Undecided>)]) {
    for (source, expected) in table {
        let program = compile(source, &schema()).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(program.evaluate(&world.facts()), *expected, "{source}");
        assert_eq!(program.hits(&world.facts()), *expected == TRUE, "{source}");
    }
}

#[test]
fn names_stand_for_what_is_known() {
    hold(
        &World::usual(),
        &[
            ("event.scene == 'payment'", TRUE),
            ("event.amount_minor == 12345", TRUE),
            ("event.currency == 'EUR'", TRUE),
            ("event.time == timestamp('2026-03-01T12:00:00Z')", TRUE),
            ("event.hour == 12 && event.weekday == 6", TRUE),
            ("model.score == 640", TRUE),
            ("f.card_count_1h == 7", TRUE),
            ("f.card_mean_1h == 2.5", TRUE),
            ("f.card_is_new && !f.device_is_new", TRUE),
            ("f.identity_phone == 'mismatch'", TRUE),
            ("attr.basket == 3.5 && attr.vip && attr.channel == 'wéb🙂'", TRUE),
            ("entity.card in lists.stolen", TRUE),
            ("entity.account in lists.watched", FALSE),
            ("(entity.card) in lists.stolen", TRUE),
        ],
    );
}

#[test]
fn a_scene_of_the_tenants_own_has_its_whole_name() {
    let mut world = World::bare();
    world.event.scene = Scene::Custom("0123456789012345678901234567890123456789".to_owned());
    hold(
        &world,
        &[
            ("event.scene == 'x-0123456789012345678901234567890123456789'", TRUE),
            ("event.scene.startsWith('x-0')", TRUE),
            ("size(event.scene) == 42", TRUE),
        ],
    );
}

#[test]
fn a_missing_value_is_absorbed_or_leaves_the_rule_undecided() {
    let world = World::usual();
    hold(
        &world,
        &[
            ("f.ip_count_1h > 3", Err(Missing)),
            ("!(f.ip_count_1h > 3)", Err(Missing)),
            ("f.ip_count_1h == f.ip_count_1h", Err(Missing)),
            ("f.ip_is_new", Err(Missing)),
            ("f.identity_card == 'match'", Err(Missing)),
            ("attr.discount < 1.0", Err(Missing)),
            ("attr.mistyped == ''", Err(Missing)),
            ("attr.insured", Err(Missing)),
            ("size(attr.coupon) == 0", Err(Missing)),
            ("attr.coupon.startsWith('a')", Err(Missing)),
            ("attr.channel.contains(attr.coupon)", Err(Missing)),
            ("f.ip_count_1h in [1, 2]", Err(Missing)),
            ("entity.ip in lists.networks", Err(Missing)),
            ("f.ip_count_1h + 1 > 0", Err(Missing)),
            ("-f.ip_count_1h < 0", Err(Missing)),
            ("double(f.ip_count_1h) > 0.0", Err(Missing)),
            // Absorbed on either side.
            ("f.ip_is_new && false", FALSE),
            ("false && f.ip_is_new", FALSE),
            ("f.ip_is_new || true", TRUE),
            ("true || f.ip_is_new", TRUE),
            // Not decided by the other side.
            ("f.ip_is_new && true", Err(Missing)),
            ("true && f.ip_is_new", Err(Missing)),
            ("f.ip_is_new || false", Err(Missing)),
            ("false || f.ip_is_new", Err(Missing)),
            ("f.ip_is_new && f.ip_is_new", Err(Missing)),
            ("f.ip_is_new && 1 / 0 == 1", Err(Missing)),
            ("1 / 0 == 1 || f.ip_is_new", Err(DivisionByZero)),
            ("f.ip_is_new && f.ip_is_new && false", FALSE),
            ("false || f.ip_is_new || f.ip_is_new || true", TRUE),
            // An unknown condition takes no branch; an unknown branch matters only when it is taken.
            ("f.ip_is_new ? true : true", Err(Missing)),
            ("true ? true : f.ip_is_new", TRUE),
            ("false ? f.ip_is_new : true", TRUE),
            ("true ? f.ip_is_new : true", Err(Missing)),
            ("(f.ip_is_new ? 1 : 2) == 1 || true", TRUE),
            // `has` always knows.
            ("has(f.card_count_1h) && !has(f.ip_count_1h)", TRUE),
            ("has(f.identity_phone) && !has(f.identity_card)", TRUE),
            ("has(attr.vip) && !has(attr.insured) && !has(attr.mistyped)", TRUE),
            ("has(event.amount_minor) && has(event.currency) && has(event.scene)", TRUE),
            ("has(entity.card) && !has(entity.ip)", TRUE),
            ("has(model.score)", TRUE),
            ("has(f.ip_count_1h) && f.ip_count_1h > 3", FALSE),
            ("!has(f.ip_count_1h) || f.ip_count_1h > 3", TRUE),
        ],
    );
    hold(
        &World::bare(),
        &[
            ("event.amount_minor > 0", Err(Missing)),
            ("event.currency != 'EUR'", Err(Missing)),
            ("has(event.amount_minor) || has(event.currency) || has(model.score)", FALSE),
            ("model.score >= 0", Err(Missing)),
            ("entity.card in lists.stolen", Err(Missing)),
        ],
    );
}

#[test]
fn a_category_beyond_its_list_is_missing() {
    let mut world = World::usual();
    for value in [-1.0, 3.0, f64::INFINITY, f64::NEG_INFINITY] {
        world.set("identity_phone", value);
        hold(&world, &[("f.identity_phone == 'match'", Err(Missing)), ("has(f.identity_phone)", FALSE)]);
    }
}

#[test]
fn facts_that_are_too_short_are_missing() {
    let mut world = World::usual();
    world.features.clear();
    world.listed.truncate(1);
    hold(&world, &[("f.card_count_1h > 1", Err(Missing)), ("entity.card in lists.stolen", Err(Missing))]);
}

#[test]
fn numbers_follow_cel() {
    hold(
        &World::usual(),
        &[
            ("7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1 && 7 % -2 == 1", TRUE),
            ("7.0 / 2.0 == 3.5", TRUE),
            ("9223372036854775807 + 1 > 0", Err(Overflow)),
            ("-9223372036854775808 - 1 > 0", Err(Overflow)),
            ("9223372036854775807 * 2 > 0", Err(Overflow)),
            ("-9223372036854775808 / -1 > 0", Err(Overflow)),
            ("-9223372036854775808 % -1 == 0", Err(Overflow)),
            ("-(-9223372036854775808) > 0", Err(Overflow)),
            ("-9223372036854775808 < 0 && 0x7fffffffffffffff == 9223372036854775807", TRUE),
            ("1 / 0 == 1", Err(DivisionByZero)),
            ("1 % 0 == 1", Err(DivisionByZero)),
            ("1 / (f.card_count_1h - 7) > 0", Err(DivisionByZero)),
            // Doubles follow IEEE 754.
            ("1.0 / 0.0 > 1e308 && -1.0 / 0.0 < -1e308", TRUE),
            ("0.0 / 0.0 == 0.0 / 0.0", FALSE),
            ("0.0 / 0.0 != 0.0 / 0.0", TRUE),
            ("0.0 / 0.0 < 1.0 || 0.0 / 0.0 <= 1 || 1 > 0.0 / 0.0 || 0.0 / 0.0 >= 0.0", FALSE),
            ("-0.0 == 0.0 && .5 == 5e-1 && 1E2 == 100", TRUE),
            // One line of numbers, without rounding.
            ("7 == 7.0 && 7 < 7.5 && 7.5 > 7 && -7 > -7.5 && -7.5 < -7 && 7 != 7.5", TRUE),
            ("9007199254740993 == 9007199254740992.0", FALSE),
            ("9007199254740993 > 9007199254740992.0", TRUE),
            ("f.card_count_24h + 1 > 9007199254740992.0", TRUE),
            ("9223372036854775807 < 9223372036854775808.0 && -9223372036854775808 >= -9223372036854775808.0", TRUE),
            ("9223372036854775807 < 1.0 / 0.0 && -9223372036854775808 > -1.0 / 0.0", TRUE),
            // Conversions.
            ("int(3.9) == 3 && int(-3.9) == -3 && int(7) == 7 && double(7) == 7.0", TRUE),
            ("int(9223372036854774784.0) == 9223372036854774784", TRUE),
            ("int(9223372036854775808.0) > 0", Err(Overflow)),
            ("int(-9223372036854775808.0) < 0", Err(Overflow)),
            ("int(0.0 / 0.0) == 0", Err(Overflow)),
            ("double(f.card_count_1h) / 2.0 == 3.5", TRUE),
        ],
    );
}

#[test]
fn operators_bind_as_in_cel() {
    hold(
        &World::usual(),
        &[
            ("true || false && false", TRUE),
            ("(true || false) && false", FALSE),
            ("!false && !!true && !!!false", TRUE),
            ("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9", TRUE),
            ("10 - 3 - 2 == 5 && 100 / 10 / 5 == 2 && 7 * 2 % 4 == 2", TRUE),
            ("-2 + 3 == 1 && 3 - -2 == 5 && 3 -2 == 1 && --2 == 2 && ---2 == -2", TRUE),
            ("-f.card_count_1h == -7 && --f.card_count_1h == 7", TRUE),
            ("1 < 2 == true && 1 < 2 == true != false", TRUE),
            ("false == false == true", TRUE),
            ("1 + 1 in [2, 3] && 1 in [1] == true", TRUE),
            ("true ? false : true ? true : true", FALSE),
            ("false ? false : false ? false : true", TRUE),
            ("true || false ? true : false", TRUE),
            ("(true ? 1 : 2) + 1 == 2 && (false ? 'a' : 'b') == 'b'", TRUE),
            ("false < true && true >= true", TRUE),
            // A comparison behind a branch sees the value of the branch that was taken.
            ("(true ? f.card_count_1h : f.card_count_24h) == 7", TRUE),
            ("(false ? f.card_count_24h : f.card_count_1h) == 7", TRUE),
            ("(true ? true : f.card_is_new) == false || 7 >= f.card_count_1h", TRUE),
            ("1 < 2 // and no more\n && true // the end", TRUE),
        ],
    );
}

#[test]
fn texts_follow_cel() {
    hold(
        &World::usual(),
        &[
            ("'a' < 'b' && 'a' < 'aa' && 'Z' < 'a' && 'z' < 'é' && '￿' < '🙂'", TRUE),
            (r#""it's" == 'it\'s' && '\"' == "\"" && '\`\?\\' == "`?\\""#, TRUE),
            (r"'\x41\X42\103\u0044\U00000045' == 'ABCDE'", TRUE),
            (r"'\377\xff' == 'ÿÿ' && '\U0001F642' == '🙂'", TRUE),
            (r"size('\a\b\f\n\r\t\v\000') == 8 && '\t' == '	'", TRUE),
            (r"r'\n' == '\\n' && R'a\' == 'a\\'", TRUE),
            ("size('') == 0 && size('wéb🙂') == 4 && attr.channel.size() == 4 && size('e\u{301}') == 2", TRUE),
            ("attr.channel.startsWith('wé') && attr.channel.endsWith('🙂') && attr.channel.contains('éb')", TRUE),
            ("attr.channel.startsWith('') && attr.channel.endsWith('') && attr.channel.contains('')", TRUE),
            ("attr.channel.startsWith('é') || attr.channel.endsWith('b') || attr.channel.contains('bé')", FALSE),
            ("'x-payment-2'.contains(event.scene) && event.scene.startsWith(event.scene)", TRUE),
            ("event.scene in ['login', 'payment'] && !(event.scene in ['login'])", TRUE),
            ("attr.basket in [1.5, 3.5,] && attr.vip in [true] && f.card_count_1h in [-1, 7]", TRUE),
        ],
    );
}

#[test]
fn times_and_durations_are_exact() {
    hold(
        &World::usual(),
        &[
            ("event.time - timestamp('2026-03-01T11:00:00Z') == duration('1h')", TRUE),
            ("event.time + duration('1h30m') == timestamp('2026-03-01T14:30:00+01:00')", TRUE),
            ("duration('90m') + event.time == timestamp('2026-03-01T13:30:00Z')", TRUE),
            ("event.time - duration('1.5s') == timestamp('2026-03-01T11:59:58.5Z')", TRUE),
            (
                "duration('1h') - duration('1m') == duration('59m') && duration('1m') + duration('1s') > duration('1m')",
                TRUE,
            ),
            (
                "duration('-1h') < duration('0') && duration('1000ms') == duration('1s') && duration('1m') != duration('1ms')",
                TRUE,
            ),
            ("duration('1000ns') == duration('1us') && duration('0.000001s') == duration('1us')", TRUE),
            ("timestamp('9999-12-31T23:59:59Z') + duration('1s') > event.time", Err(Overflow)),
            ("timestamp('0001-01-01T00:00:00Z') - duration('1us') < event.time", Err(Overflow)),
            ("timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z') > duration('1s')", Err(Overflow)),
            ("duration('2562047h') + duration('48m') > duration('0')", Err(Overflow)),
            ("duration('2562047h') + duration('47m') > duration('0')", TRUE),
            ("timestamp('1969-12-31T23:59:59.999999Z') < timestamp('1970-01-01T00:00:00Z')", TRUE),
            ("timestamp('2024-02-29T00:00:00.000000000Z') < event.time", TRUE),
        ],
    );
}

#[test]
fn a_program_tells_what_it_needs() {
    let needs = |source: &str| {
        let program = compile(source, &schema()).unwrap();
        (program.lists().collect::<Vec<_>>(), program.uses_score())
    };
    assert_eq!(needs("entity.account in lists.watched || entity.card in lists.stolen"), (vec![1, 2], false));
    assert_eq!(needs("entity.card in lists.stolen && entity.card in lists.stolen"), (vec![1], false));
    assert_eq!(needs("false && entity.ip in lists.networks && model.score > 1"), (vec![3], true));
    assert_eq!(needs("has(model.score)"), (vec![], true));
    assert_eq!(needs("f.card_count_1h > 1"), (vec![], false));
}
