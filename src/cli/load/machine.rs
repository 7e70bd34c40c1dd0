//! What the figures were measured on: they mean little without it.

use std::{fs, io, path::Path, thread};

/// The machine, as it was before this added to its load.
pub(in crate::cli) struct Machine {
    model: String,
    cores: usize,
    load: String,
}

impl Machine {
    pub(in crate::cli) fn look() -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            model: model.map_or("unknown processor", |(_, model)| model).to_owned(),
            cores: thread::available_parallelism().map_or(1, std::num::NonZero::get),
            load: load.split(' ').next().unwrap_or("unknown").to_owned(),
        }
    }

    /// One line for a person.
    pub(in crate::cli) fn describe(&self) -> String {
        let Self { model, cores, load } = self;
        format!("{model}, {cores} cores, load {load} before")
    }
}

/// The type of the file system that a folder is on.
pub(in crate::cli) fn file_system(folder: &Path) -> io::Result<String> {
    let folder = folder.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mount = |line: &str| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        folder.starts_with(&point).then_some((point.len(), kind))
    };
    // The deepest mount point holds the folder; of two at one place, the later one.
    let deepest = mounts.lines().filter_map(mount).max_by_key(|(depth, _)| *depth);
    Ok(deepest.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind))
}
