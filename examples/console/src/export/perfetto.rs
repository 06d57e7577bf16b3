//! A request as Chrome's trace events, which <https://ui.perfetto.dev> opens.
//!
//! See <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>. Events of a track must nest, so
//! spans that overlap are on tracks of their own.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::api::filters::{kind_name, status_name};
use crate::store::{Error, hex};

/// A span to draw.
struct Slice {
    name: String,
    service: String,
    start: i64,
    end: i64,
    args: Value,
}

/// Writes the trace events of a request.
pub(super) fn write(db: &Connection, request: i64) -> Result<String, Error> {
    let mut services: BTreeMap<String, usize> = BTreeMap::new();
    // The ends of the open spans, by the process and then by the track.
    let mut open: Vec<Vec<Vec<i64>>> = Vec::new();
    let mut events = Vec::new();
    for slice in slices(db, request)? {
        let next = services.len();
        let process = *services.entry(slice.service.clone()).or_insert(next);
        if process == open.len() {
            open.push(Vec::new());
            events.push(json!({
                "ph": "M", "name": "process_name", "pid": process + 1, "tid": 0, "args": { "name": slice.service },
            }));
        }
        let track = open.get_mut(process).map_or(0, |tracks| place(tracks, &slice));
        events.push(json!({
            "ph": "X", "name": slice.name, "cat": "span", "pid": process + 1, "tid": track + 1,
            "ts": slice.start as f64 / 1e3, "dur": (slice.end - slice.start) as f64 / 1e3, "args": slice.args,
        }));
    }
    Ok(json!({ "displayTimeUnit": "ms", "traceEvents": events }).to_string())
}

/// Returns the first track on which a span is inside the open span, or after all.
fn place(tracks: &mut Vec<Vec<i64>>, slice: &Slice) -> usize {
    for (track, open) in tracks.iter_mut().enumerate() {
        while open.last().is_some_and(|end| *end <= slice.start) {
            open.pop();
        }
        if open.last().is_none_or(|end| slice.end <= *end) {
            open.push(slice.end);
            return track;
        }
    }
    tracks.push(vec![slice.end]);
    tracks.len() - 1
}

/// Returns the spans by start, the longest of the same start first.
fn slices(db: &Connection, request: i64) -> Result<Vec<Slice>, Error> {
    let mut statement = db.prepare(
        "SELECT o.name, v.name, s.start, s.duration, o.kind, s.status, t.trace_id, s.span_id FROM trace t
           JOIN span s ON s.trace = t.id JOIN operation o ON o.id = s.operation JOIN service v ON v.id = o.service
         WHERE t.request = ? ORDER BY s.start, s.duration DESC LIMIT 100000",
    )?;
    let rows = statement.query_map([request], |row| {
        let (start, duration): (i64, i64) = (row.get(2)?, row.get(3)?);
        Ok(Slice {
            name: row.get(0)?,
            service: row.get(1)?,
            start,
            end: start.saturating_add(duration),
            args: json!({
                "kind": kind_name(row.get(4)?), "status": status_name(row.get(5)?),
                "trace_id": hex(&row.get::<_, [u8; 16]>(6)?), "span_id": format!("{:016x}", row.get::<_, i64>(7)?),
            }),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_are_on_different_tracks() {
        let mut tracks = Vec::new();
        let spans = [(0, 10, 0), (1, 4, 0), (2, 6, 1), (5, 9, 0), (12, 13, 0)];
        for (start, end, track) in spans {
            let slice = Slice { name: String::new(), service: String::new(), start, end, args: Value::Null };
            assert_eq!(place(&mut tracks, &slice), track, "{start}");
        }
    }
}
