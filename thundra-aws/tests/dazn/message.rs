//! Messages on the wire, without the bytes different for each request.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::endpoint::{Request, percent_decode};

/// Headers of HTTP or of the client.
const NOT_OURS: [&str; 4] = ["accept-encoding", "connection", "content-length", "host"];

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Message {
    /// Headers, or text attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) pairs: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_context: Option<Value>,
    /// Every byte counts, for JSON as well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) body: String,
}

pub(crate) fn of_http(request: &Request) -> Vec<Message> {
    let mut pairs = request.headers.clone();
    pairs.retain(|name, _| !NOT_OURS.contains(&&*name.to_ascii_lowercase()));
    vec![Message { pairs, ..Message::default() }]
}

pub(crate) fn of_sns(request: &Request) -> Vec<Message> {
    let form: BTreeMap<_, _> = request.text().split('&').filter_map(|pair| pair.split_once('=')).collect();
    let field = |name: &str| form.get(name).map(|text| percent_decode(text));
    let attribute = |n: usize| {
        let part = |name| field(&format!("MessageAttributes.entry.{n}.{name}"));
        let name = part("Name")?;
        assert_eq!(part("Value.DataType").as_deref(), Some("String"), "{name}");
        Some((name, part("Value.StringValue").unwrap()))
    };
    let pairs = (1..).map_while(attribute).collect();
    vec![Message { pairs, body: field("Message").unwrap(), ..Message::default() }]
}

pub(crate) fn of_sqs(request: &Request) -> Vec<Message> {
    let message = |entry: &Value| {
        let pairs = entry["MessageAttributes"].as_object().unwrap().iter().map(|(name, value)| {
            assert_eq!(value["DataType"], "String", "{name}");
            (name.clone(), text(&value["StringValue"]).unwrap())
        });
        let trace_header = text(&entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]);
        let body = text(&entry["MessageBody"]).unwrap();
        Message { pairs: pairs.collect(), trace_header, body, ..Message::default() }
    };
    entries(request, "Entries").iter().map(message).collect()
}

pub(crate) fn of_kinesis(request: &Request) -> Vec<Message> {
    let message = |record: &Value| {
        let data = BASE64_STANDARD.decode(text(&record["Data"]).unwrap()).unwrap();
        Message { body: String::from_utf8(data).unwrap(), ..Message::default() }
    };
    entries(request, "Records").iter().map(message).collect()
}

pub(crate) fn of_eventbridge(request: &Request) -> Vec<Message> {
    let message = |entry: &Value| {
        let body = text(&entry["Detail"]).unwrap();
        Message { trace_header: text(&entry["TraceHeader"]), body, ..Message::default() }
    };
    entries(request, "Entries").iter().map(message).collect()
}

pub(crate) fn of_lambda(request: &Request) -> Vec<Message> {
    let client_context = request.headers.get("x-amz-client-context");
    let json = |base64| serde_json::from_slice(&BASE64_STANDARD.decode(base64).unwrap()).unwrap();
    let body = request.text().to_owned();
    vec![Message { client_context: client_context.map(json), body, ..Message::default() }]
}

pub(crate) fn of_stepfunctions(request: &Request) -> Vec<Message> {
    let start: Value = serde_json::from_slice(&request.body).unwrap();
    let body = text(&start["input"]).unwrap();
    vec![Message { trace_header: text(&start["traceHeader"]), body, ..Message::default() }]
}

/// Returns the entries of a batch, or a single message.
fn entries(request: &Request, member: &str) -> Vec<Value> {
    let request: Value = serde_json::from_slice(&request.body).unwrap();
    request[member].as_array().cloned().unwrap_or_else(|| vec![request])
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
