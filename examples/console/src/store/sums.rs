//! The sums of a trace and of a request: added to by each batch, and made anew when a trace moves.

use rusqlite::{Connection, params};

use super::Error;
use super::invocations::Billing;

/// What a batch adds to a trace and to its request. A sum of nanoseconds may be too great for an integer.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub(super) start: i64,
    pub(super) end: i64,
    /// The earliest root: its start and its operation.
    pub(super) root: Option<(i64, i64)>,
    pub(super) spans: i64,
    pub(super) errors: i64,
    pub(super) logs: i64,
    pub(super) invocations: i64,
    pub(super) exact: i64,
    pub(super) cold: i64,
    pub(super) billed: f64,
    pub(super) gb_s: f64,
    pub(super) queue: f64,
    pub(super) deliveries: i64,
    pub(super) failures: i64,
}

impl Default for Sums {
    fn default() -> Self {
        Sums {
            start: i64::MAX,
            end: i64::MIN,
            root: None,
            spans: 0,
            errors: 0,
            logs: 0,
            invocations: 0,
            exact: 0,
            cold: 0,
            billed: 0.0,
            gb_s: 0.0,
            queue: 0.0,
            deliveries: 0,
            failures: 0,
        }
    }
}

impl Sums {
    /// Adds invocations, and what changed in their billing.
    pub(super) fn bill(&mut self, invocations: i64, billing: Billing) {
        // A negative count takes the billing away.
        let sign = if invocations < 0 { -1 } else { 1 };
        self.invocations += invocations;
        self.exact += sign * billing.exact;
        self.cold += sign * billing.cold;
        self.billed += sign as f64 * billing.billed;
        self.gb_s += sign as f64 * billing.gb_s;
    }

    /// Adds the sums of another trace.
    pub(super) fn join(&mut self, other: &Sums) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.root = [self.root, other.root].into_iter().flatten().min();
        self.spans += other.spans;
        self.errors += other.errors;
        self.logs += other.logs;
        self.invocations += other.invocations;
        self.exact += other.exact;
        self.cold += other.cold;
        self.billed += other.billed;
        self.gb_s += other.gb_s;
        self.queue += other.queue;
        self.deliveries = self.deliveries.max(other.deliveries);
        self.failures += other.failures;
    }

    /// Reads those of a trace.
    pub(super) fn of_trace(db: &Connection, trace: i64) -> Result<Self, Error> {
        let mut statement = db.prepare_cached(
            "SELECT start, end, root_start, root_operation, spans, errors, logs, invocations, exact, cold, billed, gb_s,
               queue, deliveries, failures FROM trace WHERE id = ?",
        )?;
        let sums = statement.query_row([trace], |row| {
            let root: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok(Sums {
                start: row.get::<_, Option<i64>>(0)?.unwrap_or(i64::MAX),
                end: row.get::<_, Option<i64>>(1)?.unwrap_or(i64::MIN),
                root: root.0.zip(root.1),
                spans: row.get(4)?,
                errors: row.get(5)?,
                logs: row.get(6)?,
                invocations: row.get(7)?,
                exact: row.get(8)?,
                cold: row.get(9)?,
                billed: row.get(10)?,
                gb_s: row.get(11)?,
                queue: row.get(12)?,
                deliveries: row.get(13)?,
                failures: row.get(14)?,
            })
        })?;
        Ok(sums)
    }

    /// Adds them to a row of `trace` or `request`.
    pub(super) fn add(&self, db: &Connection, table: Table, id: i64) -> Result<(), Error> {
        let times = (self.spans > 0).then_some((self.start, self.end));
        db.prepare_cached(table.add())?.execute(params![
            id,
            times.map(|(start, _)| start),
            times.map(|(_, end)| end),
            self.root.map(|(start, _)| start),
            self.root.map(|(_, operation)| operation),
            self.spans,
            self.errors,
            self.logs,
            self.invocations,
            self.exact,
            self.cold,
            self.billed,
            self.gb_s,
            self.queue,
            self.deliveries,
            self.failures,
        ])?;
        Ok(())
    }
}

/// A table with sums.
#[derive(Clone, Copy, Debug)]
pub(super) enum Table {
    Trace,
    Request,
}

macro_rules! add {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET start = min(coalesce(start, ?2), coalesce(?2, start)),
             end = max(coalesce(end, ?3), coalesce(?3, end)),
             root_operation = CASE WHEN root_start IS NULL OR ?4 < root_start THEN coalesce(?5, root_operation)
                 ELSE root_operation END,
             root_start = min(coalesce(root_start, ?4), coalesce(?4, root_start)),
             spans = spans + ?6, errors = errors + ?7, logs = logs + ?8, invocations = invocations + ?9,
             exact = exact + ?10, cold = cold + ?11, billed = billed + ?12, gb_s = gb_s + ?13, queue = queue + ?14,
             deliveries = max(deliveries, ?15), failures = failures + ?16 WHERE id = ?1"
        )
    };
}

impl Table {
    fn add(self) -> &'static str {
        match self {
            Table::Trace => add!("trace"),
            Table::Request => add!("request"),
        }
    }
}

/// Makes the sums of a request anew, or removes a request without traces.
pub(super) fn renew_request(db: &Connection, request: i64) -> Result<(), Error> {
    db.prepare_cached(
        "UPDATE request SET
           (traces, rooted, start, end, spans, errors, logs, invocations, exact, cold, billed, gb_s, queue, deliveries,
            failures) =
           (SELECT count(*), count(root_start), min(start), max(end), coalesce(sum(spans), 0), coalesce(sum(errors), 0),
              coalesce(sum(logs), 0), coalesce(sum(invocations), 0), coalesce(sum(exact), 0), coalesce(sum(cold), 0),
              total(billed), total(gb_s), total(queue), coalesce(max(deliveries), 0),
              coalesce(sum(failures), 0)
            FROM trace WHERE request = ?1),
           (root_start, root_operation) =
           (SELECT root_start, root_operation FROM trace WHERE request = ?1 AND root_start IS NOT NULL
            ORDER BY root_start LIMIT 1)
         WHERE id = ?1",
    )?
    .execute([request])?;
    let removed = db.prepare_cached("DELETE FROM request WHERE id = ? AND traces = 0")?.execute([request])?;
    if removed > 0 {
        db.prepare_cached("DELETE FROM request_service WHERE request = ?")?.execute([request])?;
    }
    Ok(())
}
