//! Keys of attributes, and their values.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use serde_json::{Value, json};

use super::answer::seq;
use super::{Answer, Api, Parameters, Part};
use crate::rows;
use crate::store;

/// The newest spans, which values are taken from.
pub(crate) const NEWEST: &str = "SELECT * FROM span ORDER BY id DESC LIMIT 100000";

/// The newest spans that keys are taken from.
const NEWEST_FOR_KEYS: i64 = 20_000;

/// The different values that are counted.
const MAX_DIFFERENT: usize = 50_000;

/// The longest value of a list: a longer one fits no link that filters by it.
pub(crate) const MAX_VALUE: usize = 4 << 10;

/// `GET /api/v1/attributes`
pub(crate) async fn keys(State(api): State<Api>) -> Answer {
    let answer = api.store.read(|db| {
        let of_span = used(db, &format!("SELECT attributes FROM span ORDER BY id DESC LIMIT {NEWEST_FOR_KEYS}"))?;
        let of_resource = used(db, "SELECT attributes FROM resource ORDER BY id DESC LIMIT 5000")?;
        let keys = of_span.iter().map(|key| (key, "span")).chain(of_resource.iter().map(|key| (key, "resource")));
        let keys: Vec<Value> = keys.map(|(key, of)| json!({ "key": key, "of": of })).collect();
        Ok(json!({ "seq": seq(db)?, "keys": keys }))
    });
    Ok(Json(answer.await?))
}

/// Returns the names of keys in lists of attributes, sorted.
pub(crate) fn used(db: &Connection, lists: &str) -> Result<Vec<String>, store::Error> {
    let mut is_used = vec![false; usize::from(u16::MAX) + 1];
    let mut statement = db.prepare(lists)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for [high, low, ..] in row.get_ref(0)?.as_blob().unwrap_or_default().as_chunks::<8>().0 {
            if let Some(is_used) = is_used.get_mut(usize::from(u16::from_be_bytes([*high, *low]))) {
                *is_used = true;
            }
        }
    }
    let mut names = db.prepare("SELECT id, name FROM key ORDER BY name LIMIT 100000")?;
    let names = names.query_map([], |row| Ok((row.get::<_, usize>(0)?, row.get::<_, String>(1)?)))?;
    let used = names.filter_map(Result::ok).filter(|(id, _)| is_used.get(*id).copied().unwrap_or(false));
    Ok(used.map(|(_, name)| name).collect())
}

/// `GET /api/v1/attributes/{key}`
pub(crate) async fn values(State(api): State<Api>, Part(key): Part<String>, parameters: Parameters) -> Answer {
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(100);
    let answer = api.store.read(move |db| {
        let values = values_of(db, &key, &format!("FROM ({NEWEST}) s"), &[], limit)?;
        let values: Vec<Value> =
            values.into_iter().map(|(value, spans)| json!({ "value": value, "spans": spans })).collect();
        Ok(json!({ "seq": seq(db)?, "key": key, "values": values }))
    });
    Ok(Json(answer.await?))
}

/// Returns the most frequent values of a key among spans `s`, with their numbers.
pub(crate) fn values_of(
    db: &Connection,
    key: &str,
    spans: &str,
    values: &[Sql],
    limit: usize,
) -> Result<Vec<(String, u64)>, store::Error> {
    let id: Option<i64> = db.query_row("SELECT id FROM key WHERE name = ?", [key], |row| row.get(0)).optional()?;
    let Some(id) = id.filter(|id| *id <= i64::from(u16::MAX)) else { return Ok(Vec::new()) };
    // By hash: the count, and a row of a span or of a resource that has the value.
    let mut counts: HashMap<u64, (u64, i64, bool)> = HashMap::new();
    let mut resources: HashMap<i64, u64> = HashMap::new();
    let mut count = |entries: &[u8], spans: u64, row: i64, of_resource: bool| {
        for entry in entries.as_chunks::<8>().0.iter().map(|entry| u64::from_be_bytes(*entry)) {
            if entry >> 48 == id as u64 && (counts.len() < MAX_DIFFERENT || counts.contains_key(&entry)) {
                counts.entry(entry).or_insert((0, row, of_resource)).0 += spans;
            }
        }
    };
    let mut statement = db.prepare(&format!("SELECT s.id, s.resource, s.attributes {spans}"))?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        *resources.entry(row.get(1)?).or_default() += 1;
        count(row.get_ref(2)?.as_blob().unwrap_or_default(), 1, row.get(0)?, false);
    }
    for (resource, spans) in resources {
        let mut statement = db.prepare_cached("SELECT attributes FROM resource WHERE id = ?")?;
        let attributes: Vec<u8> = statement.query_row([resource], |row| row.get(0))?;
        count(&attributes, spans, resource, true);
    }
    let mut sorted: Vec<(u64, (u64, i64, bool))> = counts.into_iter().collect();
    sorted.sort_by_key(|(entry, (spans, ..))| (std::cmp::Reverse(*spans), *entry));
    let mut values = Vec::new();
    for (entry, (spans, row, of_resource)) in sorted.into_iter().take(limit) {
        let sql =
            if of_resource { "SELECT raw FROM resource WHERE id = ?" } else { "SELECT raw FROM raw_span WHERE id = ?" };
        let raw: Vec<u8> = db.prepare_cached(sql)?.query_row([row], |row| row.get(0))?;
        let attributes = match of_resource {
            true => Resource::decode(raw.as_slice()).unwrap_or_default().attributes,
            false => Span::decode(raw.as_slice()).unwrap_or_default().attributes,
        };
        let texts = attributes.iter().filter(|pair| pair.key == key).filter_map(|pair| pair.value.as_ref());
        let hash = entry & ((1 << 48) - 1);
        if let Some(text) = texts.map(rows::text).find(|text| rows::hash(text) == hash && text.len() <= MAX_VALUE) {
            values.push((text, spans));
        }
    }
    Ok(values)
}
