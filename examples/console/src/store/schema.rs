//! The tables, by migrations: a kept file of an older console is brought up to date.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::file::File;
use super::{Error, functions};

/// The migrations. A published one is never changed: add another.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// The mark of a console's file, in the header of SQLite: `thnc`.
const APPLICATION: i32 = 0x7468_6e63;

/// The bytes that SQLite's write-ahead log may have beside the file, at most; a fourth of a small limit.
const WAL_BYTES: u64 = 256 << 20;

/// Returns the bytes of a limit that the file itself may have.
pub(super) fn file_bytes(limit: u64) -> u64 {
    limit - (limit / 4).min(WAL_BYTES)
}

/// Plans a statement once, whatever its values. SQLite would plan many anew each time that they run.
pub(super) fn plan_once(connection: &Connection) -> Result<(), Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens the writer's connection.
pub(super) fn open(file: &File, limit: u64) -> Result<Connection, Error> {
    let mut connection = Connection::open(&file.path)?;
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| Error::File(format!("{}: {error}", file.path.display())))?;
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if (tables > 0 && application != APPLICATION) || version > MIGRATIONS.len() {
        return Err(Error::File(format!("{}: not a file of this console", file.path.display())));
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A temporary store need not survive a crash of the machine.
    connection.pragma_update(None, "synchronous", if file.is_kept { "normal" } else { "off" })?;
    connection.pragma_update(None, "cache_size", -48_000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8000)?;
    connection.set_prepared_statement_cache_capacity(64);
    functions::add(&connection)?;
    plan_once(&connection)?;
    let transaction = connection.transaction()?;
    for migration in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = file_bytes(limit) / page.max(512);
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    Ok(connection)
}
