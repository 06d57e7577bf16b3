//! DynamoDB: tables, limits, counts, capacities, and the unprocessed items of a batch.
//!
//! All but the names comes from the bytes of requests and responses, because the SDK captures text members only. Items
//! are skipped, being the data of users.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use thundra_core::{Value, semconv};

use super::items::{self, MAX_BYTES, holds_unprocessed};
use super::service::{Attributes, Operation, Request, Service, TakeAttributes, add};
use crate::sdk::response::{self, Response};

pub(super) static SERVICE: Service = Service {
    id: "DynamoDB",
    signing_name: "dynamodb",
    names: &["TableName", "IndexName", "ProjectionExpression", "ExclusiveStartTableName"],
    attributes,
    request,
    batch_size: |_| None,
    response: |operation, response| {
        let body = response::body(response);
        let attributes = counts(operation, body);
        let unprocessed = unprocessed(operation, body);
        (unprocessed.is_some() || !attributes.is_empty())
            .then(|| Response { attributes, ..unprocessed.unwrap_or_default() })
    },
    writes: Some(items::WRITES),
    messages: None,
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    add(attributes, semconv::AWS_DYNAMODB_INDEX_NAME, operation.member("IndexName"));
    add(attributes, semconv::AWS_DYNAMODB_PROJECTION, operation.member("ProjectionExpression"));
    add(attributes, semconv::AWS_DYNAMODB_EXCLUSIVE_START_TABLE, operation.member("ExclusiveStartTableName"));
    add(attributes, semconv::DB_SYSTEM_NAME, Some("aws.dynamodb"));
    add(attributes, semconv::DB_OPERATION_NAME, Some(operation.name));
    if let Some(table) = operation.member("TableName") {
        attributes.value(semconv::AWS_DYNAMODB_TABLE_NAMES, vec![table.to_owned()].into());
    }
}

