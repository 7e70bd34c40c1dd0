//! The program itself, as a process that can be killed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use riskport::store::Database;

/// A running `riskport serve`. It is killed when this is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Process {
    /// Starts the program on a database, and waits until it listens.
    pub fn start(database: &Database, master_key_file: &Path) -> Self {
        Self::start_with(database, master_key_file, &[])
    }

    /// As [`Self::start`], with some variables in its environment.
    pub fn start_with(database: &Database, master_key_file: &Path, environment: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_riskport"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--master-key-file"]).arg(master_key_file);
        // No test is to depend on how busy the machine is.
        command.env("RISKPORT_GOOD_TIME_MS", "60000");
        match database {
            Database::Sqlite(path) => command.arg("--data-dir").arg(path.parent().unwrap()),
            Database::Postgres(url) => command.args(["--database-url", url]),
        };
        command.envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default();
        assert!(line.starts_with("riskport listens on"), "the program said {line:?}");
        Self { child, url: format!("http://{address}") }
    }

    /// `kill -9`: nothing in the program gets to run any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Process {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM: what an init system sends first.
    pub fn terminate(&self) {
        send_signal(self.child.id(), "TERM");
    }

    /// Waits for the end, and tells how it was.
    pub async fn wait(mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Sends a process a signal. The shell does it: not every machine has a program `kill`.
pub fn send_signal(pid: u32, signal: &str) {
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
