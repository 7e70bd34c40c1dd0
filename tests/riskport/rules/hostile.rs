//! Whatever is written, it is refused or it ends.

use proptest::prelude::*;
use riskport::engine::rule::{MAX_INSTRUCTIONS, MAX_SOURCE_BYTES, Program, compile};

use super::world::{World, schema};

/// Compiles a source and, if it is taken, runs it.
fn run(source: &str) -> Option<Program> {
    let program = compile(source, &schema()).ok()?;
    assert!(program.instructions() <= MAX_INSTRUCTIONS, "{source}");
    for world in [World::bare(), World::usual()] {
        let _ = program.evaluate(&world.facts());
    }
    Some(program)
}

/// A piece so often that the source is as long as it may be, between a beginning and an end.
fn full(start: &str, piece: &str, end: &str) -> String {
    let times = (MAX_SOURCE_BYTES - start.len() - end.len()) / piece.len();
    format!("{start}{}{end}", piece.repeat(times))
}

#[test]
fn deep_and_long_sources_end() {
    let nested = |depth: usize| format!("{}1 == 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(run(&nested(30)).is_some());
    for depth in [33, 300, 1_000, 10_000] {
        assert!(run(&nested(depth)).is_none(), "{depth}");
    }
    // Signs cancel out before they are anything.
    assert!(run(&full("", "!", "true")).is_some_and(|program| program.instructions() <= 2));
    assert!(run(&full("1 == ", "-", "1")).is_some_and(|program| program.instructions() <= 4));
    for refused in [
        full("", "(", ""),
        full("", "1+", "1 > 0"),
        full("true", "||true", ""),
        full("", "true?true:", "true"),
        full("", "true?", "true"),
        full("", "!(", ""),
        full("", "-(", ""),
        full("", "size(", ""),
        full("", "has(", ""),
        full("'a'", ".size()", " == 1"),
        full("'a'", ".startsWith('a'", ""),
        full("f", ".f", " == 1"),
        full("1 in ", "[", ""),
        full("1 in [", "1,", "1]"),
        full("", "\"", ""),
        full("'", "\\", ""),
        full("", "9", " > 0"),
        full("", "f.x ", ""),
        "[1].all(a, [1].all(b, [1].all(c, [1].all(d, [1].all(e, [1].all(f, [1].all(g, true)))))))".to_owned(),
        // Seven loops within each other over ten elements each, in 221 bytes.
        nested_loops(),
        // A sum of 3,000 terms, in 12 KB.
        format!("{} > 0", vec!["1"; 3_000].join(" + ")),
        "true\0".to_owned(),
        "\0".repeat(100),
        "'\0".to_owned(),
    ] {
        assert!(run(&refused).is_none(), "{refused}");
    }
    for taken in [
        format!("true{}", "||true".repeat(170)),
        format!("true{}", "&&f.ip_is_new".repeat(150)),
        format!("{}1.0 > 0.5", "1.0+".repeat(250)),
        "'\0' == '\0'".to_owned(),
        full("true // ", "\u{1F642}", ""),
    ] {
        assert!(run(&taken).is_some(), "{taken}: {:?}", compile(&taken, &schema()).err());
    }
}

fn nested_loops() -> String {
    let list = "[0,1,2,3,4,5,6,7,8,9]";
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let loops = names.map(|name| format!("{list}.all({name},")).concat();
    format!("{loops}true{}", ")".repeat(names.len()))
}

/// Pieces of conditions, good and bad.
const PIECES: &[&str] = &[
    "true",
    "false",
    "1",
    "-",
    "!",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "?",
    ":",
    "&&",
    "||",
    "==",
    "<",
    "in",
    "+",
    "%",
    "1.5",
    "9223372036854775807",
    "'a'",
    "\"",
    "'",
    "\\",
    "//",
    "\n",
    " ",
    "f.card_count_1h",
    "f.ip_is_new",
    "attr.channel",
    "entity.card",
    "lists.stolen",
    "event.time",
    "has(",
    "size(",
    "int(",
    "duration('1h')",
    "timestamp(",
    ".size()",
    ".startsWith(",
    "é",
    "\0",
    "0x",
    "1e",
    "r'",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_or_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        run(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces_are_refused_or_end(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        run(&pieces.concat());
        run(&pieces.join(" "));
    }
}
