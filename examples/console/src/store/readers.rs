//! Connections that read. Each read sees the store between two batches.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OpenFlags};

use super::file::File;
use super::{Error, functions, schema};

/// The connections that are kept open.
const IDLE: usize = 4;

/// The connections.
#[derive(Debug)]
pub(crate) struct Readers {
    file: Arc<File>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(file: Arc<File>) -> Self {
        Readers { file, idle: Mutex::default() }
    }

    /// Reads in one transaction.
    pub(super) fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        // Dropped without a commit: there is nothing to write.
        let transaction = connection.unchecked_transaction()?;
        let result = f(&transaction);
        transaction.finish()?;
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < IDLE
        {
            idle.push(connection);
        }
        result
    }

    fn open(&self) -> Result<Connection, Error> {
        let connection = Connection::open_with_flags(
            &self.file.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "cache_size", -8_000)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        functions::add(&connection)?;
        schema::plan_once(&connection)?;
        Ok(connection)
    }
}
