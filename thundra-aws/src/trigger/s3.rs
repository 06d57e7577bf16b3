//! [S3]. The records carry no context.
//!
//! [S3]: https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::parse::json::Object;
use super::parse::time;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;

pub(super) static SOURCE: Source = Source {
    name: "s3",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:s3", |record| record.object("s3").is_some_and(|s3| s3.has("bucket")))
    }),
    read,
};

fn read(trigger: &mut Trigger, event: &Event<'_>, _: &Config) -> Option<()> {
    let records = &event.records;
    let bucket = common(records.iter().map(|record| record.object("s3")?.object("bucket")?.text("name")));
    let operation = common(records.iter().map(|record| record.text("eventName").map(|name| operation(&name))));
    trigger.set_some(semconv::AWS_S3_BUCKET, bucket.clone().map(String::from));
    trigger.set_some(semconv::FAAS_DOCUMENT_COLLECTION, bucket.map(String::from));
    trigger.set_some(semconv::FAAS_DOCUMENT_OPERATION, operation.flatten());
    trigger.deliver(records.iter().map(message));
    Some(())
}

/// Returns the conventions' word for a change.
fn operation(event_name: &str) -> Option<&'static str> {
    match event_name.split(':').next()? {
        "ObjectCreated" => Some("insert"),
        "ObjectRemoved" | "LifecycleExpiration" => Some("delete"),
        "ObjectTagging" | "ObjectAcl" | "ObjectRestore" => Some("edit"),
        _ => None,
    }
}

fn message(record: &Object<'_>) -> Message {
    let object = record.object("s3").and_then(|s3| s3.object("object"));
    let time = record.text("eventTime");
    let mut attributes = Vec::with_capacity(3);
    add_key(&mut attributes, object.and_then(|object| object.text("key")).as_deref());
    let sent_at = time.as_deref().and_then(time::from_rfc3339);
    attributes.extend(time.map(|time| (semconv::FAAS_DOCUMENT_TIME, time.into_owned().into())));
    Message { attributes, sent_at, ..Message::default() }
}

/// Adds the attributes with an encoded key.
pub(super) fn add_key(attributes: &mut Attributes, key: Option<&str>) {
    if let Some(key) = key.map(decode) {
        attributes.push((semconv::AWS_S3_KEY, key.clone().into()));
        attributes.push((semconv::FAAS_DOCUMENT_NAME, key.into()));
    }
}

/// Decodes a key. S3 encodes keys as in an HTML form: `Happy+Face%2Ejpg`.
pub(super) fn decode(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        let (byte, used) = match (byte, escaped) {
            (b'%', Some(escaped)) => (escaped, 2),
            (b'+', _) => (b' ', 0),
            _ => (byte, 0),
        };
        bytes.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_decoded() {
        for (key, decoded) in [("Happy%20Face+2.jpg", "Happy Face 2.jpg"), ("a%2", "a%2"), ("%C3%A9%zz", "é%zz")] {
            assert_eq!(decode(key), decoded);
        }
    }

    proptest! {
        #[test]
        fn any_key_is_decoded_without_panic(key in "[%+0-9a-g]*|\\PC*") {
            decode(&key);
        }
    }
}
