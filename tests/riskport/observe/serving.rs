//! The program as a process whose log, metrics and answers a test can read.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use riskport::store::Database;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::support::{
    World,
    platform::{Partner, Platform},
    process::send_signal,
};

/// A running `riskport serve` with metrics. It is killed when this is dropped.
pub struct Serving {
    child: Child,
    /// Kept open: the program must be able to print.
    _stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
    pub operator: Partner,
    pub bank: Partner,
    folder: TempDir,
}

impl Serving {
    /// Starts the program with more options on a world's database, with an operator and a partner.
    pub async fn start(world: &World, options: &[&str]) -> Self {
        let platform = Platform::start(world).await;
        let bank = platform.onboard("north-bank").await;
        let operator = platform.operator();
        let folder = platform.stop().await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_riskport"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]).args(options);
        command.arg("--master-key-file").arg(folder.path().join("master.key"));
        match &world.database {
            Database::Sqlite(path) => command.arg("--data-dir").arg(path.parent().unwrap()),
            Database::Postgres(url) => command.args(["--database-url", url]),
        };
        let log = File::create(folder.path().join("log")).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line
        };
        let (address, metrics) = (line(), line());
        let address = address.trim().strip_prefix("riskport listens on ").unwrap_or_else(|| panic!("{address:?}"));
        let metrics =
            metrics.strip_prefix("metrics and probes are at http://").unwrap_or_else(|| panic!("{metrics:?}"));
        let (address, metrics) = (address.parse().unwrap(), metrics.split('/').next().unwrap().parse().unwrap());
        Self { child, _stdout: stdout, address, metrics, operator, bank, folder }
    }

    /// A connection of its own.
    pub async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect_timeout(Duration::from_secs(5)).connect().await.unwrap()
    }

    /// What was logged until now.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The memory that it has in RAM, in KiB.
    pub fn resident_kib(&self) -> i64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Asks it to end, waits until it has, and tells how, and what was logged to the last.
    pub async fn stop(mut self) -> (ExitStatus, String) {
        send_signal(self.child.id(), "TERM");
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, self.log());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
