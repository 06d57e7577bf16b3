//! The limit of bytes: whole requests go, the oldest first.

use rusqlite::Connection;

use super::rollup::{MINUTE, MINUTES};
use super::{Error, schema};

/// The part of the file's limit, in hundredths, over which requests go, and the part that is kept then.
const FULL: u64 = 92;
const KEPT: u64 = 85;

/// The requests that go in one step.
const STEP: i64 = 64;

/// Removes the oldest requests while the file is too full. Returns their number.
pub(super) fn enforce(db: &Connection, limit: u64) -> Result<u64, Error> {
    let bytes = schema::file_bytes(limit);
    if used(db)? < bytes / 100 * FULL {
        return Ok(0);
    }
    evict_to(db, bytes / 100 * KEPT)
}

/// Removes requests until the rest has at most so many bytes.
pub(super) fn evict_to(db: &Connection, bytes: u64) -> Result<u64, Error> {
    let mut evicted = 0;
    while used(db)? > bytes {
        let requests = evict(db)?;
        evicted += requests;
        if requests == 0 {
            // What is left belongs to no request.
            db.execute("DELETE FROM point WHERE id IN (SELECT id FROM point ORDER BY time LIMIT 10000)", [])?;
            let mut points = db.changes();
            let logs = remove_logs(db, "SELECT id FROM log ORDER BY time LIMIT 10000")?;
            db.execute(
                "DELETE FROM invocation WHERE id IN (SELECT id FROM invocation ORDER BY start LIMIT 10000)",
                [],
            )?;
            points += db.changes();
            if points + logs == 0 {
                break;
            }
        }
    }
    forget_unused(db)?;
    Ok(evicted)
}

/// Removes names and resources that nothing refers to any more. Whoever remembers their numbers must forget them.
fn forget_unused(db: &Connection) -> Result<(), Error> {
    db.execute_batch(
        "DELETE FROM scope WHERE id NOT IN (SELECT scope FROM raw_span);
         DELETE FROM series WHERE id NOT IN (SELECT series FROM point);
         DELETE FROM resource WHERE id NOT IN (SELECT resource FROM span UNION SELECT resource FROM series);
         DELETE FROM operation WHERE id NOT IN (SELECT operation FROM span UNION
           SELECT root_operation FROM trace WHERE root_operation IS NOT NULL UNION SELECT operation FROM cell UNION
           SELECT operation FROM cell_hour);
         DELETE FROM service WHERE id NOT IN (SELECT service FROM operation UNION SELECT service FROM resource UNION
           SELECT service FROM invocation UNION SELECT service FROM log UNION SELECT service FROM request_service);
         DELETE FROM node WHERE id NOT IN (SELECT node FROM service UNION SELECT peer FROM span WHERE peer IS NOT NULL UNION
           SELECT source FROM edge UNION SELECT target FROM edge UNION SELECT source FROM edge_hour UNION
           SELECT target FROM edge_hour);
         DELETE FROM span_block WHERE id < (SELECT coalesce(min(id), 0) FROM span) >> 10;",
    )?;
    Ok(())
}

/// Returns the bytes in use.
pub(crate) fn used(db: &Connection) -> Result<u64, Error> {
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok(pragma("page_count")?.saturating_sub(pragma("freelist_count")?) * pragma("page_size")?)
}

fn evict(db: &Connection) -> Result<u64, Error> {
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS gone (trace INTEGER PRIMARY KEY, request INTEGER); DELETE FROM gone",
    )?;
    // A request of log lines alone has no start.
    db.execute(
        "INSERT INTO gone SELECT t.id, t.request FROM
           (SELECT id FROM request ORDER BY start LIMIT ?) r JOIN trace t ON t.request = r.id",
        [STEP],
    )?;
    let requests: u64 = db.query_row("SELECT count(DISTINCT request) FROM gone", [], |row| row.get(0))?;
    let until: Option<i64> =
        db.query_row("SELECT max(t.start) FROM gone JOIN trace t ON t.id = gone.trace", [], |row| row.get(0))?;
    for (table, unit) in [("cell", MINUTE), ("cell_hour", MINUTE * MINUTES)] {
        let sql = format!(
            "INSERT INTO {table} SELECT operation, start / ?1 - (start < 0), bucket(duration), -count(*), -sum(status = 2),
               -total(duration) FROM span WHERE trace IN (SELECT trace FROM gone) GROUP BY 1, 2, 3
             ON CONFLICT DO UPDATE SET spans = spans + excluded.spans, errors = errors + excluded.errors,
               time = time + excluded.time"
        );
        db.execute(&sql, [unit])?;
        db.execute(&format!("DELETE FROM {table} WHERE spans <= 0"), [])?;
    }
    db.execute("DELETE FROM raw_span WHERE id IN (SELECT id FROM span WHERE trace IN (SELECT trace FROM gone))", [])?;
    remove_logs(db, "SELECT id FROM log WHERE trace IN (SELECT trace FROM gone)")?;
    for table in ["span", "orphan", "invocation"] {
        db.execute(&format!("DELETE FROM {table} WHERE trace IN (SELECT trace FROM gone)"), [])?;
    }
    db.execute("DELETE FROM request_service WHERE request IN (SELECT request FROM gone)", [])?;
    db.execute("DELETE FROM request WHERE id IN (SELECT request FROM gone)", [])?;
    db.execute("DELETE FROM trace WHERE id IN (SELECT trace FROM gone)", [])?;
    if let Some(until) = until {
        older_than(db, until)?;
    }
    Ok(requests)
}

/// Removes what belongs to no request, and is as old as what went.
fn older_than(db: &Connection, until: i64) -> Result<(), Error> {
    remove_logs(db, &format!("SELECT id FROM log WHERE time <= {until} AND trace IS NULL"))?;
    db.execute("DELETE FROM point WHERE time <= ?", [until])?;
    db.execute("DELETE FROM invocation WHERE start <= ? AND trace IS NULL", [until])?;
    for (table, column, unit) in [("edge", "minute", MINUTE), ("edge_hour", "hour", MINUTE * MINUTES)] {
        let sql = format!("DELETE FROM {table} WHERE {column} < (SELECT coalesce(min(start), ?2) / ?1 FROM request)");
        db.execute(&sql, [unit, until])?;
    }
    Ok(())
}

fn remove_logs(db: &Connection, ids: &str) -> Result<u64, Error> {
    db.execute(&format!("DELETE FROM log_text WHERE rowid IN ({ids})"), [])?;
    Ok(db.execute(&format!("DELETE FROM log WHERE id IN ({ids})"), [])? as u64)
}
