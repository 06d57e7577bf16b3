//! Writing a batch, inside a transaction.

mod span;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::Connection;

use super::blocks::Blocks;
use super::dictionary::{Dictionary, ResourceId};
use super::edges::Edges;
use super::rollup::Cells;
use super::sums::{Sums, Table};
use super::traces::Traces;
use super::{Error, invocations, records};
use crate::rows::Batch;

/// What the writer remembers between batches.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) dictionary: Dictionary,
    pub(super) traces: Traces,
    pub(super) blocks: Blocks,
}

/// A batch on its way into the store.
struct Writing<'a> {
    db: &'a Connection,
    memory: &'a mut Memory,
    seq: i64,
    cells: Cells,
    edges: Edges,
    /// What is added, by trace and its request.
    sums: BTreeMap<(i64, i64), Sums>,
    services: BTreeSet<(i64, i64)>,
    /// Spans of this batch, of traces that came with it.
    seen: HashSet<(i64, i64)>,
}

/// What a batch brought.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) spans: u64,
    pub(super) invocations: u64,
    pub(super) requests: BTreeSet<i64>,
}

/// Writes a batch under a sequence number.
pub(super) fn write(db: &Connection, memory: &mut Memory, batch: &Batch, seq: i64) -> Result<Written, Error> {
    let resources = batch.resources.iter().map(|resource| memory.dictionary.resource(db, resource));
    let resources: Vec<ResourceId> = resources.collect::<Result<_, _>>()?;
    let scopes = batch.scopes.iter().map(|scope| memory.dictionary.scope(db, scope));
    let scopes: Vec<i64> = scopes.collect::<Result<_, _>>()?;
    let mut writing = Writing {
        db,
        memory,
        seq,
        cells: Cells::default(),
        edges: Edges::default(),
        sums: BTreeMap::new(),
        services: BTreeSet::new(),
        seen: HashSet::new(),
    };
    let mut written = Written::default();
    for row in &batch.spans {
        if let (Some(resource), Some(scope)) = (resources.get(row.resource), scopes.get(row.scope))
            && writing.span(row, *resource, *scope)?
        {
            written.spans += 1;
            written.invocations += u64::from(row.root.as_ref().is_some_and(|root| root.invocation.is_some()));
        }
    }
    for row in &batch.logs {
        if let Some(resource) = resources.get(row.resource) {
            writing.log(row, *resource)?;
        }
    }
    for row in &batch.points {
        if let Some(resource) = resources.get(row.resource) {
            let trace = row.trace_id.map(|id| writing.memory.traces.get(db, id, seq)).transpose()?;
            records::insert_point(db, row, resource.id, trace.map(|trace| trace.id))?;
        }
    }
    for report in &batch.reports {
        writing.report(report)?;
        written.invocations += 1;
    }
    written.requests = writing.finish()?;
    Ok(written)
}

impl Writing<'_> {
    fn log(&mut self, row: &crate::rows::LogRow, resource: ResourceId) -> Result<(), Error> {
        let trace = match row.trace_id {
            Some(trace_id) => Some(self.memory.traces.get(self.db, trace_id, self.seq)?),
            None => None,
        };
        let claimed = match (&trace, &row.request_id) {
            (None, Some(request_id)) => records::trace_of(self.db, request_id)?,
            _ => None,
        };
        records::insert_log(self.db, row, trace.map(|trace| trace.id).or(claimed), resource.service)?;
        if let Some(trace) = trace {
            self.sums.entry((trace.id, trace.request)).or_default().logs += 1;
        } else if let Some(trace) = claimed {
            let request = self.request_of(trace)?;
            self.sums.entry((trace, request)).or_default().logs += 1;
        }
        Ok(())
    }

    fn report(&mut self, report: &crate::rows::Report) -> Result<(), Error> {
        let name = if report.function.is_empty() { "unknown" } else { &report.function };
        let (service, _) = self.memory.dictionary.service(self.db, name)?;
        if let Some((trace, billing)) = invocations::report(self.db, report, service)? {
            let request = self.request_of(trace)?;
            self.sums.entry((trace, request)).or_default().bill(0, billing);
        }
        Ok(())
    }

    fn request_of(&self, trace: i64) -> Result<i64, Error> {
        Ok(self.db.prepare_cached("SELECT request FROM trace WHERE id = ?")?.query_row([trace], |row| row.get(0))?)
    }

    /// Writes the sums. Returns the changed requests.
    fn finish(self) -> Result<BTreeSet<i64>, Error> {
        let db = self.db;
        self.cells.write(db)?;
        self.edges.write(db)?;
        self.memory.blocks.write(db)?;
        let mut requests: BTreeMap<i64, (Sums, i64)> = BTreeMap::new();
        for ((trace, request), sums) in &self.sums {
            let is_first_root = sums.root.is_some()
                && db
                    .prepare_cached("SELECT root_start IS NULL FROM trace WHERE id = ?")?
                    .query_row([trace], |row| row.get::<_, bool>(0))?;
            sums.add(db, Table::Trace, *trace)?;
            let (joined, rooted) = requests.entry(*request).or_default();
            joined.join(sums);
            *rooted += i64::from(is_first_root);
        }
        for (request, (sums, rooted)) in &requests {
            sums.add(db, Table::Request, *request)?;
            db.prepare_cached("UPDATE request SET changed = ?, rooted = rooted + ? WHERE id = ?")?
                .execute([self.seq, *rooted, *request])?;
        }
        for (request, service) in self.services {
            db.prepare_cached("INSERT OR IGNORE INTO request_service VALUES (?, ?)")?.execute([request, service])?;
        }
        Ok(requests.into_keys().collect())
    }
}
