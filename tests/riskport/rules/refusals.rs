//! What is refused, where, and what the author is told.

use riskport::engine::rule::{MAX_NESTING, compile};

use super::world::schema;

/// Each source is refused at this line and column with a message that has this in it.
const REFUSED: &[(&str, u32, u32, &str)] = &[
    // Names.
    ("f.card_cuont_1h > 3", 1, 1, "f.card_cuont_1h is unknown: the nearest name is f.card_count_1h"),
    ("true &&\n  event.amount > 3", 2, 3, "event.amount is unknown: the nearest name is event.amount_minor"),
    ("event.scenes == 'a'", 1, 1, "the nearest name is event.scene"),
    ("model.scor > 1", 1, 1, "the nearest name is model.score"),
    ("attr.chanel == 'web'", 1, 1, "attr.chanel is unknown: the nearest name is attr.channel"),
    ("entity.car in lists.stolen", 1, 1, "the nearest name is entity.card"),
    ("entity.card in lists.stollen", 1, 16, "lists.stollen is unknown: the nearest name is lists.stolen"),
    ("f.qqqqqqqqqqqqqqqqqqq > 3", 1, 1, "f.qqqqqqqqqqqqqqqqqqq is unknown"),
    ("features.x > 3", 1, 1, "features.x is unknown: expected event., model., f., attr. or entity."),
    ("amount > 3", 1, 1, "amount is there alone: expected a name of two parts"),
    ("true == null", 1, 9, "null is there: expected a name, a literal or '('"),
    ("attr.true", 1, 6, "true is there: expected a name"),
    ("has(f.card_cuont_1h)", 1, 5, "the nearest name is f.card_count_1h"),
    ("has(lists.stolen)", 1, 5, "lists.stolen may only stand on the right of 'in'"),
    ("has(1)", 1, 5, "a number is there: expected a name such as"),
    // Types.
    ("1", 1, 1, "the condition is an int: expected a bool"),
    ("event.scene", 1, 1, "the condition is a string: expected a bool"),
    ("entity.card", 1, 1, "entity.card, which may only be held against a list"),
    ("f.card_count_1h > 'abc'", 1, 19, "right of '>' is a string: expected an int, as on the left"),
    ("'é' == f.card_count_1h", 1, 8, "right of '==' is an int: expected a string"),
    ("true && 1", 1, 9, "right of '&&' is an int: expected a bool"),
    ("'a' || true", 1, 1, "left of '||' is a string: expected a bool"),
    ("!1 == 1", 1, 2, "what is negated is an int: expected a bool"),
    ("-'a' == 'a'", 1, 2, "behind '-' is a string: expected an int or a double"),
    ("-duration('1s') < duration('1s')", 1, 2, "behind '-' is a duration"),
    ("1 + 1.0 > 2.0", 1, 5, "'+' stands between an int and a double: expected two of one type, as double(x) makes"),
    ("'a' + 'b' == 'ab'", 1, 7, "'+' stands between a string and a string: expected two ints or two doubles"),
    ("1.0 % 2.0 == 1.0", 1, 7, "'%' stands between a double and a double: expected two ints"),
    ("event.time * 2 == 1", 1, 14, "'*' stands between a timestamp and an int"),
    ("event.time + event.time == event.time", 1, 14, "'+' stands between a timestamp and a timestamp"),
    ("duration('1s') - event.time == event.time", 1, 18, "'-' stands between a duration and a timestamp"),
    ("event.time > duration('1s')", 1, 14, "right of '>' is a duration: expected a timestamp"),
    ("entity.card == 'x'", 1, 1, "there is entity.card, which may only be held against a list"),
    ("true ? entity.card : entity.card", 1, 8, "there is entity.card"),
    ("1 ? true : false", 1, 1, "left of '?' is an int: expected a bool"),
    ("true ? 1 : 1.0", 1, 12, "right of ':' is a double: expected an int"),
    ("size(1) == 1", 1, 6, "what size is asked of is an int: expected a string"),
    ("f.card_count_1h.size() == 1", 1, 1, "left of .size is an int: expected a string"),
    ("event.scene.startsWith(1)", 1, 24, "the part that is looked for is an int: expected a string"),
    ("int('1') == 1", 1, 5, "what is converted is a string: expected an int or a double"),
    ("entity.card in lists.watched", 1, 1, "entity.card is held against lists.watched: expected entity.account"),
    ("'x' in lists.stolen", 1, 1, "a string is held against lists.stolen: expected entity.card"),
    ("entity.card in ['x']", 1, 1, "expected a string"),
    ("1 in ['a']", 1, 1, "what is looked for is an int: expected a string"),
    ("1 in [1, 'a']", 1, 10, "the element is a string: expected an int"),
    ("1 in [1.0]", 1, 1, "what is looked for is an int: expected a double"),
    // Grammar.
    ("", 1, 1, "the end is there: expected a name, a literal or '('"),
    (" // only this", 1, 14, "the end is there"),
    ("true true", 1, 6, "true is there: expected an operator or the end"),
    ("true &&", 1, 8, "the end is there"),
    ("(true", 1, 6, "the end is there: expected ')'"),
    ("true)", 1, 5, "')' is there: expected an operator or the end"),
    ("true ? false", 1, 13, "the end is there: expected ':'"),
    ("true ? true ? true : false : true", 1, 13, "'?' is there: expected ':'"),
    ("!-1 == 1", 1, 2, "'-' is there: expected a name"),
    ("1 in 2", 1, 6, "a number is there: expected a list such as [1, 2], or lists.name"),
    ("1 in []", 1, 7, "']' is there: expected a literal"),
    ("1 in [1 2]", 1, 9, "a number is there: expected ',' or ']'"),
    ("1 in [f.card_count_1h]", 1, 7, "f is there: expected a literal"),
    ("'a' in ['a', -'b']", 1, 15, "a string is there: expected a literal"),
    ("[1] == [1]", 1, 1, "'[' is there: expected a name"),
    ("f.card_count_1h[0] == 1", 1, 16, "'[' is there: expected an operator"),
    ("f['card_count_1h'] == 1", 1, 1, "f is there alone"),
    ("{'a': 1} == 1", 1, 1, "'{' is there: maps and messages are not part of conditions"),
    ("true & true", 1, 6, "'&' is no operator: expected '&&'"),
    ("true | true", 1, 6, "'|' is no operator: expected '||'"),
    ("event.hour = 1", 1, 12, "'=' is no operator: expected '=='"),
    ("true and true", 1, 6, "and is there: expected an operator"),
    ("é == 1", 1, 1, "the character U+00E9 has no meaning"),
    ("true\u{a0}", 1, 5, "the character U+00A0 has no meaning"),
    ("event.scene.matches('a+')", 1, 13, "matches is no function of a value: expected size, startsWith"),
    ("[1].all(x, x > 0)", 1, 1, "'[' is there"),
    ("event.all(x, true)", 1, 1, "event is no value"),
    ("dyn(1) == 1", 1, 1, "the function dyn is unknown: expected has, size, int, double, duration or timestamp"),
    ("event.scene.size(1) == 1", 1, 18, "a number is there: expected ')'"),
    ("size('a', 'b') == 1", 1, 9, "',' is there: expected ')'"),
    ("event.scene.x == 1", 1, 13, "x is no function of a value"),
    // Literals.
    ("1u == 1", 1, 1, "a number ends in u: unsigned numbers are not part of conditions"),
    ("event.hour > 1h", 1, 15, "a number is followed by h"),
    ("9223372036854775808 > 0", 1, 1, "the number does not fit 64 bits"),
    ("-9223372036854775809 < 0", 1, 2, "the number does not fit 64 bits"),
    ("--9223372036854775808 > 0", 1, 3, "the number does not fit 64 bits"),
    ("99999999999999999999 > 0", 1, 1, "the number does not fit 64 bits"),
    ("1e999 > 0.0", 1, 1, "the number does not fit 64 bits"),
    ("0x > 0", 1, 1, "0x is there without digits"),
    ("'abc", 1, 1, "the string has no end: expected '"),
    ("event.scene == \"ab\ncd\"", 1, 16, "the string has no end"),
    ("'\\q' == 'a'", 1, 2, "the escape is unknown"),
    ("'\\x4' == 'a'", 1, 2, "the escape is too short"),
    ("'\\ud800' == 'a'", 1, 2, "the escape is no character"),
    ("'\\UFFFFFFFF' == 'a'", 1, 2, "the escape is no character"),
    ("'\\400' == 'a'", 1, 2, "the escape is unknown"),
    ("'''a''' == 'a'", 1, 1, "three quotes are there"),
    ("b'a' == 'a'", 1, 1, "a string begins after b, and only r may stand before one"),
    // Times.
    ("event.time > timestamp('2026-02-29T00:00:00Z')", 1, 24, "expected a time such as 2026-01-01T00:00:00Z"),
    ("event.time > timestamp('2026-01-01')", 1, 24, "expected a time such as"),
    ("event.time > timestamp('2026-01-01T00:00:00')", 1, 24, "expected a time such as"),
    ("event.time > timestamp('2026-01-01T23:59:60Z')", 1, 24, "expected a time such as"),
    ("event.time > timestamp('2026-01-01T00:00:00+24:00')", 1, 24, "expected a time such as"),
    ("event.time > timestamp('2026-01-01T00:00:00é00:00')", 1, 24, "expected a time such as"),
    ("event.time > timestamp('0000-01-01T00:00:00Z')", 1, 24, "expected a time in the years 1 to 9999"),
    ("event.time > timestamp('2026-01-01T00:00:00.0000001Z')", 1, 24, "expected a time of whole microseconds"),
    ("event.time > timestamp(event.scene)", 1, 24, "event is there: expected a string that is written out"),
    ("duration('1 h') > duration('1h')", 1, 10, "expected a duration such as 1h30m"),
    ("duration('1') > duration('1h')", 1, 10, "expected a duration such as 1h30m"),
    ("duration('') > duration('1h')", 1, 10, "expected a duration such as 1h30m"),
    ("duration('1d') > duration('1h')", 1, 10, "expected a duration such as 1h30m"),
    ("duration('1ns') > duration('1h')", 1, 10, "expected a duration of whole microseconds"),
    ("duration('2562048h') > duration('1h')", 1, 10, "expected a duration of at most 292 years"),
];

