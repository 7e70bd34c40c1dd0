//! The process as the operating system sees it, read when the page is made.

use std::fs;

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage},
    time::TimeValLike,
};

use super::page::Page;

/// What the operating system says of this process; nothing where it does not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    resident_bytes: Option<i64>,
    open_files: Option<i64>,
    most_files: Option<i64>,
    cpu_micros: Option<i64>,
    threads: Option<i64>,
}

impl Process {
    /// Reads it.
    #[must_use]
    pub fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<i64>().ok()
        };
        let files = fs::read_dir("/proc/self/fd").ok().and_then(|files| i64::try_from(files.count()).ok());
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
        Self {
            resident_bytes: number("VmRSS:").map(|kib| kib.saturating_mul(1_024)),
            // One of them was open for the counting alone.
            open_files: files.map(|files| files - 1),
            most_files: getrlimit(Resource::RLIMIT_NOFILE).ok().and_then(|(soft, _)| i64::try_from(soft).ok()),
            cpu_micros: usage
                .map(|usage| usage.user_time().num_microseconds() + usage.system_time().num_microseconds()),
            threads: number("Threads:"),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 microseconds of CPU are 285 years")]
    pub(super) fn show(&self, page: &mut Page) {
        let levels = [
            ("process_resident_memory_bytes", "Memory that the process has in RAM.", self.resident_bytes),
            ("process_open_fds", "Files and sockets that the process has open.", self.open_files),
            ("process_max_fds", "The most files and sockets that it may have open.", self.most_files),
            ("process_threads", "Threads of the process.", self.threads),
        ];
        for (name, says, level) in levels {
            if let Some(level) = level {
                page.gauge(name, says).set(&[], level);
            }
        }
        if let Some(micros) = self.cpu_micros {
            let cpu = page.counter("process_cpu_seconds", "CPU seconds that the process used, user and system.");
            cpu.add_amount(&[], micros as f64 / 1_000_000.0);
        }
    }
}
