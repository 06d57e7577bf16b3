//! The names of attributes and their values, for Grafana's completion.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Fault;
use crate::api::attributes::{used, values_of};
use crate::api::filters::{KINDS, STATUSES};
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
    let limit = parameters.number("limit", 0..=10_000)?.filter(|limit| *limit > 0).unwrap_or(1000);
    let values = api.store.read(move |db| values(db, &tag, limit)).await?;
    let values: Vec<Value> = values.into_iter().map(|(kind, value)| json!({ "type": kind, "value": value })).collect();
    Ok(Json(json!({ "tagValues": values, "metrics": {} })))
}

/// `GET /api/search/tag/{tag}/values`
pub(super) async fn values_v1(
    State(api): State<Api>,
    Path(tag): Path<String>,
    parameters: Parameters,
) -> Result<Json<Value>, Fault> {
    let limit = parameters.number("limit", 0..=10_000)?.filter(|limit| *limit > 0).unwrap_or(1000);
    let values = api.store.read(move |db| values(db, &tag, limit)).await?;
    let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
    Ok(Json(json!({ "tagValues": values, "metrics": {} })))
}

/// Returns the values of a field, with their types.
fn values(db: &Connection, tag: &str, limit: usize) -> Result<Vec<(&'static str, String)>, Error> {
    let keywords = |names: &[(&str, i64)]| names.iter().map(|(name, _)| ("keyword", (*name).to_owned())).collect();
    let texts = |sql: &str| -> Result<Vec<(&'static str, String)>, Error> {
        let mut statement = db.prepare(&format!("{sql} ORDER BY 1 LIMIT {limit}"))?;
        let rows = statement.query_map([], |row| Ok(("string", row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    match tag {
        "status" | "span:status" => Ok(keywords(&STATUSES)),
        "kind" | "span:kind" => Ok(keywords(&KINDS)),
        "name" | "span:name" => texts("SELECT DISTINCT name FROM operation"),
        "rootName" | "trace:rootName" => texts("SELECT DISTINCT name FROM operation WHERE root = 1"),
        "rootServiceName" | "trace:rootService" | "service.name" | ".service.name" | "resource.service.name" => {
            texts("SELECT name FROM service")
        }
        _ => {
            let scopes = ["span.", "resource.", "."];
            let key = scopes.iter().find_map(|scope| tag.strip_prefix(scope)).unwrap_or(tag);
            let values = values_of(db, key, limit)?;
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
