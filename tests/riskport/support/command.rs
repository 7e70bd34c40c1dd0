//! The built program, as a person runs it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use riskport::{cli::key_file::PrivateKey, domain::key::KeyAlgorithm, rpc::proto::tenant::Scope};
use tempfile::TempDir;

use super::{
    World,
    platform::{AMPLE_RATE, Partner, Platform, new_key},
    process::Process,
};

/// A folder for a test's files.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap()
}

/// What was printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The program with its arguments, and nothing of the environment.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_riskport"));
    command.args(arguments).env_clear();
    command
}

/// Runs the program, and tells what it printed; it must not be surprised by anything.
pub fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end without having read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    output
}

/// What it printed when all went well.
pub fn printed(arguments: &[&str]) -> String {
    printed_of(arguments, "")
}

/// What it printed of an input when all went well.
pub fn printed_of(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Why it failed.
pub fn refused(arguments: &[&str]) -> String {
    let output = run(arguments, "");
    assert!(!output.status.success(), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

/// Whose key it is, where the server is, and the key.
pub struct Caller {
    pub server: String,
    pub tenant: String,
    pub key: PathBuf,
}

impl Caller {
    /// Arguments with those that say who calls.
    pub fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut all = arguments.to_vec();
        all.extend(["--server", &self.server, "--as", &self.tenant, "--key", self.key.to_str().unwrap()]);
        all
    }

    pub fn prints(&self, arguments: &[&str]) -> String {
        printed(&self.arguments(arguments))
    }

    pub fn prints_of(&self, arguments: &[&str], input: &str) -> String {
        printed_of(&self.arguments(arguments), input)
    }

    pub fn is_refused(&self, arguments: &[&str]) -> String {
        refused(&self.arguments(arguments))
    }

    /// The columns of the line that begins with a word.
    pub fn line(&self, arguments: &[&str], first: &str) -> Vec<String> {
        let output = self.prints(arguments);
        let lines = output.lines().map(|line| line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>());
        let found = lines.into_iter().find(|line| line.first().is_some_and(|column| column == first));
        found.unwrap_or_else(|| panic!("no line of {first:?} in:\n{output}"))
    }
}

/// A server as a process of its own, with a partner of some scopes and an ample quota.
pub async fn served(world: &World, folder: &Path, scopes: &[Scope]) -> (Process, Caller) {
    served_at(world, folder, scopes, AMPLE_RATE).await
}

/// As [`served`], with a quota of so many requests a second.
pub async fn served_at(world: &World, folder: &Path, scopes: &[Scope], rate: i32) -> (Process, Caller) {
    let platform = Platform::start(world).await;
    let bank = platform.onboard_with("north-bank", rate, new_key()).await;
    let key = folder.join("north.pem");
    let private = PrivateKey::create(&key, KeyAlgorithm::EdDsa).unwrap().into();
    platform.add_key(&Partner { id: bank.id.clone(), key: private }, scopes).await;
    let master = platform.stop().await;
    let process = Process::start(&world.database, &master.path().join("master.key"));
    let bank = Caller { server: process.url.clone(), tenant: bank.id, key };
    (process, bank)
}
