//! The names of attributes and their values, for Grafana's completion.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::{Connection, params_from_iter};
use serde_json::{Value, json};
use thundra_core::percent_decode;

use super::traceql::{self, Expression};
use super::{Fault, JOINED, times};
use crate::api::attributes::{NEWEST, used, values_of};
use crate::api::filters::{Condition, Filters, KINDS, STATUSES};
use crate::api::{Api, Parameters};
use crate::store::Error;

/// The fields that are no attributes.
const INTRINSICS: [&str; 12] = [
    "duration",
    "kind",
    "name",
    "rootName",
    "rootServiceName",
    "span:duration",
    "span:kind",
    "span:name",
    "span:status",
    "status",
    "trace:duration",
    "traceDuration",
];

/// The spans and resources that names are taken from.
const SPANS: &str = "SELECT attributes FROM span ORDER BY id DESC LIMIT 20000";
const RESOURCES: &str = "SELECT attributes FROM resource ORDER BY id DESC LIMIT 5000";

/// `GET /api/v2/search/tags`
pub(super) async fn v2(State(api): State<Api>, parameters: Parameters) -> Result<Json<Value>, Fault> {
    let scope = parameters.get("scope").filter(|scope| *scope != "all").map(str::to_owned);
    let scopes = api.store.read(move |db| scopes(db, scope.as_deref())).await?;
    let scopes: Vec<Value> = scopes.into_iter().map(|(name, tags)| json!({ "name": name, "tags": tags })).collect();
    Ok(Json(json!({ "scopes": scopes, "metrics": {} })))
}

/// `GET /api/search/tags`
pub(super) async fn v1(State(api): State<Api>, parameters: Parameters) -> Result<Json<Value>, Fault> {
    let scope = parameters.get("scope").filter(|scope| *scope != "all").map(str::to_owned);
    let scopes = api.store.read(move |db| scopes(db, scope.as_deref())).await?;
    let mut tags: Vec<String> =
        scopes.into_iter().filter(|(name, _)| *name != "intrinsic").flat_map(|(_, tags)| tags).collect();
    tags.sort();
    tags.dedup();
    Ok(Json(json!({ "tagNames": tags, "metrics": {} })))
}

fn scopes(db: &Connection, scope: Option<&str>) -> Result<Vec<(&'static str, Vec<String>)>, Error> {
    let mut scopes = Vec::new();
    for (name, lists) in [("resource", Some(RESOURCES)), ("span", Some(SPANS)), ("intrinsic", None)] {
        if scope.is_none_or(|scope| scope == name) {
            let tags = match lists {
                Some(lists) => used(db, lists)?,
                None => INTRINSICS.map(str::to_owned).to_vec(),
            };
            scopes.push((name, tags));
        }
    }
    Ok(scopes)
}

/// `GET /api/v2/search/tag/{tag}/values`
pub(super) async fn values_v2(
    State(api): State<Api>,
    Path(tag): Path<String>,
    parameters: Parameters,
) -> Result<Json<Value>, Fault> {
    let asked = Asked::read(&tag, &parameters)?;
    let values = api.store.read(move |db| values(db, &asked)).await?;
    let values: Vec<Value> = values.into_iter().map(|(kind, value)| json!({ "type": kind, "value": value })).collect();
    Ok(Json(json!({ "tagValues": values, "metrics": {} })))
}

/// `GET /api/search/tag/{tag}/values`
pub(super) async fn values_v1(
    State(api): State<Api>,
    Path(tag): Path<String>,
    parameters: Parameters,
) -> Result<Json<Value>, Fault> {
    let asked = Asked::read(&tag, &parameters)?;
    let values = api.store.read(move |db| values(db, &asked)).await?;
    let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
    Ok(Json(json!({ "tagValues": values, "metrics": {} })))
}

/// A question for values.
struct Asked {
    tag: String,
    limit: usize,
    query: Option<Expression>,
    times: [Option<i64>; 2],
}

impl Asked {
    fn read(tag: &str, parameters: &Parameters) -> Result<Self, Fault> {
        let query = parameters.get("q").and_then(|query| traceql::parse(query).ok());
        Ok(Asked {
            // Grafana encodes the name twice.
            tag: percent_decode(tag).unwrap_or_else(|| tag.to_owned()),
            limit: parameters.number("limit", 0..=10_000)?.filter(|limit| *limit > 0).unwrap_or(1000),
            // Grafana asks while a query is being written: one that cannot be read narrows nothing.
            query: query.filter(|query| *query != Expression::All),
            times: times(parameters)?,
        })
    }

    fn condition(&self, db: &Connection) -> Result<Condition, Error> {
        let mut condition = match &self.query {
            Some(query) => traceql::condition(db, query)?.unwrap_or_default(),
            None => Condition::default(),
        };
        let [start, end] = self.times;
        Filters::between(&mut condition, "s.start", start, end);
        Ok(condition)
    }
}

/// Returns the values of a field, with their types: of the newest spans, where a query or a time is asked for.
fn values(db: &Connection, asked: &Asked) -> Result<Vec<(&'static str, String)>, Error> {
    let condition = asked.condition(db)?;
    let spans = match condition.sql.as_str() {
        "" => format!("FROM ({NEWEST}) s"),
        sql => format!("FROM ({NEWEST}) s {JOINED} WHERE {sql}"),
    };
    let keywords = |names: &[(&str, i64)]| names.iter().map(|(name, _)| ("keyword", (*name).to_owned())).collect();
    let texts = |column: &str, all: &str| -> Result<Vec<(&'static str, String)>, Error> {
        let sql = match condition.sql.as_str() {
            "" => all.to_owned(),
            _ => format!("SELECT DISTINCT {column} {spans} AND {column} IS NOT NULL"),
        };
        let mut statement = db.prepare(&format!("{sql} ORDER BY 1 LIMIT {}", asked.limit))?;
        let rows = statement.query_map(params_from_iter(&condition.values), |row| Ok(("string", row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    match asked.tag.as_str() {
        "status" | "span:status" => Ok(keywords(&STATUSES)),
        "kind" | "span:kind" => Ok(keywords(&KINDS)),
        "name" | "span:name" => texts("o.name", "SELECT DISTINCT name FROM operation"),
        "rootName" | "trace:rootName" => texts("ro.name", "SELECT DISTINCT name FROM operation WHERE root = 1"),
        "rootServiceName" | "trace:rootService" => texts("rv.name", "SELECT name FROM service"),
        "service.name" | ".service.name" | "resource.service.name" => texts("v.name", "SELECT name FROM service"),
        tag => {
            let scopes = ["span.", "resource.", "."];
            let key = scopes.iter().find_map(|scope| tag.strip_prefix(scope)).unwrap_or(tag);
            let values = values_of(db, key, &spans, &condition.values, asked.limit)?;
            Ok(values.into_iter().map(|(value, _)| (type_of(&value), value)).collect())
        }
    }
}

fn type_of(value: &str) -> &'static str {
    match value {
        "true" | "false" => "bool",
        _ if value.parse::<i64>().is_ok() => "int",
        _ if value.parse::<f64>().is_ok() => "float",
        _ => "string",
    }
}
