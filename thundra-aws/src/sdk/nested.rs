//! Names that stand within lists and maps of a request, where the SDK puts nothing aside: read from the bytes that
//! are sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use thundra_core::{Value, semconv};

use super::request::{Attributes, last};

/// A request that is larger is not read for the sake of a name.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Body {
    request_items: BTreeMap<String, IgnoredAny>,
    /// Each with the operation as its only member.
    transact_items: Vec<BTreeMap<String, Item>>,
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Item {
    table_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entry {
    event_bus_name: Option<String>,
}

/// The attributes that are known only now.
pub(crate) fn attributes(service: &str, method: &str, body: Option<&[u8]>) -> Attributes {
    let read = || serde_json::from_slice(body.filter(|body| body.len() <= MAX_BYTES)?).ok();
    let body: Option<Body> = match (service, method) {
        ("DynamoDB", "BatchGetItem" | "BatchWriteItem" | "TransactGetItems" | "TransactWriteItems") => read(),
        ("EventBridge", "PutEvents") => read(),
        _ => None,
    };
    let Some(Body { request_items, transact_items, entries }) = body else { return Attributes::new() };
    let items = transact_items.into_iter().flat_map(BTreeMap::into_values).filter_map(|item| item.table_name);
    let tables: BTreeSet<String> = request_items.into_keys().chain(items).collect();
    let tables = (!tables.is_empty()).then(|| Value::from(tables.into_iter().collect::<Vec<_>>()));
    let mut buses = entries.iter().map(|entry| entry.event_bus_name.as_deref().map_or("default", |bus| last(bus, '/')));
    let bus = buses.next().filter(|first| buses.all(|bus| bus == *first)).map(|bus| Value::from(bus.to_owned()));
    let names = [(semconv::AWS_DYNAMODB_TABLE_NAMES, tables), (semconv::MESSAGING_DESTINATION_NAME, bus)];
    names.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_within() {
        for (service, method, body, expected) in [
            (
                "DynamoDB",
                "BatchWriteItem",
                r#"{"RequestItems":{"b":[{"PutRequest":{}}],"a":[]}}"#,
                "aws.dynamodb.table_names=[a,b]",
            ),
            (
                "DynamoDB",
                "TransactWriteItems",
                r#"{"TransactItems":[{"Put":{"TableName":"a","Item":{}}},{"Delete":{"TableName":"a"}},{"ConditionCheck":{"TableName":"c"}}]}"#,
                "aws.dynamodb.table_names=[a,c]",
            ),
            (
                "EventBridge",
                "PutEvents",
                r#"{"Entries":[{"EventBusName":"arn:aws:events:eu-west-1:1:event-bus/shop"},{"EventBusName":"shop"}]}"#,
                "messaging.destination.name=shop",
            ),
            ("EventBridge", "PutEvents", r#"{"Entries":[{"Source":"s"}]}"#, "messaging.destination.name=default"),
            ("EventBridge", "PutEvents", r#"{"Entries":[{"EventBusName":"shop"},{}]}"#, ""),
            ("EventBridge", "PutEvents", "no json", ""),
            ("DynamoDB", "PutItem", r#"{"RequestItems":{"a":[]}}"#, ""),
        ] {
            let attributes = attributes(service, method, Some(body.as_bytes()));
            let text = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ");
            assert_eq!(text, expected, "{service}.{method} {body}");
        }
        assert!(attributes("EventBridge", "PutEvents", None).is_empty());
    }
}
