//! A request with all its spans.

mod body;
mod detail;
mod groups;
mod load;

use std::borrow::Cow;
use std::collections::HashMap;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

use self::body::{Piece, Request, Row};
use self::load::{Span, nodes, spans, traces};
use super::answer::{duration, seq, time};
use super::filters::{kind_name, status_name};
use super::tree::{Node, critical, cut_cycles, order};
use super::{Api, Failure, Part, requests};
use crate::rows::flag;
use crate::store;

/// The most pieces of a critical path in an answer.
const MAX_PIECES: usize = 20_000;
/// The most spans to look at above a span, so that a deep chain costs no square of its length.
const MAX_ABOVE: usize = 64;

/// `GET /api/v1/requests/{id}`
pub(crate) async fn answer(State(api): State<Api>, Part(id): Part<String>) -> Result<Response, Failure> {
    let found = api.store.read(move |db| match resolve(db, &id)? {
        Some(request) => read(db, request).map(Some),
        None => Ok(None),
    });
    let text = found.await?.ok_or(Failure::NotFound("no such request"))?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

/// Returns the number of a request by its id, or by the id of one of its traces.
pub(crate) fn resolve(db: &Connection, id: &str) -> Result<Option<i64>, store::Error> {
    let by_key = db.query_row("SELECT id FROM request WHERE key = ?", [id], |row| row.get(0)).optional()?;
    let trace_id = thundra_core::TraceId::from_hex(&id.to_ascii_lowercase());
    match (by_key, trace_id) {
        (None, Some(trace_id)) => {
            let sql = "SELECT request FROM trace WHERE trace_id = ?";
            Ok(db.query_row(sql, [trace_id.to_bytes()], |row| row.get(0)).optional()?)
        }
        (found, _) => Ok(found),
    }
}

/// Reads a request as JSON.
pub(crate) fn read(db: &Connection, request: i64) -> Result<String, store::Error> {
    let mut summary = requests::of(db, request)?;
    let spans = spans(db, request)?;
    let total = summary.get("spans").and_then(Value::as_i64).unwrap_or(0);
    let origin = spans.iter().map(|span| span.start).min().unwrap_or(0);
    // Whole microseconds, so that the origin is exact in the answer.
    let origin = time(origin) * 1000;
    let placed = {
        let mut nodes = nodes(&spans);
        cut_cycles(&mut nodes);
        order(&nodes)
    };
    let ordered: Vec<&Span> = placed.iter().filter_map(|one| spans.get(one.node)).collect();
    let in_order: Vec<Node> = placed
        .iter()
        .zip(&ordered)
        .map(|(one, span)| Node {
            start: span.start,
            end: span.start.saturating_add(span.duration),
            parent: one.parent,
        })
        .collect();
    let (traces, trace_places) = traces(db, request, origin)?;
    let mut services = Names::default();
    // The nearest span above in another program.
    let sender_of = |span: &Span, parent: Option<usize>| {
        let mut above = std::iter::successors(parent, |place| placed.get(*place)?.parent).take(MAX_ABOVE);
        above.find_map(|place| ordered.get(place).filter(|other| other.service != span.service))
    };
    let rows: Vec<Row<'_>> = placed
        .iter()
        .zip(&ordered)
        .map(|(one, span)| {
            let detail = span.detail.as_ref();
            let parent = one.parent.and_then(|parent| ordered.get(parent));
            Row {
                span: span.id,
                id: format!("{:016x}", span.span_id),
                parent: one.parent,
                parent_id: span.parent_id.map(|id| format!("{id:016x}")),
                trace: trace_places.get(&span.trace).copied(),
                service: services.place(&span.service),
                name: &span.name,
                kind: kind_name(span.kind),
                start: duration(span.start - origin),
                duration: duration(span.duration),
                status: status_name(span.status),
                depth: one.depth,
                descendants: one.descendants,
                error: detail.and_then(|detail| detail.error.as_deref()),
                events: detail.map_or(0, |detail| detail.events),
                logs: span.logs,
                unfinished: span.flags & flag::UNFINISHED != 0,
                skewed: parent.is_some_and(|parent| span.start < parent.start),
                peer: span.peer.as_deref(),
                root: detail
                    .and_then(|detail| detail.root.as_ref())
                    .map(|root| waited(root, span, sender_of(span, one.parent))),
                skipped: detail.and_then(|detail| detail.skipped.as_deref()),
            }
        })
        .collect();
    // A sender may have come in after its receivers.
    let waited = rows.iter().zip(&ordered).filter(|(_, span)| span.flags & flag::RECORD == 0);
    let waited: f64 = waited.filter_map(|(row, _)| row.root.as_ref()?.get("queue")?.as_f64()).sum();
    if let Some(queue) = summary.get_mut("queue") {
        *queue = waited.into();
    }
    let pieces = critical(&in_order);
    let critical: Vec<Piece> = pieces
        .iter()
        .take(MAX_PIECES)
        .map(|piece| Piece {
            span: piece.span,
            start: duration(piece.start - origin),
            duration: duration(piece.end - piece.start),
        })
        .collect();
    let mut errors: Vec<usize> =
        (0..ordered.len()).filter(|place| ordered.get(*place).is_some_and(|span| span.status == 2)).collect();
    errors.sort_by_key(|place| ordered.get(*place).map(|span| span.start));
    let links = links(&ordered);
    let answer = Request {
        seq: seq(db)?,
        id: summary.get("id"),
        correlated: summary.get("correlated"),
        origin: time(origin),
        duration: summary.get("duration"),
        truncated: (total - spans.len() as i64).max(0),
        summary: &summary,
        services: &services.list,
        traces,
        spans: rows,
        links,
        groups: groups::of(&ordered, &in_order),
        critical,
        errors,
    };
    serde_json::to_string(&answer).map_err(|error| store::Error::File(error.to_string()))
}

/// Returns the root with the time in the queue, which cannot begin before the call that sent the message. Some brokers
/// give their times in whole seconds.
fn waited<'a>(root: &'a Value, span: &Span, sender: Option<&&Span>) -> Cow<'a, Value> {
    let most = sender.map(|sender| span.start - sender.start).filter(|most| *most >= 0).map(duration);
    match (root.get("queue").and_then(Value::as_f64), most) {
        (Some(queue), Some(most)) if queue > most => {
            let mut root = root.clone();
            if let Some(queue) = root.get_mut("queue") {
                *queue = most.into();
            }
            Cow::Owned(root)
        }
        _ => Cow::Borrowed(root),
    }
}

fn links(spans: &[&Span]) -> Vec<Value> {
    // Trace ids are not read with each span: ids of spans are 64 random bits, and a wrong pair needs two equal ones.
    let mut places: HashMap<i64, usize> = HashMap::with_capacity(spans.len());
    for (place, span) in spans.iter().enumerate() {
        places.entry(span.span_id).or_insert(place);
    }
    let of_span = |(place, span): (usize, &&Span)| {
        let links = span.detail.as_ref().map(|detail| detail.links.as_slice()).unwrap_or_default();
        let links = links.iter().map(|(trace_id, span_id)| {
            json!({
                "from": place, "to": places.get(span_id), "trace_id": trace_id, "span_id": format!("{span_id:016x}"),
            })
        });
        links.collect::<Vec<_>>()
    };
    spans.iter().enumerate().flat_map(of_span).collect()
}

/// Names by their places in a list.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Names {
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.places.insert(name.to_owned(), self.list.len());
        self.list.push(name.to_owned());
        self.list.len() - 1
    }
}
