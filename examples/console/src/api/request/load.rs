//! Reading a request's spans and traces.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::super::answer::duration;
use super::super::tree::Node;
use super::detail::Detail;
use crate::rows::{NodeKind, flag};
use crate::store::{self, hex};

/// The most spans of an answer.
const MAX_SPANS: i64 = 50_000;

/// A span as it was read.
pub(super) struct Span {
    pub(super) id: i64,
    pub(super) trace: i64,
    pub(super) span_id: i64,
    pub(super) parent_id: Option<i64>,
    pub(super) name: String,
    pub(super) kind: i64,
    pub(super) service: String,
    pub(super) start: i64,
    pub(super) duration: i64,
    pub(super) status: i64,
    pub(super) flags: i64,
    pub(super) peer: Option<String>,
    pub(super) logs: i64,
    pub(super) detail: Option<Detail>,
}

/// Reads the spans of a request.
pub(super) fn spans(db: &Connection, request: i64) -> Result<Vec<Span>, store::Error> {
    let mut logs: HashMap<(i64, i64), i64> = HashMap::new();
    let mut statement = db.prepare(
        "SELECT l.trace, l.span_id, count(*) FROM trace t JOIN log l ON l.trace = t.id
         WHERE t.request = ? AND l.span_id IS NOT NULL GROUP BY 1, 2",
    )?;
    let mut rows = statement.query([request])?;
    while let Some(row) = rows.next()? {
        logs.insert((row.get(0)?, row.get(1)?), row.get(2)?);
    }
    // The bytes are read only where the columns do not tell all.
    let told = flag::ROOT | flag::LINKS | flag::EVENTS | flag::SKIPPED | flag::RESENT;
    let mut statement = db.prepare(&format!(
        "SELECT s.id, s.trace, s.span_id, s.parent, o.name, o.kind, v.name, s.start, s.duration, s.status, s.flags,
           n.kind, n.name, CASE WHEN s.status = 2 OR s.flags & {told} THEN (SELECT raw FROM raw_span r WHERE r.id = s.id) END
         FROM trace t JOIN span s ON s.trace = t.id JOIN operation o ON o.id = s.operation JOIN service v ON v.id = o.service
         LEFT JOIN node n ON n.id = s.peer
         WHERE t.request = ? LIMIT {MAX_SPANS}"
    ))?;
    let mut rows = statement.query([request])?;
    let mut spans = Vec::new();
    while let Some(row) = rows.next()? {
        let (trace, span_id): (i64, i64) = (row.get(1)?, row.get(2)?);
        let peer: Option<(i64, String)> = row.get::<_, Option<i64>>(11)?.zip(row.get(12)?);
        let flags = row.get(10)?;
        let raw = row.get_ref(13)?.as_blob().ok();
        spans.push(Span {
            id: row.get(0)?,
            trace,
            span_id,
            parent_id: row.get(3)?,
            name: row.get(4)?,
            kind: row.get(5)?,
            service: row.get(6)?,
            start: row.get(7)?,
            duration: row.get(8)?,
            status: row.get(9)?,
            flags,
            peer: peer.map(|(kind, name)| format!("{}:{name}", NodeKind::of_code(kind).name())),
            logs: logs.get(&(trace, span_id)).copied().unwrap_or(0),
            detail: raw.and_then(|raw| Detail::read(raw, flags & flag::ROOT != 0)),
        });
    }
    Ok(spans)
}

/// Returns the nodes of spans. A parent is a span of the same trace; of several with the id, the first.
pub(super) fn nodes(spans: &[Span]) -> Vec<Node> {
    let mut places: HashMap<(i64, i64), usize> = HashMap::with_capacity(spans.len());
    for (place, span) in spans.iter().enumerate() {
        places.entry((span.trace, span.span_id)).or_insert(place);
    }
    let node = |span: &Span| Node {
        start: span.start,
        end: span.start.saturating_add(span.duration),
        parent: span.parent_id.and_then(|parent| places.get(&(span.trace, parent)).copied()),
    };
    spans.iter().map(node).collect()
}

/// Returns the traces for the answer, and their places by number.
pub(super) fn traces(
    db: &Connection,
    request: i64,
    origin: i64,
) -> Result<(Vec<Value>, HashMap<i64, usize>), store::Error> {
    let mut statement = db.prepare(
        "SELECT id, trace_id, start, end, spans, errors FROM trace WHERE request = ? ORDER BY start LIMIT 50000",
    )?;
    let mut rows = statement.query([request])?;
    let (mut traces, mut places) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let (start, end): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        places.insert(row.get(0)?, traces.len());
        traces.push(json!({
            "trace_id": hex(&row.get::<_, [u8; 16]>(1)?),
            "start": start.map(|start| duration(start - origin)),
            "duration": start.zip(end).map(|(start, end)| duration(end.saturating_sub(start))),
            "spans": row.get::<_, i64>(4)?,
            "errors": row.get::<_, i64>(5)?,
        }));
    }
    Ok((traces, places))
}
