//! Events around a payload.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::context::is_json;

/// Puts a payload into envelopes, and the envelopes into an event. Each byte of `choices` selects an envelope or the
/// event.
///
/// Returns `None` if the event is impossible, for example because the payload is no text.
pub fn around(payload: &[u8], choices: [u8; 3]) -> Option<String> {
    let [event, envelopes @ ..] = choices;
    let mut payload = payload.to_vec();
    for envelope in envelopes {
        payload = self::envelope(&payload, envelope)?.unwrap_or(payload);
    }
    let event = match event % 6 {
        0 => json!({ "Records": [sqs(text(&payload)?)] }),
        1 => json!({ "Records": [{ "EventSource": "aws:sns", "Sns": notification(text(&payload)?) }] }),
        2 => json!({ "Records": [kinesis(&payload)] }),
        3 => json!({ "Records": [kinesis(&gzip(&payload))] }),
        4 => json!({
            "eventSource": "aws:kafka",
            "records": { "orders-0": [{ "topic": "orders", "partition": 0, "offset": 1, "value": base64(&payload) }] },
        }),
        _ => json!({
            "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/orders",
            "records": [{ "recordId": "1", "data": base64(&payload) }],
        }),
    };
    Some(event.to_string())
}

/// Puts a payload into an envelope. `Some(None)` for no envelope.
fn envelope(payload: &[u8], choice: u8) -> Option<Option<Vec<u8>>> {
    let payload = text(payload)?;
    // A payload inside an envelope as JSON, and not as a text, stays unchanged: the order of members, and members with
    // equal names.
    let json = || is_json(payload.as_bytes()).then_some(payload);
    let envelope = match choice % 5 {
        0 => return Some(None),
        1 => notification(payload).to_string(),
        2 => format!(r#"{{"id": "1", "source": "shop", "detail-type": "ordered", "detail": {}}}"#, json()?),
        3 => {
            let context = r#"{"condition": "RetriesExhausted"}"#;
            format!(r#"{{"version": "1.0", "requestContext": {context}, "requestPayload": {}}}"#, json()?)
        }
        _ => json!({ "Records": [{ "EventSource": "aws:sns", "Sns": notification(payload) }] }).to_string(),
    };
    Some(Some(envelope.into_bytes()))
}

fn sqs(body: &str) -> Value {
    json!({ "messageId": "1", "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders" })
}

fn notification(message: &str) -> Value {
    json!({ "Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:000000000000:orders", "Message": message })
}

fn kinesis(data: &[u8]) -> Value {
    json!({ "eventSource": "aws:kinesis", "kinesis": { "sequenceNumber": "1", "data": base64(data) } })
}

fn text(payload: &[u8]) -> Option<&str> {
    std::str::from_utf8(payload).ok()
}

fn base64(data: &[u8]) -> String {
    BASE64_STANDARD.encode(data)
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
