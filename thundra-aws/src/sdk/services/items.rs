//! The items written by calls of DynamoDB.
//!
//! Updates and deletions name items by the primary key. A put has the whole item. The key is known once another call or
//! a record of the table's stream [has named](key_names) the attributes of the key.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::service::{Operation, Request, Writes};
use crate::hops::written::table_name;
use crate::hops::{SpanPointer, Written, key_names};
use crate::sdk::response;
use crate::trigger::dynamodb::key_values;

/// Largest body to parse. The caller waits meanwhile.
pub(super) const MAX_BYTES: usize = 256 * 1024;

pub(super) const WRITES: Writes = Writes { named, requested, confirmed };

fn named(operation: &Operation<'_>) -> Option<Written> {
    let writes =
        matches!(operation.name, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems");
    writes.then(|| {
        let mut written = Written::default();
        operation.member("TableName").into_iter().for_each(|table| written.add_table(table));
        written
    })
}

/// An item in a request: the whole item, or the key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Item<'a> {
    #[serde(borrow)]
    table_name: Cow<'a, str>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Batch<'a> {
    /// By table, objects with the operation as the only member.
    #[serde(borrow, alias = "UnprocessedItems")]
    request_items: BTreeMap<String, Vec<BTreeMap<String, Item<'a>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Transaction<'a> {
    /// Objects with the operation as the only member.
    #[serde(borrow)]
    transact_items: Vec<BTreeMap<String, Item<'a>>>,
}

fn requested(request: &Request<'_>, written: &mut Written) {
    if request.body.len() > MAX_BYTES {
        return;
    }
    match request.operation {
        "BatchWriteItem" => add_batch(request.body, written),
        "TransactWriteItems" => {
            let Transaction { transact_items } = serde_json::from_slice(request.body).unwrap_or_default();
            let operations = transact_items.into_iter().flatten();
            let items = operations.filter(|(operation, _)| operation != "ConditionCheck");
            items.for_each(|(_, item)| add(&item.table_name, &item, written));
        }
        _ => {
            let item: Item<'_> = serde_json::from_slice(request.body).unwrap_or_default();
            add(&item.table_name, &item, written);
        }
    }
}

/// Adds the items of a batch, or the unprocessed items in the response.
fn add_batch(body: &[u8], written: &mut Written) {
    let Batch { request_items } = serde_json::from_slice(body).unwrap_or_default();
    for (table, operations) in request_items {
        operations.iter().flat_map(BTreeMap::values).for_each(|item| add(&table, item, written));
    }
}

fn add(table: &str, item: &Item<'_>, written: &mut Written) {
    let table = table_name(table);
    if table.is_empty() {
        return;
    }
    written.add_table(table);
    let key = match (item.key, item.item) {
        (Some(key), _) => {
            let key = key_values(key.get(), |_| true);
            key_names::learn(table, &key);
            key
        }
        (None, Some(item)) => {
            let Some(names) = key_names::of(table) else { return };
            let key = key_values(item.get(), |name| names.iter().any(|known| known == name));
            if key.len() < names.len() {
                return;
            }
            key
        }
        (None, None) => return,
    };
    if let Some(pointer) = SpanPointer::of_item(table, &key) {
        written.add(pointer);
    }
}

/// Removes the unwritten items of a batch.
fn confirmed(response: &HttpResponse, written: &mut Written) {
    let body = response::body(response);
    if holds_unprocessed(body) && body.len() <= MAX_BYTES {
        let mut unprocessed = Written::default();
        add_batch(body, &mut unprocessed);
        written.remove(&unprocessed);
    }
}

/// Returns `false` for the usual response with `{}` in the member. A response may hold 16 MiB of items, and the usual
/// response is not parsed.
pub(super) fn holds_unprocessed(body: &[u8]) -> bool {
    let after = |name: &[u8]| memmem::rfind(body, name).and_then(|at| body.get(at + name.len()..));
    let rest = after(b"\"UnprocessedItems\":").or_else(|| after(b"\"UnprocessedKeys\":"));
    rest.is_some_and(|rest| !rest.starts_with(b"{}"))
}
