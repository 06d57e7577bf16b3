//! What the store holds.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::answer::{seq, time};
use super::{Answer, Api};
use crate::store::used;

/// The open ports.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    /// The endpoint of OTLP; `None` if its port was taken.
    pub(crate) otlp: Option<String>,
    pub(crate) xray: Option<String>,
}

/// `GET /api/v1/status`
pub(crate) async fn answer(State(api): State<Api>) -> Answer {
    let (limit, is_kept) = (api.store.limit, api.store.is_kept);
    let mut status = api
        .store
        .read(|db| {
            let count =
                |table: &str| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
            let sums = "SELECT coalesce(sum(spans), 0), min(start), max(end) FROM request";
            let (spans, from, to): (i64, Option<i64>, Option<i64>) =
                db.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let evicted = "SELECT coalesce(max(value), 0) FROM meta WHERE name = 'evicted'";
            Ok(json!({
                "seq": seq(db)?, "version": env!("CARGO_PKG_VERSION"), "spans": spans, "logs": count("log")?,
                "points": count("point")?, "requests": count("request")?, "invocations": count("invocation")?,
                "from": from.map(time), "to": to.map(time), "bytes": used(db)?,
                "evicted_requests": db.query_row(evicted, [], |row| row.get::<_, i64>(0))?,
            }))
        })
        .await?;
    // Counted after the read: who sees a span also sees what was rejected before it came.
    let rejected = api.store.rejected();
    if let Value::Object(members) = &mut status {
        members.extend([
            ("ingest".to_owned(), api.ports.otlp.iter().cloned().collect::<Vec<_>>().into()),
            ("xray".to_owned(), api.ports.xray.clone().into()),
            ("kept".to_owned(), is_kept.into()),
            ("limit_bytes".to_owned(), limit.into()),
            (
                "rejected".to_owned(),
                json!({
                    "spans": rejected.spans, "logs": rejected.logs, "points": rejected.points, "lines": rejected.lines,
                    "requests": rejected.requests,
                }),
            ),
        ]);
    }
    Ok(Json(status))
}
