//! Which part of the code may know which: the directions that README and the crate's documentation draw.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The parts of the crate, and the parts that each may use.
const MAY_USE: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("metrics", &["domain"]),
    ("telemetry", &["config"]),
    ("vault", &["domain"]),
    ("engine", &["domain", "vault"]),
    ("auth", &["domain"]),
    ("state", &["auth", "domain", "engine", "vault"]),
    ("store", &["domain", "metrics", "vault"]),
    ("config", &["domain", "store", "vault"]),
    ("ops", &["auth", "clock", "config", "domain", "engine", "metrics", "state", "store", "vault"]),
    ("rpc", &["auth", "domain", "engine", "ops", "vault"]),
    ("server", &["auth", "config", "domain", "metrics", "ops", "rpc", "store", "telemetry", "vault"]),
    ("cli", &["auth", "clock", "config", "domain", "engine", "ops", "rpc", "server", "telemetry", "vault"]),
    ("lib", &[]),
];

/// Libraries that only some parts may know.
const KNOWN_BY: [(&str, &[&str]); 15] = [
    ("tonic", &["rpc", "server", "cli"]),
    ("tonic_types", &["rpc", "server", "cli"]),
    // The domain keeps counts in protobuf's form, which leaves out zeros and can grow.
    ("prost", &["domain", "rpc", "server", "cli"]),
    ("axum", &["server"]),
    ("hyper", &["server"]),
    // The generator of `torture`, which must be cheaper than tonic's client.
    ("h2", &["cli"]),
    ("sqlx", &["store"]),
    ("statrs", &["engine"]),
    ("prometheus_client", &["metrics"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("tracing_subscriber", &["telemetry"]),
    ("clap", &["cli", "config", "main"]),
    ("jsonwebtoken", &["auth", "cli"]),
    // The state only waits: for the one that makes it, and for entries on their way to the disk.
    ("tokio", &["store", "state", "telemetry", "ops", "rpc", "server", "cli", "main"]),
];

/// The longest that a file may be, in lines.
const MAX_LINES: usize = 500;

/// One source file: its path under `src`, the part of the crate it belongs to, and its code without comments and
/// without the unit tests at its end.
struct Source {
    path: PathBuf,
    part: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut |path| {
        // Unit tests that are a file of their own.
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            return;
        }
        let text = fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(&root).unwrap().to_owned();
        let part = path.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let uncommented = code.lines().map(|line| line.split("//").next().unwrap_or_default());
        found.push(Source { path, part, code: uncommented.collect::<Vec<_>>().join("\n") });
    });
    assert!(found.len() > 50, "only {} files were found", found.len());
    found
}

fn collect(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path);
        }
    }
}

/// The parts that stand after `crate::`, alone or at the top of braces.
fn used_parts(code: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let Some(listed) = rest.strip_prefix('{') else {
            parts.insert(first_word(rest));
            continue;
        };
        let mut depth = 0;
        let mut entry = true;
        for (place, one) in listed.char_indices() {
            match one {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => entry = true,
                _ if depth == 0 && entry && !one.is_whitespace() => {
                    parts.insert(first_word(&listed[place..]));
                    entry = false;
                }
                _ => {}
            }
        }
    }
    parts
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect()
}

/// Whether code names a library: its name, as a whole word, before `::`.
fn names_library(code: &str, library: &str) -> bool {
    code.match_indices(&format!("{library}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|one| one.is_alphanumeric() || one == '_' || one == ':' || one == '/')
    })
}

#[test]
fn each_part_uses_only_the_parts_below_it() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.part != "main") {
        let Some((_, allowed)) = MAY_USE.iter().find(|(part, _)| *part == source.part) else {
            wrong.push(format!("{}: a new part, say what it may use", source.path.display()));
            continue;
        };
        let used = used_parts(&source.code);
        let forbidden = used.iter().filter(|part| **part != source.part && !allowed.contains(&part.as_str()));
        // A `super` chain must not climb out of a part: what it names would go unseen here.
        let depth = source.path.components().count();
        let climbs = source.code.contains(&"super::".repeat(depth));
        wrong.extend(forbidden.map(|part| format!("{} uses {part}", source.path.display())));
        wrong.extend(climbs.then(|| format!("{} climbs out of {}", source.path.display(), source.part)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn libraries_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, parts) in KNOWN_BY {
            if !parts.contains(&source.part.as_str()) && names_library(&source.code, library) {
                wrong.push(format!("{} knows {library}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_in_the_program_panics_on_purpose_or_reads_the_clock_by_itself() {
    let mut wrong = Vec::new();
    for Source { path, part, code } in sources() {
        let banned = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "dbg!("];
        wrong.extend(
            banned.iter().filter(|text| code.contains(**text)).map(|text| format!("{}: {text}", path.display())),
        );
        if part != "clock" && code.contains("SystemTime::now") {
            wrong.push(format!("{} reads the wall clock", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_too_long_to_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        collect(&root.join(folder), &mut |path| {
            let lines = fs::read_to_string(path).unwrap().lines().count();
            if lines > MAX_LINES {
                long.push(format!("{} has {lines} lines", path.display()));
            }
        });
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_reading_of_uses_sees_what_it_should() {
    let code = "use crate::{\n auth::{Caller, x::Y},\n domain, ops::{self},\n};\nlet a = crate::vault::hex(b);";
    assert_eq!(used_parts(code).into_iter().collect::<Vec<_>>(), ["auth", "domain", "ops", "vault"]);
    assert!(names_library("use tonic::Status;", "tonic"));
    assert!(!names_library("use my_tonic::Status; crate::tonic::x", "tonic"));
}