#[test]
fn a_refusal_says_where_and_what_was_expected() {
    for (source, line, column, message) in REFUSED {
        let error = compile(source, &schema()).expect_err(source);
        assert!(error.message.contains(message), "{source}: {error}");
        assert_eq!((error.line, error.column), (*line, *column), "{source}: {error}");
    }
}

#[test]
fn a_refusal_reads_as_one_line() {
    let error = compile("true &&\n\n 'é' < 1", &schema()).unwrap_err();
    assert_eq!(error.to_string(), "line 3, column 8: right of '<' is an int: expected a string, as on the left");
}

#[test]
fn a_long_name_is_cut_in_the_refusal() {
    let error = compile(&format!("f.{}", "x".repeat(2_000)), &schema()).unwrap_err();
    assert!(error.message.len() < 100, "{error}");
}

/// A condition that grows with a number, the most that it may be, and what is said beyond.
type Grown<'a> = (&'a dyn Fn(usize) -> String, usize, &'a str);

#[test]
fn each_limit_takes_what_it_says_and_no_more() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    let branches = |depth: usize| format!("{}true", "false ? true : ".repeat(depth));
    let listed = |count: usize| format!("1 in [{}]", vec!["1"; count].join(", "));
    let text = |bytes: usize| format!("'{}' == ''", "a".repeat(bytes));
    let chain = |terms: usize| format!("{} > 1", vec!["1"; terms].join("+"));
    let padded = |bytes: usize| format!("true{}", " ".repeat(bytes - 4));
    let waiting = |values: usize| format!("1 == {}1{}", "1+(".repeat(values - 2), ")".repeat(values - 2));
    let table: [Grown; 7] = [
        (&nested, MAX_NESTING, "more than 32 levels"),
        (&branches, MAX_NESTING, "more than 32 levels"),
        (&listed, 64, "the list has more than 64 elements"),
        (&text, 256, "the string has more than 256 bytes"),
        // 255 numbers and their sums, the other side and the comparison.
        (&chain, 255, "more than 512 instructions"),
        (&padded, 2_048, "the condition has 2049 bytes, and may have 2048"),
        (&waiting, 32, "more than 32 values"),
    ];
    for (source, most, message) in table {
        let fits = source(most);
        assert!(compile(&fits, &schema()).is_ok(), "{fits}: {:?}", compile(&fits, &schema()));
        let error = compile(&source(most + 1), &schema()).expect_err(message);
        assert!(error.message.contains(message), "{error}");
    }
}
