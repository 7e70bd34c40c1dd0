//! Copies an embedded database while a server uses it: for `riskport backup`.
//!
//! The copy grows beside its place under another name, is held against its indexes, and is on the disk before it gets its
//! name: a file of that name is a whole backup, whatever ended the program.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::store::{Copied, OpenError, Store};

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum BackUpError {
    /// A file of that name is there.
    #[error("{} is there already: name a file that is not", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no database {}", .0.display())]
    NoDatabase(PathBuf),
    /// The database cannot be read, or the copy cannot be written.
    #[error("cannot copy the database: {0}")]
    Copy(#[from] OpenError),
    /// The copy cannot be put in its place.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy is not whole, and so the database may not be.
    #[error("the copy is broken, and was removed: {}. Look at the database with `riskport doctor --deep`", .0.join("; "))]
    Broken(Vec<String>),
}

/// A copy that is being made.
pub struct BackUp {
    from: PathBuf,
    to: PathBuf,
    /// Where it grows.
    pub partial: PathBuf,
    /// About how many bytes it will have.
    pub bytes: u64,
}

impl BackUp {
    /// Looks at what is to be copied, and whether it has a place.
    ///
    /// # Errors
    /// When there is no database, or the copy's name is taken.
    pub async fn prepare(from: &Path, to: &Path) -> Result<Self, BackUpError> {
        if !from.exists() {
            return Err(BackUpError::NoDatabase(from.to_owned()));
        }
        let mut partial = to.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        for path in [to, &partial] {
            if path.exists() {
                return Err(BackUpError::Exists(path.to_owned()));
            }
        }
        let bytes = Store::size_of_file(from).await?;
        Ok(Self { from: from.to_owned(), to: to.to_owned(), partial, bytes })
    }

    /// Copies, verifies, syncs, and gives the copy its name; nothing stays of one that fails.
    ///
    /// # Errors
    /// When the copy cannot be made, or is not whole.
    pub async fn make(&self) -> Result<Copied, BackUpError> {
        let made = self.copy().await;
        if made.is_err() {
            // It may not be there at all.
            let _ = fs::remove_file(&self.partial);
        }
        made
    }

    async fn copy(&self) -> Result<Copied, BackUpError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| BackUpError::File { path, source }
        };
        // Made first, and by nobody else: for its owner alone from its first byte on.
        private_file(&self.partial).map_err(at(&self.partial))?;
        Store::copy_file(&self.from, &self.partial).await?;
        let copied = Store::verify_copy(&self.partial).await?.map_err(BackUpError::Broken)?;
        File::open(&self.partial).and_then(|file| file.sync_all()).map_err(at(&self.partial))?;
        // A link does not take the place of a file that has come meanwhile, as a new name would.
        fs::hard_link(&self.partial, &self.to).map_err(at(&self.to))?;
        fs::remove_file(&self.partial).map_err(at(&self.partial))?;
        let folder = self.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        Ok(copied)
    }
}

/// An empty file that only its owner can read: what is not sealed in a database is nobody else's business either.
fn private_file(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}
