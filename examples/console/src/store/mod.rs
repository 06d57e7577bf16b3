//! The store: one SQLite file, one writer, and readers that see whole batches.
//!
//! ```text
//! Batch ─► writer.rs: one transaction ─► batch.rs ┬─► spans, logs, points, invocations
//!                                                 ├─► sums.rs: requests and traces
//!                                                 ├─► rollup.rs, edges.rs
//!                                                 └─► retention.rs
//! ```

mod batch;
mod blocks;
mod bucket;
mod dictionary;
mod edges;
mod file;
mod functions;
mod invocations;
mod readers;
mod records;
mod retention;
mod rollup;
mod schema;
mod spans;
mod sums;
mod traces;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

pub(crate) use blocks::SPANS_OF_BLOCKS;
pub(crate) use bucket::{bucket, lower_bound};
pub(crate) use edges::{BATCH, RECEIVE, RECORD, SEND, UNKNOWN};
pub(crate) use functions::whole;
pub(crate) use readers::Readers;
pub(crate) use retention::used;
pub(crate) use rollup::{MINUTE, Rollup, rollup};
pub(crate) use traces::hex;
pub(crate) use writer::{Change, Writer};

use crate::rows::{Batch, Rejected};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    File(String),
    #[error("more than the limit of the store has room for")]
    Full,
    #[error("the store does not take more")]
    Closed,
}

/// The store of a process.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    writer: Writer,
    readers: Arc<Readers>,
    rejected: Arc<Mutex<Rejected>>,
    file: Arc<file::File>,
    pub(crate) limit: u64,
    pub(crate) is_kept: bool,
}

impl Store {
    /// Opens a file, or makes a temporary one.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or is not a console's.
    pub(crate) fn open(keep: Option<PathBuf>, limit: u64) -> Result<Self, Error> {
        let file = Arc::new(file::File::open(keep)?);
        let connection = schema::open(&file, limit)?;
        Ok(Store {
            readers: Arc::new(Readers::new(Arc::clone(&file))),
            rejected: Arc::default(),
            limit,
            is_kept: file.is_kept,
            writer: Writer::start(connection, Arc::clone(&file), limit)?,
            file,
        })
    }

    /// Writes a batch, and waits until readers see it.
    ///
    /// # Errors
    ///
    /// If the file takes no more.
    pub(crate) async fn write(&self, batch: Batch) -> Result<Change, Error> {
        let rejected = batch.rejected;
        self.reject(|sum| sum.join(rejected));
        self.writer.write(batch).await
    }

    /// Counts what could not be read.
    pub(crate) fn reject(&self, f: impl FnOnce(&mut Rejected)) {
        if let Ok(mut rejected) = self.rejected.lock() {
            f(&mut rejected);
        }
    }

    /// Returns the counts of what could not be read.
    pub(crate) fn rejected(&self) -> Rejected {
        self.rejected.lock().map(|rejected| *rejected).unwrap_or_default()
    }

    /// Returns what changed after a sequence number; `None` if it is too long ago, or of another store.
    pub(crate) fn since(&self, seq: i64) -> Option<Change> {
        self.writer.since(seq)
    }

    /// Reads in one transaction, on a thread that may block.
    ///
    /// # Errors
    ///
    /// Those of `f`.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&rusqlite::Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || readers.read(f)).await.map_err(|_| Error::Closed)?
    }

    /// Removes a temporary file, at the end of the process: the writer's thread still has it.
    pub(crate) fn remove(&self) {
        self.file.remove();
    }

    /// Returns what changes from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.writer.changes()
    }
}
