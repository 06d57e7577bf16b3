//! What the requests and the answers of DynamoDB say beside names: limits, counts, capacities.
//!
//! Read from the bytes, since the SDK puts nothing aside but text, and without the items: those are people's data.

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use thundra_core::{Value, semconv};

use crate::sdk::request::Attributes;

/// An answer that is larger is not read for the sake of its counts.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Request {
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

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Answer<'a> {
    /// One, or a list of them.
    #[serde(borrow)]
    consumed_capacity: Option<&'a RawValue>,
    count: Option<i64>,
    scanned_count: Option<i64>,
    table_names: Option<Vec<IgnoredAny>>,
}

/// What a request asks for; the operations that are left out have none of it.
pub(crate) fn request(method: &str, body: &[u8]) -> Attributes {
    if !matches!(method, "CreateTable" | "GetItem" | "ListTables" | "Query" | "Scan" | "UpdateTable") {
        return Attributes::new();
    }
    let Request {
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
    known([
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

/// What an answer counts.
pub(crate) fn answer(method: &str, body: &[u8]) -> Attributes {
    // An answer may hold 16 MiB of items, and whoever waits for them waits for this.
    let counts = matches!(method, "ListTables" | "Query" | "Scan");
    if body.len() > MAX_BYTES || !counts && memmem::find(body, b"\"ConsumedCapacity\"").is_none() {
        return Attributes::new();
    }
    let Answer { consumed_capacity, count, scanned_count, table_names } =
        serde_json::from_slice(body).unwrap_or_default();
    known([
        (semconv::AWS_DYNAMODB_CONSUMED_CAPACITY, consumed_capacity.map(|consumed| each(consumed).into())),
        (semconv::AWS_DYNAMODB_COUNT, count.map(Value::from)),
        (semconv::AWS_DYNAMODB_SCANNED_COUNT, scanned_count.map(Value::from)),
        (semconv::AWS_DYNAMODB_TABLE_COUNT, table_names.map(|names| names.len().into())),
    ])
}

/// The JSON of each, as it was sent.
fn each(consumed: &RawValue) -> Vec<String> {
    match serde_json::from_str::<Vec<&RawValue>>(consumed.get()) {
        Ok(list) => list.into_iter().map(|one| one.get().to_owned()).collect(),
        Err(_) => vec![consumed.get().to_owned()],
    }
}

fn known<const N: usize>(attributes: [(&'static str, Option<Value>); N]) -> Attributes {
    attributes.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_its_limits() {
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
            assert_eq!(request(method, body.as_bytes()), expected, "{method}");
        }
    }

    #[test]
    fn an_answer_tells_its_counts() {
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
            assert_eq!(answer(method, body.as_bytes()), expected, "{method} {body}");
        }
    }
}
