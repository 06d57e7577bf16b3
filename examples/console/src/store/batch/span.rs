//! A span on its way into the store: its row, its request, its edges, and what it adds to sums.

use rusqlite::params;

use super::super::dictionary::ResourceId;
use super::super::edges::Side;
use super::super::spans::{Earlier, References};
use super::super::sums::Table;
use super::super::traces::Trace;
use super::super::{Error, invocations, records, spans};
use super::Writing;
use crate::rows::{NodeKind, Peer, SpanRow, flag};

impl Writing<'_> {
    /// Writes a span. Returns `false` for one that is here already.
    pub(super) fn span(&mut self, row: &SpanRow, resource: ResourceId, scope: i64) -> Result<bool, Error> {
        let db = self.db;
        let mut trace = self.memory.traces.get(db, row.trace_id, self.seq)?;
        if (trace.since != self.seq || !self.seen.insert((trace.id, row.span_id))) && !self.is_new(trace, row)? {
            return Ok(false);
        }
        if let Some(key) = row.root.as_ref().and_then(|root| root.correlation.as_deref()) {
            trace = self.correlate(row, trace, key)?;
        }
        let begins_work = row.root.is_some() && row.flags & flag::RECORD == 0;
        let queue = self.queue(row, trace, resource)?;
        let dictionary = &mut self.memory.dictionary;
        let operation = dictionary.operation(db, resource.service, &row.name, row.kind, begins_work)?;
        let references = References {
            trace: trace.id,
            operation,
            resource: resource.id,
            scope,
            peer: row.peer.as_ref().map(|peer| dictionary.node(db, peer)).transpose()?,
            attributes: dictionary.attributes(db, &row.attributes)?,
        };
        let id = spans::insert(db, row, &references)?;
        self.memory.blocks.add(db, id, resource.id, &references.attributes)?;
        self.cells.add(operation, row.start, row.duration, row.status == 2, 1);
        self.services.insert((trace.request, resource.service));
        self.edges_of(row, id, queue, resource, &references)?;
        let sums = self.sums.entry((trace.id, trace.request)).or_default();
        sums.start = sums.start.min(row.start);
        sums.end = sums.end.max(row.end());
        sums.spans += 1;
        sums.errors += i64::from(row.status == 2);
        if let Some(root) = &row.root {
            sums.root = [sums.root, Some((row.start, operation))].into_iter().flatten().min();
            sums.queue += queue.unwrap_or(0) as f64;
            sums.deliveries = sums.deliveries.max(root.deliveries);
            sums.failures += root.failures;
            if let Some(invocation) = &root.invocation {
                let billing = invocations::insert(db, invocation, row, queue, resource.service, trace.id, id)?;
                sums.bill(1, billing);
                sums.logs += records::claim_logs(db, &invocation.request_id, trace.id)?;
                let name: String = db
                    .prepare_cached("SELECT name FROM service WHERE id = ?")?
                    .query_row([resource.service], |row| row.get(0))?;
                self.memory.dictionary.node(db, &Peer::new(NodeKind::Function, &name))?;
            }
        }
        Ok(true)
    }

    /// Returns the time in the queue, which cannot begin before the call that sent the message: some brokers give their
    /// times in whole seconds.
    fn queue(&self, row: &SpanRow, trace: Trace, resource: ResourceId) -> Result<Option<i64>, Error> {
        let Some((queue, parent)) = row.root.as_ref().and_then(|root| root.queue).zip(row.parent_id) else {
            return Ok(row.root.as_ref().and_then(|root| root.queue));
        };
        let sent = spans::sent(self.db, trace.id, parent, resource.service)?;
        Ok(Some(sent.map(|sent| row.start - sent).filter(|most| *most >= 0).map_or(queue, |most| queue.min(most))))
    }

    fn is_new(&mut self, trace: Trace, row: &SpanRow) -> Result<bool, Error> {
        match spans::earlier(self.db, trace, row)? {
            Earlier::None => Ok(true),
            Earlier::Same => Ok(false),
            Earlier::Unfinished(id) => {
                self.forget(trace, id)?;
                Ok(true)
            }
        }
    }

    /// Takes a span that was exported before its end out of the sums.
    fn forget(&mut self, trace: Trace, id: i64) -> Result<(), Error> {
        let (operation, start, duration, is_error): (i64, i64, i64, bool) = self
            .db
            .prepare_cached("SELECT operation, start, duration, status = 2 FROM span WHERE id = ?")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        self.cells.add(operation, start, duration, is_error, -1);
        let sums = self.sums.entry((trace.id, trace.request)).or_default();
        sums.spans -= 1;
        sums.errors -= i64::from(is_error);
        if let Some(billing) = spans::remove(self.db, id)? {
            sums.bill(-1, billing);
        }
        Ok(())
    }

    /// Moves the trace of a root to its correlation id's request, with what this batch has added so far.
    fn correlate(&mut self, row: &SpanRow, trace: Trace, key: &str) -> Result<Trace, Error> {
        let added = self.sums.remove(&(trace.id, trace.request));
        if let Some(sums) = &added {
            sums.add(self.db, Table::Trace, trace.id)?;
            sums.add(self.db, Table::Request, trace.request)?;
        }
        for (request, service) in std::mem::take(&mut self.services) {
            self.db
                .prepare_cached("INSERT OR IGNORE INTO request_service VALUES (?, ?)")?
                .execute([request, service])?;
        }
        let moved = self.memory.traces.correlate(self.db, row.trace_id, trace, key, self.seq)?;
        // Named, so that the request counts as changed.
        self.sums.entry((moved.id, moved.request)).or_default();
        Ok(moved)
    }

    fn edges_of(
        &mut self,
        row: &SpanRow,
        id: i64,
        queue: Option<i64>,
        resource: ResourceId,
        references: &References,
    ) -> Result<(), Error> {
        let db = self.db;
        let side = Side {
            span: id,
            trace: references.trace,
            span_id: row.span_id,
            parent: row.parent_id,
            kind: row.kind,
            node: resource.node,
            start: row.start,
            duration: row.duration,
            is_error: row.status == 2,
            peer: references.peer,
            wait: row.wait,
            throttled: row.throttled,
        };
        let mut peer = self.edges.called(db, &side)?;
        if let Some(root) = row.root.as_ref().filter(|_| row.flags & flag::RECORD == 0) {
            match &root.source {
                Some(source) => {
                    let source = self.memory.dictionary.node(db, source)?;
                    self.edges.received(source, &side, root, queue);
                }
                None => peer = peer.or(self.edges.served(db, &mut self.memory.dictionary, &side)?),
            }
        }
        if peer != references.peer {
            db.prepare_cached("UPDATE span SET peer = ? WHERE id = ?")?.execute(params![peer, id])?;
        }
        Ok(())
    }
}
