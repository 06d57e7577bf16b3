//! Writing invocations: from root spans as estimates, and from Lambda's reports as exact figures, in any order.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Error;
use crate::rows::{Invocation, Report, SpanRow};

/// The bytes of a gigabyte, as Lambda bills it.
const GB: f64 = (1u64 << 30) as f64;

/// What an invocation counts in the sums of its trace.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Billing {
    pub(super) exact: i64,
    pub(super) cold: i64,
    pub(super) billed: f64,
    pub(super) gb_s: f64,
}

impl Billing {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let gb_s: Option<f64> = row.get(3)?;
        Ok(Billing { exact: row.get(0)?, cold: row.get(1)?, billed: row.get(2)?, gb_s: gb_s.unwrap_or(0.0) })
    }

    fn minus(self, other: Billing) -> Self {
        Billing {
            exact: self.exact - other.exact,
            cold: self.cold - other.cold,
            billed: self.billed - other.billed,
            gb_s: self.gb_s - other.gb_s,
        }
    }
}

/// Writes the invocation of a root, or completes the one that a report made.
pub(super) fn insert(
    db: &Connection,
    invocation: &Invocation,
    row: &SpanRow,
    queue: Option<i64>,
    service: i64,
    trace: i64,
    span: i64,
) -> Result<Billing, Error> {
    // A retry has the same request id: the report without a root is the one that waits.
    let reported: Option<i64> = db
        .prepare_cached("SELECT id FROM invocation WHERE request_id = ? AND span IS NULL ORDER BY start LIMIT 1")?
        .query_row([&invocation.request_id], |row| row.get(0))
        .optional()?;
    let own = params![
        reported,
        invocation.request_id,
        service,
        trace,
        span,
        row.start,
        row.duration,
        invocation.billed,
        invocation.gb_s,
        invocation.is_arm(),
        invocation.memory_size,
        invocation.memory_used,
        invocation.cold,
        invocation.status,
        invocation.error,
        invocation.trigger,
        queue,
        invocation.deadline_used,
        invocation.arch,
        invocation.version,
        invocation.instance,
        invocation.tenant,
        invocation.route,
    ];
    let billing = db.prepare_cached(
        "INSERT INTO invocation (id, request_id, service, trace, span, start, duration, billed, exact, gb_s, arm, memory_size,
           memory_used, cold, status, error, trigger, queue, deadline_used, arch, version, instance, tenant, route)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)
         ON CONFLICT (id) DO UPDATE SET service = ?3, trace = ?4, span = ?5, start = ?6, duration = coalesce(duration, ?7),
           arm = ?10, memory_size = coalesce(memory_size, ?11), memory_used = coalesce(memory_used, ?12),
           cold = max(cold, ?13), status = CASE status WHEN 'ok' THEN ?14 ELSE status END, error = coalesce(error, ?15),
           trigger = ?16, queue = ?17, deadline_used = ?18, arch = ?19, version = ?20, instance = ?21, tenant = ?22,
           route = ?23
         RETURNING exact, cold, billed, gb_s",
    )?
    .query_row(own, Billing::of)?;
    Ok(billing)
}

/// Writes a report, into the invocation of its root if that is here. Returns the trace, and what changed
/// in its sums.
pub(super) fn report(db: &Connection, report: &Report, service: i64) -> Result<Option<(i64, Billing)>, Error> {
    let known: Option<(Billing, i64, Option<i64>, Option<i64>)> = db
        .prepare_cached(
            "SELECT exact, cold, billed, gb_s, id, trace, memory_size FROM invocation WHERE request_id = ? AND exact = 0 ORDER BY start LIMIT 1",
        )?
        .query_row([&report.request_id], |row| Ok((Billing::of(row)?, row.get(4)?, row.get(5)?, row.get(6)?)))
        .optional()?;
    let (before, id, trace, known_size) =
        known.map_or_else(Default::default, |(billing, id, trace, size)| (billing, Some(id), trace, size));
    if id.is_none() && is_repeated(db, report)? {
        return Ok(None);
    }
    let size = report.memory_size.or(known_size);
    let billed = report.billed.or(report.duration).unwrap_or(0);
    let gb_s = size.map(|size| size as f64 / GB * billed as f64 / 1e9);
    let start = report.time.saturating_sub(report.duration.unwrap_or(0)).max(0);
    let mut statement = db.prepare_cached(
        "INSERT INTO invocation (id, request_id, service, start, duration, billed, exact, gb_s, arm, memory_size, memory_used,
           cold, init, status, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, 0, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET duration = coalesce(?5, duration), billed = ?6, exact = 1, gb_s = ?7,
           memory_size = ?8, memory_used = coalesce(?9, memory_used), cold = max(cold, ?10), init = ?11,
           status = CASE ?12 WHEN 'ok' THEN status ELSE ?12 END, error = coalesce(error, ?13)
         RETURNING exact, cold, billed, gb_s",
    )?;
    let own = params![
        id,
        report.request_id,
        service,
        start,
        report.duration,
        billed,
        gb_s,
        size,
        report.memory_used,
        report.init.is_some(),
        report.init,
        report.status,
        report.error,
    ];
    let after = statement.query_row(own, Billing::of)?;
    Ok(trace.map(|trace| (trace, after.minus(before))))
}

/// Removes the estimate of a span.
pub(super) fn remove(db: &Connection, span: i64) -> Result<Option<Billing>, Error> {
    // What a report said stays, and waits for the root again.
    db.prepare_cached("UPDATE invocation SET span = NULL WHERE span = ? AND exact = 1")?.execute([span])?;
    let mut statement =
        db.prepare_cached("DELETE FROM invocation WHERE span = ? RETURNING exact, cold, billed, gb_s")?;
    Ok(statement.query_row([span], Billing::of).optional()?)
}

/// Returns `true` for a report that was read before: the same log, read twice.
fn is_repeated(db: &Connection, report: &Report) -> Result<bool, Error> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM invocation WHERE request_id = ? AND exact = 1 AND duration IS ? AND init IS ? LIMIT 1",
    )?;
    Ok(statement.exists(params![report.request_id, report.duration, report.init])?)
}
