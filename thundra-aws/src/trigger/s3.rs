//! [S3]. The records carry no context.
//!
//! [S3]: https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::parse::json::Object;
use super::parse::s3_object::S3Object;
use super::parse::{changes, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;
use crate::hops::Changes;

pub(super) static SOURCE: Source = Source {
    name: "s3",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:s3", |record| record.object("s3").is_some_and(|s3| s3.has("bucket")))
    }),
    read,
};

/// The test event, sent by S3 when notifications of a bucket are set up.
pub(super) static TEST: Source = Source {
    name: "s3_test",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| event.members.text("Event").is_some_and(|name| name == "s3:TestEvent")),
    read: |trigger, event, _| {
        trigger.set_some(semconv::AWS_S3_BUCKET, event.members.text("Bucket").map(String::from));
        Some(())
    },
};

fn read(trigger: &mut Trigger, event: &Event<'_>, _: &Config) -> Option<()> {
    let records = &event.records;
    let bucket = common(records.iter().map(|record| record.object("s3")?.object("bucket")?.text("name")));
    let operation = common(records.iter().map(|record| record.text("eventName").map(|name| operation(&name))));
    trigger.set_some(semconv::AWS_S3_BUCKET, bucket.clone().map(String::from));
    trigger.set_some(semconv::FAAS_DOCUMENT_COLLECTION, bucket.map(String::from));
    trigger.set_some(semconv::FAAS_DOCUMENT_OPERATION, operation.flatten());
    trigger.deliver(records.iter().enumerate().map(|(before, record)| message(record, before)));
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

fn message(record: &Object<'_>, before: usize) -> Message {
    let time = record.text("eventTime");
    let mut attributes = Vec::with_capacity(3);
    add_key(&mut attributes, S3Object::of_record(record).key);
    let sent_at = time.as_deref().and_then(time::from_rfc3339);
    attributes.extend(time.map(|time| (semconv::FAAS_DOCUMENT_TIME, time.into_owned().into())));
    let mut changes = Changes::default();
    changes::add_record(record, before, &mut changes);
    Message { attributes, sent_at, changes, ..Message::default() }
}

/// Adds the attributes with a key.
pub(super) fn add_key(attributes: &mut Attributes, key: Option<String>) {
    if let Some(key) = key {
        attributes.push((semconv::AWS_S3_KEY, key.clone().into()));
        attributes.push((semconv::FAAS_DOCUMENT_NAME, key.into()));
    }
}
