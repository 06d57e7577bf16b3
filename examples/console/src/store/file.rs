//! The file of the store: kept, or temporary and removed at the end.

use std::fs::{self, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Error;

/// The file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) is_kept: bool,
    /// Held so that no other console writes to the file: each remembers what is in it.
    _lock: fs::File,
}

impl File {
    /// Makes the file, with access for its owner alone, unless a kept one is there.
    pub(crate) fn open(keep: Option<PathBuf>) -> Result<Self, Error> {
        let is_kept = keep.is_some();
        let path = match keep {
            Some(path) => path,
            None => std::env::temp_dir().join(format!("thundra-console-{:016x}.db", random()?)),
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600);
        let named = |error| Error::File(format!("{}: {error}", path.display()));
        let lock = match options.clone().create_new(true).open(&path) {
            Ok(made) => made,
            // SQLite gives its other files the mode of this one.
            Err(error) if is_kept && error.kind() == std::io::ErrorKind::AlreadyExists => {
                options.open(&path).map_err(named)?
            }
            Err(error) => return Err(named(error)),
        };
        // Any other error is of a file system without locks.
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            return Err(Error::File(format!("{}: another console has it", path.display())));
        }
        Ok(File { path, is_kept, _lock: lock })
    }

    /// Returns the path of the log that SQLite writes first.
    pub(crate) fn wal(&self) -> PathBuf {
        with_suffix(&self.path, "-wal")
    }
}

impl File {
    /// Removes a temporary file.
    pub(crate) fn remove(&self) {
        for suffix in ["", "-wal", "-shm"].iter().filter(|_| !self.is_kept) {
            let _ = fs::remove_file(with_suffix(&self.path, suffix));
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn random() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}
