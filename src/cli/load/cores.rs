//! Cores: who runs on which, and what it spent there.

use std::{fs, future::Future, io, time::Duration};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    time::ClockId,
    unistd::Pid,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};

/// The cores of both sides; nothing where the process may use only one.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Cores {
    pub server: Option<usize>,
    pub client: Option<usize>,
}

impl Cores {
    /// The first two cores that this process may run on.
    pub(in crate::cli) fn choose() -> Self {
        let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
        match (cores.next(), cores.next()) {
            (server @ Some(_), client @ Some(_)) => Self { server, client },
            _ => Self { server: None, client: None },
        }
    }
}

/// A runtime with one worker thread. That thread and every thread begun from it stay on one core: the threads for
/// blocking work and SQLite's own among them.
pub(in crate::cli) struct Core(Option<Runtime>);

impl Core {
    pub(in crate::cli) fn start(name: &str, core: Option<usize>) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .enable_all()
            .on_thread_start(move || {
                if let Some(core) = core
                    && let Err(error) = pin(core)
                {
                    tracing::warn!(%error, core, "a thread cannot be held on its core");
                }
            })
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a task on this core.
    pub(in crate::cli) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone()).spawn(task)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which a task must not do.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Holds the calling thread, and every thread and process that it begins, on a core.
pub(in crate::cli) fn pin(core: usize) -> nix::Result<()> {
    let mut only = CpuSet::new();
    only.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &only)
}

/// What the process and the calling thread have spent so far.
///
/// The generator is one thread, and everything else that works while a round runs is the server: so what the server
/// spent is what the process spent, less the generator's thread.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Spent {
    process: Duration,
    thread: Duration,
}

impl Spent {
    pub(in crate::cli) fn now() -> nix::Result<Self> {
        Ok(Self {
            process: ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?.into(),
            thread: ClockId::CLOCK_THREAD_CPUTIME_ID.now()?.into(),
        })
    }

    /// What the process spent since an earlier look.
    pub(in crate::cli) fn process_since(self, earlier: Self) -> Duration {
        self.process.saturating_sub(earlier.process)
    }

    /// What the server and the generator spent since an earlier look by the same thread.
    pub(in crate::cli) fn since(self, earlier: Self) -> (Duration, Duration) {
        let thread = self.thread.saturating_sub(earlier.thread);
        (self.process.saturating_sub(earlier.process).saturating_sub(thread), thread)
    }
}

/// What the PostgreSQL backends of a database have spent, when they run on this machine. Backends name their database
/// in their title, `postgres: user database host(port) state`.
pub(in crate::cli) fn postgres_spent(database: &str) -> Option<Duration> {
    let mut ticks = None;
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let title = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let title = String::from_utf8_lossy(&title);
        let backend = title.strip_prefix("postgres: ").is_some_and(|rest| rest.split(' ').any(|part| part == database));
        if backend && let Ok(stat) = fs::read_to_string(process.path().join("stat")) {
            *ticks.get_or_insert(0) += user_and_system(&stat).unwrap_or(0);
        }
    }
    ticks.map(of_ticks)
}

/// What another process has spent, all its threads together.
pub(in crate::cli) fn process_spent(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    user_and_system(&stat).map(of_ticks)
}

/// `USER_HZ` is 100 on every platform of Linux that Rust builds for.
const fn of_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 10)
}

/// The 14th and 15th fields of `/proc/PID/stat` (proc(5)); the second is a name in brackets that may hold spaces.
fn user_and_system(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}
