//! Firehose: delivery streams. Records carry no context, because delivery ends in files and tables.

use memchr::memmem;
use serde::Deserialize;

use super::service::{Attributes, Operation, Request, Service, TakeAttributes, add_messaging};
use crate::sdk::response::{self, EntryResult, Response};

pub(super) static SERVICE: Service = Service {
    id: "Firehose",
    signing_name: "firehose",
    names: &["DeliveryStreamName"],
    attributes,
    request: |_| Attributes::new(),
    batch_size,
    response: |operation, response| response_body(operation, response::body(response)),
    writes: None,
    messages: None,
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    if let "PutRecord" | "PutRecordBatch" = operation.name {
        add_messaging(attributes, "aws_firehose", "send", operation.member("DeliveryStreamName"));
    }
}

/// Counts a name with one occurrence a record, without parsing up to 4 MiB of records. Quotes within a JSON string are
/// escaped, and no data can look like the name.
fn batch_size(request: &Request<'_>) -> Option<usize> {
    (request.operation == "PutRecordBatch").then(|| memmem::find_iter(request.body, "\"Data\":").count())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Body {
    record_id: Option<String>,
    request_responses: Vec<EntryResult>,
}

fn response_body(operation: &str, body: &[u8]) -> Option<Response> {
    let body = || serde_json::from_slice::<Body>(body).ok();
    match operation {
        "PutRecord" => Some(Response::of_message(body()?.record_id)),
        "PutRecordBatch" => Some(Response::of_entries(body()?.request_responses)),
        _ => None,
    }
}