fn request(request: &Request<'_>) -> Attributes {
    match request.operation {
        _ if request.body.len() > MAX_BYTES => Attributes::new(),
        "BatchGetItem" | "BatchWriteItem" | "TransactGetItems" | "TransactWriteItems" => tables(request.body),
        "CreateTable" | "GetItem" | "ListTables" | "Query" | "Scan" | "UpdateTable" => settings(request.body),
        _ => Attributes::new(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Items {
    request_items: BTreeMap<String, IgnoredAny>,
    /// Objects with the operation as the only member.
    transact_items: Vec<BTreeMap<String, Item>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Item {
    table_name: Option<String>,
}

/// Returns the tables of an operation on several items.
fn tables(body: &[u8]) -> Attributes {
    let Items { request_items, transact_items } = serde_json::from_slice(body).unwrap_or_default();
    let items = transact_items.into_iter().flat_map(BTreeMap::into_values).filter_map(|item| item.table_name);
    let tables: BTreeSet<String> = request_items.into_keys().chain(items).collect();
    let tables = Some(tables).filter(|tables| !tables.is_empty());
    let tables = tables.map(|tables| tables.into_iter().collect::<Vec<_>>().into());
    tables.map(|tables| (semconv::AWS_DYNAMODB_TABLE_NAMES, tables)).into_iter().collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Settings {
    attributes_to_get: Option<Vec<String>>,
    consistent_read: Option<bool>,
    limit: Option<i64>,
    provisioned_throughput: Throughput,
    scan_index_forward: Option<bool>,
    segment: Option<i64>,
    select: Option<String>,
    total_segments: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Throughput {
    read_capacity_units: Option<f64>,
    write_capacity_units: Option<f64>,
}

/// Returns the limits and other settings of a request.
fn settings(body: &[u8]) -> Attributes {
    let Settings {
        attributes_to_get,
        consistent_read,
        limit,
        provisioned_throughput,
        scan_index_forward,
        segment,
        select,
        total_segments,
    } = serde_json::from_slice(body).unwrap_or_default();
    let Throughput { read_capacity_units, write_capacity_units } = provisioned_throughput;
    present([
        (semconv::AWS_DYNAMODB_ATTRIBUTES_TO_GET, attributes_to_get.map(Value::from)),
        (semconv::AWS_DYNAMODB_CONSISTENT_READ, consistent_read.map(Value::from)),
        (semconv::AWS_DYNAMODB_LIMIT, limit.map(Value::from)),
        (semconv::AWS_DYNAMODB_PROVISIONED_READ_CAPACITY, read_capacity_units.map(Value::from)),
        (semconv::AWS_DYNAMODB_PROVISIONED_WRITE_CAPACITY, write_capacity_units.map(Value::from)),
        (semconv::AWS_DYNAMODB_SCAN_FORWARD, scan_index_forward.map(Value::from)),
        (semconv::AWS_DYNAMODB_SEGMENT, segment.map(Value::from)),
        (semconv::AWS_DYNAMODB_SELECT, select.map(Value::from)),
        (semconv::AWS_DYNAMODB_TOTAL_SEGMENTS, total_segments.map(Value::from)),
    ])
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Counts<'a> {
    /// An object, or a list of objects.
    #[serde(borrow)]
    consumed_capacity: Option<&'a RawValue>,
    count: Option<i64>,
    scanned_count: Option<i64>,
    table_names: Option<Vec<IgnoredAny>>,
}

/// Returns the counts in a response.
fn counts(operation: &str, body: &[u8]) -> Attributes {
    // A response may hold 16 MiB of items, and the caller waits while it is parsed.
    let has_counts = matches!(operation, "ListTables" | "Query" | "Scan");
    if body.len() > MAX_BYTES || !has_counts && memmem::find(body, b"\"ConsumedCapacity\"").is_none() {
        return Attributes::new();
    }
    let Counts { consumed_capacity, count, scanned_count, table_names } =
        serde_json::from_slice(body).unwrap_or_default();
    present([
        (semconv::AWS_DYNAMODB_CONSUMED_CAPACITY, consumed_capacity.map(|consumed| each(consumed).into())),
        (semconv::AWS_DYNAMODB_COUNT, count.map(Value::from)),
        (semconv::AWS_DYNAMODB_SCANNED_COUNT, scanned_count.map(Value::from)),
        (semconv::AWS_DYNAMODB_TABLE_COUNT, table_names.map(|names| names.len().into())),
    ])
}

/// Returns the JSON text of each object.
fn each(consumed: &RawValue) -> Vec<String> {
    match serde_json::from_str::<Vec<&RawValue>>(consumed.get()) {
        Ok(list) => list.into_iter().map(|one| one.get().to_owned()).collect(),
        Err(_) => vec![consumed.get().to_owned()],
    }
}

fn present<const N: usize>(attributes: [(&'static str, Option<Value>); N]) -> Attributes {
    attributes.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Unprocessed {
    unprocessed_items: HashMap<String, Vec<IgnoredAny>>,
    unprocessed_keys: HashMap<String, Keys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Keys {
    keys: Vec<IgnoredAny>,
}

/// Counts the items of a batch without a result. The caller has to send these items again.
fn unprocessed(operation: &str, body: &[u8]) -> Option<Response> {
    if !matches!(operation, "BatchWriteItem" | "BatchGetItem") || !holds_unprocessed(body) {
        return None;
    }
    let Unprocessed { unprocessed_items, unprocessed_keys } = serde_json::from_slice(body).ok()?;
    let items = unprocessed_items.values().map(Vec::len);
    let count: usize = items.chain(unprocessed_keys.values().map(|table| table.keys.len())).sum();
    Some(Response { failed: (count > 0).then(|| (count, "Unprocessed".to_owned())), ..Response::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_gives_its_limits() {
        let query = r#"{"TableName":"t","Limit":5,"ConsistentRead":true,"ScanIndexForward":false,"Select":"COUNT",
            "ExpressionAttributeValues":{":Limit":{"N":"7"}}}"#;
        let scan = r#"{"TableName":"t","Segment":0,"TotalSegments":4,"AttributesToGet":["id","day"]}"#;
        let create = r#"{"TableName":"t","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":10}}"#;
        let names = |text: &[&str]| Value::from(text.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        for (method, body, expected) in [
            (
                "Query",
                query,
                &[
                    ("aws.dynamodb.consistent_read", Value::Bool(true)),
                    ("aws.dynamodb.limit", Value::I64(5)),
                    ("aws.dynamodb.scan_forward", Value::Bool(false)),
                    ("aws.dynamodb.select", "COUNT".into()),
                ][..],
            ),
            (
                "Scan",
                scan,
                &[
                    ("aws.dynamodb.attributes_to_get", names(&["id", "day"])),
                    ("aws.dynamodb.segment", Value::I64(0)),
                    ("aws.dynamodb.total_segments", Value::I64(4)),
                ],
            ),
            (
                "CreateTable",
                create,
                &[
                    ("aws.dynamodb.provisioned_read_capacity", Value::F64(5.0)),
                    ("aws.dynamodb.provisioned_write_capacity", Value::F64(10.0)),
                ],
            ),
            ("ListTables", r#"{"Limit":100}"#, &[("aws.dynamodb.limit", Value::I64(100))]),
            ("GetItem", r#"{"Key":{"Limit":{"S":"x"}}}"#, &[]),
            ("PutItem", r#"{"Limit":5}"#, &[]),
            ("Query", "no json", &[]),
        ] {
            let request = Request { operation: method, uri: "/", body: body.as_bytes() };
            assert_eq!((SERVICE.request)(&request), expected, "{method}");
        }
    }

    #[test]
    fn a_response_gives_its_counts() {
        const ONE: &str = r#"{"TableName":"t","CapacityUnits":0.5}"#;
        let capacity = |list: &[&str]| {
            let list: Vec<_> = list.iter().map(|text| (*text).to_owned()).collect();
            ("aws.dynamodb.consumed_capacity", Value::from(list))
        };
        let scan = r#"{"Count":1,"Items":[{"Count":{"N":"9"},"who":{"S":"alice"}}],"ScannedCount":12}"#.to_owned();
        let counted = vec![("aws.dynamodb.count", Value::I64(1)), ("aws.dynamodb.scanned_count", Value::I64(12))];
        for (method, body, expected) in [
            ("Scan", scan.clone(), counted.clone()),
            ("Query", scan.clone(), counted),
            ("ListTables", r#"{"TableNames":["a","b"]}"#.to_owned(), vec![("aws.dynamodb.table_count", Value::I64(2))]),
            ("GetItem", format!(r#"{{"ConsumedCapacity":{ONE},"Item":{{}}}}"#), vec![capacity(&[ONE])]),
            ("BatchGetItem", format!(r#"{{"ConsumedCapacity":[{ONE}, {ONE}]}}"#), vec![capacity(&[ONE, ONE])]),
            ("GetItem", r#"{"Item":{"ConsumedCapacity":{"S":"mine"}}}"#.to_owned(), vec![]),
            ("GetItem", r#"{"Count":1}"#.to_owned(), vec![]),
            ("PutItem", String::new(), vec![]),
            ("Scan", "no json".to_owned(), vec![]),
        ] {
            assert_eq!(counts(method, body.as_bytes()), expected, "{method} {body}");
        }
    }
}
