//! The map of what talks to what.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

use super::answer::{seq, time, total};
use super::filters::Filters;
use super::quantile::Buckets;
use super::{Answer, Api, Parameters};
use crate::rows::NodeKind;
use crate::store::{self, BATCH, MINUTE, RECEIVE, RECORD, Rollup, SEND, UNKNOWN, rollup};

/// The sums of an edge.
#[derive(Default)]
struct Edge {
    calls: i64,
    errors: i64,
    throttled: i64,
    time: f64,
    buckets: Buckets,
    example: i64,
}

impl Edge {
    fn join(&mut self, other: &Edge) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.throttled += other.throttled;
        self.time += other.time;
        self.buckets.join(&other.buckets);
        self.example = self.example.max(other.example);
    }
}

/// The minutes of an answer.
#[derive(Clone, Copy)]
struct Minutes {
    first: i64,
    last: i64,
}

/// `GET /api/v1/map`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let filters = Filters::read(&parameters)?;
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(300);
    Ok(Json(api.store.read(move |db| read(db, &filters, limit)).await?))
}

/// Returns the id of a node in the API.
pub(crate) fn node_id(kind: NodeKind, name: &str) -> String {
    format!("{}:{name}", kind.name())
}

fn read(db: &Connection, filters: &Filters, limit: usize) -> Result<Value, store::Error> {
    let bounds = "SELECT min(start), max(end) FROM request";
    let (start, end): (Option<i64>, Option<i64>) = db.query_row(bounds, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (from, to) = (filters.from.or(start).unwrap_or(0), filters.to.or(end).unwrap_or(0));
    let minutes = Minutes { first: from.div_euclid(MINUTE), last: to.saturating_sub(1).max(from).div_euclid(MINUTE) };
    let mut edges: Vec<((i64, i64, i64), Edge)> =
        edges(db, minutes)?.into_iter().filter(|(_, edge)| edge.calls > 0).collect();
    if !filters.services.is_empty() {
        let nodes = nodes_of(db, &filters.services)?;
        edges.retain(|((from, to, _), _)| nodes.contains(from) || nodes.contains(to));
    }
    let count = edges.len();
    edges.sort_by_key(|(ends, edge)| (std::cmp::Reverse(edge.calls), *ends));
    edges.truncate(limit);
    let ends: std::collections::BTreeSet<i64> = edges.iter().flat_map(|((from, to, _), _)| [*from, *to]).collect();
    let nodes = nodes(db, ends, &edges, minutes)?;
    let ids: HashMap<i64, &str> = nodes.iter().map(|(id, name, _)| (*id, name.as_str())).collect();
    let mut answers = Vec::new();
    for ((from, to, kind), edge) in &edges {
        let example: Option<(i64, String)> = db
            .prepare_cached(
                "SELECT s.id, q.key FROM span s JOIN trace t ON t.id = s.trace JOIN request q ON q.id = t.request WHERE s.id = ?",
            )?
            .query_row([edge.example], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        answers.push(json!({
            "from": ids.get(from), "to": ids.get(to),
            "kind": match *kind { RECEIVE => "receive", SEND => "send", _ => "call" },
            "calls": edge.calls, "errors": edge.errors, "throttled": edge.throttled,
            "p50": edge.buckets.quantile(0.5), "p99": edge.buckets.quantile(0.99), "time": total(edge.time),
            "example": example.map(|(span, request)| json!({ "request": request, "span": span })),
        }));
    }
    Ok(json!({
        "seq": seq(db)?, "from": time(minutes.first * MINUTE), "to": time((minutes.last + 1) * MINUTE),
        "minutes": minutes.last - minutes.first + 1, "total_edges": count,
        "nodes": nodes.iter().map(|(_, _, answer)| answer).collect::<Vec<_>>(), "edges": answers,
    }))
}

fn edges(db: &Connection, minutes: Minutes) -> Result<BTreeMap<(i64, i64, i64), Edge>, store::Error> {
    let mut statement = db.prepare(&format!(
        "SELECT source, target, kind, bucket, sum(calls), sum(errors), sum(throttled), total(time), max(example) FROM {}
         GROUP BY 1, 2, 3, 4",
        rollup(Rollup::Edge, minutes.first, minutes.last)
    ))?;
    let mut rows = statement.query([])?;
    let mut edges: BTreeMap<(i64, i64, i64), Edge> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let edge = edges.entry((row.get(0)?, row.get(1)?, row.get(2)?)).or_default();
        let (bucket, calls): (i64, i64) = (row.get(3)?, row.get(4)?);
        edge.calls += calls;
        edge.errors += row.get::<_, i64>(5)?;
        edge.throttled += row.get::<_, i64>(6)?;
        edge.time += row.get::<_, f64>(7)?;
        if bucket != UNKNOWN {
            edge.buckets.add(bucket, calls);
        }
        if calls > 0 {
            edge.example = edge.example.max(row.get(8)?);
        }
    }
    Ok(with_batches(edges))
}

/// Adds the messages of batches to the receipts. A batch and its records tell of the same messages: whoever tells of
/// more counts, because the spans of the other may not be sampled, or not exist.
fn with_batches(mut edges: BTreeMap<(i64, i64, i64), Edge>) -> BTreeMap<(i64, i64, i64), Edge> {
    let ends: Vec<(i64, i64)> = edges.keys().map(|(from, to, _)| (*from, *to)).collect();
    for (from, to) in ends {
        let [records, batches] = [RECORD, BATCH].map(|kind| edges.remove(&(from, to, kind)).unwrap_or_default());
        let told = if records.calls >= batches.calls { records } else { batches };
        if told.calls > 0 {
            edges.entry((from, to, RECEIVE)).or_default().join(&told);
        }
    }
    edges
}

fn nodes_of(db: &Connection, services: &[String]) -> Result<Vec<i64>, store::Error> {
    let mut statement = db.prepare("SELECT node FROM service WHERE name = ?")?;
    let nodes = services.iter().map(|name| statement.query_row([name], |row| row.get(0)).optional());
    Ok(nodes.collect::<Result<Vec<Option<i64>>, _>>()?.into_iter().flatten().collect())
}

/// Returns each node with its id and its answer.
fn nodes(
    db: &Connection,
    ends: impl IntoIterator<Item = i64>,
    edges: &[((i64, i64, i64), Edge)],
    minutes: Minutes,
) -> Result<Vec<(i64, String, Value)>, store::Error> {
    let mut work = work(db, minutes)?;
    let mut nodes = Vec::new();
    for id in ends {
        let mut statement = db.prepare_cached("SELECT kind, name FROM node WHERE id = ?")?;
        let (kind, name): (i64, String) = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let kind = NodeKind::of_code(kind);
        // A service tells its own work. Of another node, only what was asked of it is known.
        let work = work.remove(&id).unwrap_or_else(|| {
            let mut asked = Work::default();
            for (_, edge) in edges.iter().filter(|((_, to, edge_kind), _)| *to == id && *edge_kind != RECEIVE) {
                asked.calls += edge.calls;
                asked.errors += edge.errors;
                asked.buckets.join(&edge.buckets);
            }
            asked
        });
        let answer = json!({
            "node": node_id(kind, &name), "kind": kind.name(), "name": name, "calls": work.calls, "errors": work.errors,
            "p50": work.buckets.quantile(0.5), "p99": work.buckets.quantile(0.99), "cold_starts": work.cold,
        });
        nodes.push((id, node_id(kind, &name), answer));
    }
    Ok(nodes)
}

/// The work of a node.
#[derive(Default)]
struct Work {
    calls: i64,
    errors: i64,
    buckets: Buckets,
    cold: i64,
}

/// Returns the work that services began, by node.
fn work(db: &Connection, minutes: Minutes) -> Result<HashMap<i64, Work>, store::Error> {
    let mut work: HashMap<i64, Work> = HashMap::new();
    let mut statement = db.prepare(&format!(
        "SELECT v.node, c.bucket, sum(c.spans), sum(c.errors) FROM {} c JOIN operation o ON o.id = c.operation AND o.root = 1
           JOIN service v ON v.id = o.service GROUP BY 1, 2",
        rollup(Rollup::Cell, minutes.first, minutes.last)
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let work = work.entry(row.get(0)?).or_default();
        let spans = row.get(2)?;
        work.calls += spans;
        work.errors += row.get::<_, i64>(3)?;
        work.buckets.add(row.get(1)?, spans);
    }
    let mut statement = db.prepare(
        "SELECT v.node, count(*) FROM invocation i JOIN service v ON v.id = i.service
         WHERE i.start >= ? AND i.start < ? AND i.cold GROUP BY 1",
    )?;
    let mut rows = statement.query([minutes.first * MINUTE, (minutes.last + 1) * MINUTE])?;
    while let Some(row) = rows.next()? {
        if let Some(work) = work.get_mut(&row.get(0)?) {
            work.cold = row.get(1)?;
        }
    }
    Ok(work)
}
