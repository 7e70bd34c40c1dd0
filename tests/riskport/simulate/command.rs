//! `riskport simulate`, as a person runs it: the built program, its file and its table.

use std::{fs, path::Path, process::Command};

use riskport::cli::simulate::COLUMNS;

fn simulate(out: &Path, more: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_riskport"));
    command.args(["simulate", "--days", "3", "--customers", "400", "--out"]).arg(out).args(more);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_file_has_the_lines_that_the_table_counts() {
    let folder = tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap();
    let out = folder.path().join("events.csv");
    let (ended_well, table, problems) = simulate(&out, &["--seed", "7", "--variant", "unseen"]);
    assert!(ended_well, "{problems}");
    let file = fs::read_to_string(&out).unwrap();
    let mut lines = file.lines();
    assert_eq!(lines.next().unwrap(), COLUMNS.join(","));
    let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == COLUMNS.len()));
    let row = |name: &str| -> Vec<String> {
        let found = table.lines().find(|line| line.split_whitespace().next() == Some(name));
        found.unwrap_or_else(|| panic!("no {name} in\n{table}")).split_whitespace().map(ToOwned::to_owned).collect()
    };
    let frauds = lines.iter().filter(|line| line[16] == "fraud").count();
    assert_eq!(row("all")[1..3], [lines.len().to_string(), frauds.to_string()]);
    let logins = lines.iter().filter(|line| line[1] == "login").count();
    assert_eq!(row("login")[1], logins.to_string());
    let scalpers = lines.iter().filter(|line| line[17] == "scalper-ring").count();
    assert_eq!(row("scalper-ring")[1], scalpers.to_string());
    assert!(lines.iter().all(|line| line[2].starts_with("2026-01-0") && line[2].len() == 27), "{:?}", lines[0]);
}

#[test]
fn what_cannot_be_is_refused_in_a_line() {
    let folder = tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap();
    let out = folder.path().join("events.csv");
    for wrong in [["--start", "2026-02-30"], ["--variant", "easy"], ["--fraud-share", "0"]] {
        let (ended_well, _, problems) = simulate(&out, &wrong);
        assert!(!ended_well && problems.contains(wrong[0]), "{problems}");
    }
    let (ended_well, _, problems) = simulate(&folder.path().join("no/such/folder.csv"), &[]);
    assert!(!ended_well && problems.contains("cannot write"), "{problems}");
}
