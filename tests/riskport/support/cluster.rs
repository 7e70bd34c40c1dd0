//! A throwaway PostgreSQL cluster in a temporary folder.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    os::unix::{fs::MetadataExt, fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::process::send_signal;

/// Stays beside the test process until that ends, however it ends: then its standard input, a pipe that only the test
/// process holds, reports the end of the file. `$1` is the folder, the rest a `pg_ctl` command line. It tries again for
/// as long as an orphaned `initdb` puts files back.
const WATCHDOG: &str = r#"trap '' HUP INT TERM; cat >/dev/null; folder=$1; shift
for try in 1 2 3 4 5 6 7 8 9; do "$@"; rm -rf "$folder"; sleep 1; [ -e "$folder" ] || exit; done"#;
/// Somebody may take the port between our look and the server's start.
const START_TRIES: usize = 5;
/// Each test opens a few stores, each with a pool; several tests run at a time.
const MAX_CONNECTIONS: &str = "400";

/// A running cluster. It stops when this process ends.
pub struct Cluster {
    port: u16,
    launcher: Launcher,
    /// Held, not used: its standard input is the pipe.
    _watchdog: Child,
}

/// Whom the server's programs run as, and where.
struct Launcher {
    binaries: PathBuf,
    /// PostgreSQL refuses root, so root needs somebody else to run it.
    user: Option<&'static str>,
    folder: PathBuf,
}

impl Cluster {
    /// Makes a cluster and starts it, or says in one line why not.
    pub fn start() -> Result<Self, String> {
        let binaries = find_binaries().ok_or("no initdb and pg_ctl on PATH or in /usr/lib/postgresql/*/bin")?;
        let folder = tempfile::Builder::new().prefix("riskport-test-postgres-").tempdir().map_err(text)?;
        let user = match fs::metadata(folder.path()).map_err(text)?.uid() {
            0 => Some(find_user().ok_or("running as root, and neither postgres nor nobody can run PostgreSQL")?),
            _ => None,
        };
        // The watchdog removes the folder from here on.
        let launcher = Launcher { binaries, user, folder: folder.keep() };
        let watchdog = launcher.start_watchdog().map_err(text)?;
        launcher.make_data_folder()?;
        let mut last = String::new();
        for _ in 0..START_TRIES {
            match launcher.start_server() {
                Ok(port) => return Ok(Self { port, launcher, _watchdog: watchdog }),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// The URL of the maintenance database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Sends a signal to all its processes, such as STOP, after which none gets to run until CONT.
    pub fn signal(&self, signal: &str) {
        for pid in processes(&self.launcher.data()).unwrap_or_default() {
            send_signal(pid, signal);
        }
    }

    /// Ends it as a crash would, and starts it again.
    pub fn crash_and_restart(&self) {
        let (line, log) = (self.launcher.command_line("pg_ctl"), self.launcher.data().join("log"));
        self.launcher
            .run(&line, ["-w", "-t", "60", "-m", "immediate", "-l", log.to_str().unwrap(), "restart"])
            .unwrap();
    }
}

/// The processes of the server of a data folder, the first of them first; nothing when it does not run here.
pub fn processes(data: &Path) -> Option<Vec<u32>> {
    let lines = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let first = lines.lines().next()?.trim().to_owned();
    let mut pids = vec![first.parse().ok()?];
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).map(str::trim);
        if parent == Some(&first) {
            pids.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
    }
    Some(pids)
}

impl Launcher {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A command line that runs a program of PostgreSQL, as the other user where there is one.
    fn command_line(&self, program: &str) -> Vec<String> {
        let switch = self.user.map(|user| ["runuser", "-u", user, "--"]);
        let program = self.binaries.join(program);
        let data = self.data();
        let own = [program.to_string_lossy(), "-D".into(), data.to_string_lossy()].map(std::borrow::Cow::into_owned);
        switch.into_iter().flatten().map(str::to_owned).chain(own).collect()
    }

    fn start_watchdog(&self) -> std::io::Result<Child> {
        Command::new("sh")
            .args(["-c", WATCHDOG, "sh"])
            .arg(&self.folder)
            .args(self.command_line("pg_ctl"))
            .args(["-m", "immediate", "stop"])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that what ends the tests' group does not end it as well.
            .process_group(0)
            .spawn()
    }

    fn make_data_folder(&self) -> Result<(), String> {
        let mine = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&self.folder, mine).map_err(text)?;
        fs::create_dir(self.data()).map_err(text)?;
        if let Some(user) = self.user {
            let line = ["chown".to_owned(), user.to_owned(), self.data().display().to_string()];
            self.run(&line, [])?;
        }
        let line = self.command_line("initdb");
        // Syncing the empty cluster is left out; the running server syncs every commit, as Riskport insists.
        let options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"];
        self.run(&line, options)
    }

    fn start_server(&self) -> Result<u16, String> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(text)?.port();
        let data = self.data();
        let data = data.display();
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=on \
             -c max_connections={MAX_CONNECTIONS} -c shared_buffers=64MB -c log_min_messages=fatal"
        );
        let line = self.command_line("pg_ctl");
        self.run(&line, ["-w", "-t", "60", "-l", &format!("{data}/log"), "-o", &settings, "start"])?;
        Ok(port)
    }

    /// Runs a program to its end, or says how it ended and what it printed.
    fn run<const N: usize>(&self, line: &[String], options: [&str; N]) -> Result<(), String> {
        let printed = self.folder.join("printed");
        // A file, not a pipe: the server that `pg_ctl` leaves behind would hold a pipe open.
        let out = fs::File::create(&printed).map_err(text)?;
        let status = Command::new(&line[0])
            .args(&line[1..])
            .args(options)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(out.try_clone().map_err(text)?)
            .stderr(out)
            .status()
            .map_err(|error| format!("{}: {error}", line[0]))?;
        if status.success() {
            return Ok(());
        }
        let printed = fs::read_to_string(&printed).unwrap_or_default();
        Err(format!("{}: {status}: {}", line.join(" "), printed.trim().replace('\n', " | ")))
    }
}

/// The folder of the server's programs: `PATH` first, then where Debian keeps them, the newest version first.
pub fn find_binaries() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_unstable_by(|left, right| right.cmp(left));
    let has_all = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
    env::split_paths(&path).chain(versions.into_iter().map(|(_, folder)| folder)).find(has_all)
}

/// A user that root can run PostgreSQL as.
fn find_user() -> Option<&'static str> {
    ["postgres", "nobody"].into_iter().find(|user| {
        let runuser = Command::new("runuser").args(["-u", user, "--", "true"]).stderr(Stdio::null()).status();
        runuser.is_ok_and(|status| status.success())
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
