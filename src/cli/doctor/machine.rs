//! The data folder, its disk, and the limits that the operating system sets.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::statvfs,
};

use super::finding::Finding;
use crate::{config::Settings, server::OTHER_FILES};

const MIB: u64 = 1024 * 1024;
/// Below this there is no room for what a server writes within the hour.
const LEAST_BYTES: u64 = 64 * MIB;
/// Below this somebody should make room.
const FEW_BYTES: u64 = 1024 * MIB;
/// The same for files: SQLite makes a few beside its own.
const LEAST_FILES: u64 = 16;
const FEW_FILES: u64 = 1_000;
/// How often a write is synced, to see how long that takes.
const SYNCS: usize = 9;
/// A sync that takes longer makes every decision as late.
const SLOW_SYNC: Duration = Duration::from_millis(20);

pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(database) = settings.sqlite_file() {
        let folder = folder_of(database);
        findings.push(data_folder(&folder));
        let there = nearest(&folder);
        findings.extend(disk_space(&there));
        // Only where the database would be: elsewhere it would tell of another disk.
        findings.extend(folder.exists().then(|| sync_time(&folder)));
    }
    findings.push(open_files(settings.max_connections));
    findings
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// The folder, or the nearest above it that is there.
fn nearest(folder: &Path) -> PathBuf {
    folder.ancestors().find(|above| above.exists()).unwrap_or(Path::new(".")).to_owned()
}

fn data_folder(folder: &Path) -> Finding {
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Finding::warn(
            "data folder",
            format!("{shown} is not there yet"),
            "`riskport serve` makes it; if there should be one, mend --data-dir",
        ),
        Err(error) => Finding::fail("data folder", format!("{shown}: {error}"), "let the server's user into it"),
        Ok(found) if !found.is_dir() => {
            Finding::fail("data folder", format!("{shown} is no folder"), "name a folder with --data-dir")
        }
        Ok(found) => {
            let mode = found.permissions().mode() & 0o777;
            if mode.trailing_zeros() >= 6 {
                Finding::ok("data folder", format!("{shown}, mode {mode:04o}"))
            } else {
                let next = format!("chmod 700 {shown}");
                Finding::warn("data folder", format!("{shown} has mode {mode:04o}: others can enter it"), next)
            }
        }
    }
}

fn disk_space(folder: &Path) -> Vec<Finding> {
    let disk = match statvfs(folder) {
        Ok(disk) => disk,
        Err(error) => {
            let found = format!("{}: {error}", folder.display());
            return vec![Finding::fail("disk space", found, "let the server's user into the folder")];
        }
    };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    let found = format!("{} MiB free on the disk of {}", free / MIB, folder.display());
    let next = "make room: a full disk answers every decision with UNAVAILABLE";
    let mut findings = vec![match free {
        ..LEAST_BYTES => Finding::fail("disk space", found, next),
        LEAST_BYTES..FEW_BYTES => Finding::warn("disk space", found, next),
        _ => Finding::ok("disk space", found),
    }];
    // A file system without a table of files says that it has none at all.
    if disk.files() > 0 {
        let left = disk.files_available();
        let found = format!("{left} more files fit on it");
        findings.push(match left {
            ..LEAST_FILES => Finding::fail("disk files", found, next),
            LEAST_FILES..FEW_FILES => Finding::warn("disk files", found, next),
            _ => Finding::ok("disk files", found),
        });
    }
    findings
}

/// Syncs a few writes to a file without a name, of which nothing stays.
fn sync_time(folder: &Path) -> Finding {
    let measure = || -> io::Result<Vec<Duration>> {
        let mut file = tempfile::tempfile_in(folder)?;
        let mut times = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            file.write_all(&[1; 4096])?;
            let begun = Instant::now();
            file.sync_data()?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        Ok(times)
    };
    match measure() {
        Err(error) => {
            let found = format!("cannot write in {}: {error}", folder.display());
            Finding::fail("disk sync", found, "make room, or let the server's user write there")
        }
        Ok(times) => {
            let (median, worst) = (times[SYNCS / 2], times[SYNCS - 1]);
            let found = format!("{:.2} ms, the slowest of {SYNCS} {:.2} ms", millis(median), millis(worst));
            if median > SLOW_SYNC {
                Finding::warn("disk sync", found, "every decision waits for one: put the data on a faster disk")
            } else {
                Finding::ok("disk sync", found)
            }
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The server raises the soft limit to the hard one, and takes fewer connections where that is too low.
fn open_files(connections: usize) -> Finding {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Err(error) => Finding::warn("open files", format!("the limit cannot be read: {error}"), "look at `ulimit -Hn`"),
        Ok((_, hard)) if hard < needed => Finding::warn(
            "open files",
            format!("at most {hard} here, and {connections} connections need {needed}: there will be fewer"),
            format!("ulimit -n {needed}, LimitNOFILE={needed} in the unit, or fewer --max-connections"),
        ),
        Ok((_, hard)) => Finding::ok("open files", format!("at most {hard} here, for {connections} connections")),
    }
}
