//! A small file system in memory, to be filled to the last byte. Only root may mount one.

use std::{fs, io::Write, path::Path, process::Command};

use tempfile::TempDir;

/// A mounted file system of four MiB; it is unmounted when this is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one, or says in a line that the test is skipped.
    pub fn mount() -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("riskport-test-disk-").tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path()).output();
        let why = match mounted {
            Ok(done) if done.status.success() => return Some(Self(folder)),
            Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
            Err(why) => why.to_string(),
        };
        let _ = writeln!(std::io::stderr(), "SKIPPED (no small disk): {why}");
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte with a file that [`Self::make_room`] removes.
    pub fn fill(&self) {
        let mut size = 1 << 20;
        let mut filler = fs::File::create(self.path().join("filler")).unwrap();
        while size > 0 {
            if filler.write_all(&vec![1; size]).is_err() {
                size /= 2;
            }
        }
    }

    pub fn make_room(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
