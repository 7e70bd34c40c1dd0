//! The server as a process of its own, so that what it holds and spends can be told from what the generator does.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::sleep;

use crate::cli::{Failure, load::cores};

/// How often it is looked whether the process has ended.
const LOOK: Duration = Duration::from_millis(5);
/// The longest that a process may take to end before it is killed: twice what a drain may take.
const END_LIMIT: Duration = Duration::from_secs(20);

/// A running `riskport serve`. It is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// When it was started.
    pub started: Instant,
    /// Held, because a server whose output nobody reads may be refused to print.
    _said: BufReader<ChildStdout>,
}

/// What a server is started with.
pub(super) struct Start<'a> {
    /// The folder of its keys, its log, and its database unless a URL names another.
    pub folder: &'a Path,
    pub database_url: Option<&'a str>,
    /// The core it is held on.
    pub core: Option<usize>,
    /// The most files that it may have open, if not as many as this process.
    pub open_files: Option<u64>,
}

impl Process {
    /// Starts the program that runs here, and waits until it listens.
    pub(super) fn start(start: &Start<'_>) -> Result<Self, Failure> {
        let (mut command, started) = (command(start)?, Instant::now());
        let core = start.core;
        // A process begins on the cores of the thread that started it, before it has any thread of its own.
        let spawned = thread::scope(|scope| {
            let spawning = scope.spawn(move || {
                if let Some(core) = core {
                    cores::pin(core)?;
                }
                command.spawn()
            });
            spawning.join()
        });
        let mut child = spawned.map_err(|_| Failure::new("the thread that starts the server ended badly"))??;
        let stdout = child.stdout.take().ok_or_else(|| Failure::new("the server has no output"))?;
        let mut said = BufReader::new(stdout);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let address = line.trim().strip_prefix("riskport listens on ").and_then(|address| address.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            let log = log_of(start.folder);
            return Err(Failure::new(format!("the server did not start; it logged: {}", last_line(&log))));
        };
        Ok(Self { child, address, started, _said: said })
    }

    /// What it has in memory now, in bytes.
    pub(super) fn resident_bytes(&self) -> u64 {
        self.status_kib("VmRSS:") * 1024
    }

    /// Forgets the most that it ever had in memory, so that [`Self::peak_bytes`] tells of what comes.
    pub(super) fn forget_peak(&self) {
        // `5` resets the peak (proc(5)); without it the peak is that of the whole life, which is more and so safe to tell.
        let _ = fs::write(self.path("clear_refs"), "5");
    }

    /// The most that it had in memory since [`Self::forget_peak`], in bytes.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.status_kib("VmHWM:") * 1024
    }

    /// How many files and sockets it has open.
    pub(super) fn open_files(&self) -> usize {
        fs::read_dir(self.path("fd")).map_or(0, Iterator::count)
    }

    /// The time of processors that it has spent.
    pub(super) fn spent(&self) -> Duration {
        cores::process_spent(self.child.id()).unwrap_or_default()
    }

    /// Tells it to drain, and how long it took to end. What does not end is killed.
    pub(super) async fn stop(&mut self) -> Result<Duration, Failure> {
        let begun = Instant::now();
        kill(self.pid()?, Signal::SIGTERM)?;
        while begun.elapsed() < END_LIMIT {
            if self.child.try_wait()?.is_some() {
                return Ok(begun.elapsed());
            }
            sleep(LOOK).await;
        }
        Ok(begun.elapsed())
    }

    fn pid(&self) -> Result<Pid, Failure> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }

    fn path(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }

    fn status_kib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.path("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that runs here as a server; through a shell where its files are limited, for only it may do that to a child.
fn command(start: &Start<'_>) -> io::Result<Command> {
    let program = std::env::current_exe()?;
    let mut command = match start.open_files {
        None => Command::new(program),
        Some(limit) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", "ulimit -n \"$0\" && exec \"$@\"", &limit.to_string()]).arg(program);
            shell
        }
    };
    command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file"]).arg(start.folder.join("master.key"));
    match start.database_url {
        None => command.arg("--data-dir").arg(start.folder),
        Some(url) => command.args(["--database-url", url]),
    };
    // Its log belongs to what a call costs, and says why a server did not start.
    let log = fs::OpenOptions::new().create(true).append(true).open(log_of(start.folder))?;
    // Settings of the environment are for a server that is really run.
    let settings = std::env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| name.to_string_lossy().starts_with("RISKPORT_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    Ok(command)
}

fn log_of(folder: &Path) -> std::path::PathBuf {
    folder.join("server.log")
}

fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("nothing").to_owned()
}
