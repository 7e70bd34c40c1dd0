//! The systemd unit says what systemd and the program understand, and takes from the service what it does not need.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::support::{
    command::{command, folder, printed, run, text},
    samples,
};

fn unit() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/riskport.service")).unwrap()
}

/// The values of a setting that may be given more than once.
fn values(unit: &str, name: &str) -> Vec<String> {
    unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(ToOwned::to_owned)).collect()
}

/// Runs systemd-analyze, or says in a line that there is none.
fn analyze(arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new("systemd-analyze").args(arguments).output() {
        Ok(done) => Some((done.status.success(), text(&done.stdout) + &text(&done.stderr))),
        Err(why) => {
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("SKIPPED (no systemd-analyze): {why}\n"),
            );
            None
        }
    }
}

#[test]
fn systemd_understands_the_unit_and_finds_it_closed() {
    let folder = folder();
    let path = folder.path().join("riskport.service");
    // The program is not installed where the unit has it.
    fs::write(&path, unit().replace("/usr/local/bin/riskport", env!("CARGO_BIN_EXE_riskport"))).unwrap();
    let path = path.to_str().unwrap();
    let Some((sound, said)) = analyze(&["verify", "--man=no", path]) else { return };
    assert!(sound && !said.contains("riskport.service:"), "{said}");
    // From 0.0, closed, to 10.0. It needs the network, and a few calls more than nothing.
    let Some((sound, said)) = analyze(&["security", "--offline=true", "--threshold=20", path]) else { return };
    assert!(sound, "{said}");
}

#[test]
fn the_program_understands_what_the_unit_gives_it() {
    let (unit, folder) = (unit(), folder());
    let place = folder.path().to_str().unwrap();
    let line = values(&unit, "ExecStart").pop().unwrap();
    let mut words: Vec<&str> = line.split(' ').skip(1).collect();
    words.push("--print-settings");
    let mut command = command(&words);
    for line in values(&unit, "Environment") {
        let (name, value) = line.split_once('=').unwrap();
        command.env(name, value.replace("%S", place).replace("%d", place));
    }
    let output = command.output().unwrap();
    let printed = text(&output.stdout);
    assert!(
        output.status.success() && printed.contains("data_dir") && printed.contains("master_key_file"),
        "{output:?}"
    );
    let limit: u64 = values(&unit, "LimitNOFILE")[0].parse().unwrap();
    assert!(limit > 4_096 + 128);
    let stop: u64 = values(&unit, "TimeoutStopSec")[0].parse().unwrap();
    assert!(stop > riskport::server::DRAIN_LIMIT.as_secs() + 2, "systemd would kill it while it drains");
}

/// systemd may give a credential to the service's user by an access list, which shows as if its group could read it.
#[test]
fn a_master_key_may_be_a_credential_and_no_other_file_that_others_can_read() {
    let folder = samples::folder_with_master_key();
    let key = folder.path().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o440)).unwrap();
    let examined = |credentials: &Path, mode: u32| {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = command(&["doctor", "--json", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(folder.path().join("none")).arg("--master-key-file").arg(&key);
        let examined = super::Examined::from(command.env("CREDENTIALS_DIRECTORY", credentials).output().unwrap());
        examined.verdict("master key").to_owned()
    };
    assert_eq!(examined(folder.path(), 0o440), "ok");
    assert_eq!(examined(folder.path(), 0o444), "fail");
    assert_eq!(examined(Path::new("/run/credentials/other"), 0o440), "fail");
    assert_eq!(examined(Path::new("/run/credentials/other"), 0o400), "ok");
}

#[test]
fn the_image_runs_commands_that_there_are() {
    let file = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/Containerfile")).unwrap();
    let check = file.lines().find(|line| line.starts_with("HEALTHCHECK")).unwrap();
    assert!(check.contains(r#""health""#) && printed(&["health", "--help"]).contains("whether it answers calls"));
    for name in ["RISKPORT_LISTEN", "RISKPORT_DATA_DIR", "RISKPORT_LOG_JSON"] {
        assert!(file.contains(name) && printed(&["serve", "--help"]).contains(name), "{name}");
    }
    // Every folder that the build reads is there, and so is what it ends with.
    let sources = file.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    for source in sources.flat_map(|line| line.split(' ').rev().skip(1)) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(), "{source}");
    }
    assert!(!run(&["health", "--server", "http://127.0.0.1:1"], "").status.success());
}
