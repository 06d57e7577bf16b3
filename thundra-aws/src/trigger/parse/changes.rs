//! The changes of S3 objects in an event of S3: alone, by SNS, SQS or EventBridge, or in a record of a failed
//! invocation.
//!
//! A message with a context is searched too, because the events of S3 carry no context.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::json::{self, Object};
use super::s3_object::S3Object;
use crate::hops::change::{self, MAX_POINTERS};
use crate::hops::{Change, Changes};

/// The limit of nesting, of objects and of texts with objects. Deeper than anyone builds, and a crafted body must not
/// cost more.
const MAX_DEPTH: usize = 12;
/// The sources of S3's records and of S3's events on EventBridge. A text without either name describes no object.
const NAMES: [&str; 2] = ["aws:s3", "aws.s3"];
/// The searchers for the names, made once. Making a searcher costs more than searching a short text.
static FINDERS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| NAMES.map(Finder::new));
/// The members with a message within a message, as a JSON object or as JSON text.
const INSIDE: [&str; 8] = ["Sns", "Message", "body", "detail", "Data", "data", "requestPayload", "Payload"];

/// Returns the changes in the JSON text of a message, or of a string with JSON text.
pub(crate) fn of_message(json: &str) -> Changes {
    let mut changes = Changes::default();
    if change::is_on() {
        add(json, 0, &mut changes);
    }
    changes
}

/// Returns the changes in an event of EventBridge.
pub(crate) fn of_event(event: &Object<'_>) -> Changes {
    let mut changes = Changes::default();
    if change::is_on() {
        add_object(event, 0, &mut changes);
    }
    changes
}

/// Adds the change in a record of S3, after `before` changes of the event.
pub(crate) fn add_record(record: &Object<'_>, before: usize, changes: &mut Changes) {
    if !change::is_on() {
        return;
    }
    let is_created = record.text("eventName").is_some_and(|name| name.contains("ObjectCreated:"));
    if before < MAX_POINTERS {
        changes.extend(of_object(&S3Object::of_record(record), is_created));
    } else if is_created {
        changes.add_further();
    }
}

fn of_object(object: &S3Object<'_>, is_created: bool) -> Option<Change> {
    let created = object.key.as_deref().zip(object.etag.as_deref()).filter(|_| is_created);
    Change::of_object(object.bucket.as_deref()?, created)
}

fn add(json: &str, depth: usize, changes: &mut Changes) {
    if depth >= MAX_DEPTH || !FINDERS.iter().any(|finder| finder.find(json.as_bytes()).is_some()) {
        return;
    }
    if json.starts_with('"') {
        if let Some(text) = json::text(json) {
            add(&text, depth + 1, changes);
        }
        return;
    }
    if let Some(object) = Object::parse(json) {
        add_object(&object, depth, changes);
    }
}

fn add_object(object: &Object<'_>, depth: usize, changes: &mut Changes) {
    if object.text("eventSource").is_some_and(|source| source == NAMES[0]) {
        add_record(object, changes.described(), changes);
    } else if object.text("source").is_some_and(|source| source == NAMES[1]) {
        let is_created = object.text("detail-type").is_some_and(|kind| kind == "Object Created");
        let detail = object.object("detail");
        changes.extend(detail.and_then(|detail| of_object(&S3Object::of_detail(&detail), is_created)));
    } else {
        object.array("Records").into_iter().for_each(|record| add(record, depth + 1, changes));
        INSIDE.iter().filter_map(|name| object.raw(name)).for_each(|inside| add(inside, depth + 1, changes));
    }
}

#[cfg(all(test, feature = "span-pointers"))]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn record(name: &str, bucket: &str, key: &str) -> Json {
        json!({"eventSource": "aws:s3", "eventName": name,
            "s3": {"bucket": {"name": bucket}, "object": {"key": key, "eTag": "ab12ef34"}}})
    }

    fn notification(message: &Json) -> Json {
        json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": message.to_string(),
            "MessageAttributes": {"traceparent": {"Type": "String", "Value": "00-1-2-01"}}})
    }

    #[test]
    fn the_events_of_s3_are_found_however_they_came() {
        let event = json!({"Records": [record("ObjectCreated:Put", "some-bucket", "some-key.data")]});
        let bridge = json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {
            "bucket": {"name": "some-bucket"}, "object": {"key": "some-key.data", "etag": "ab12ef34"}}});
        let expected = Change::of_object("some-bucket", Some(("some-key.data", "ab12ef34")));
        let sqs = |body: &Json| json!({"Records": [{"eventSource": "aws:sqs", "body": body.to_string()}]});
        for (message, why) in [
            (event.clone(), "alone"),
            (json!(event.to_string()), "as a text"),
            (notification(&event), "by SNS"),
            (json!({"Records": [{"EventSource": "aws:sns", "Sns": notification(&event)}]}), "of a failed invocation"),
            (sqs(&notification(&event)), "by SNS and SQS"),
            (bridge.clone(), "by EventBridge"),
            (notification(&bridge), "by EventBridge and SNS"),
            (json!({"requestContext": {}, "requestPayload": event}), "to a destination"),
            (json!({"detail-type": "t", "source": "mine", "detail": event}), "sent on"),
        ] {
            assert_eq!(of_message(&message.to_string()), Changes::from_iter(expected.clone()), "{why}");
        }
    }

    #[test]
    fn only_created_objects_have_a_pointer() {
        let bucket = |created| Change::of_object("b", created);
        let several = json!({"Records": [record("ObjectCreated:Put", "b", "a+b%2F%C3%A9"), record("ObjectRemoved:Delete", "b", "a")]});
        let deleted = json!({"source": "aws.s3", "detail-type": "Object Deleted", "detail": {"bucket": {"name": "b"}, "object": {"key": "a", "etag": "e"}}});
        let encoded = json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": "a+b", "etag": "ab12ef34"}}});
        for (message, expected, why) in [
            (several, vec![bucket(Some(("a b/é", "ab12ef34"))), bucket(None)], "all records, with decoded keys"),
            (deleted, vec![bucket(None)], "a deletion"),
            (encoded, vec![bucket(Some(("a+b", "ab12ef34")))], "EventBridge does not encode keys"),
            (json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}), vec![], "a test event"),
            (json!({"a": "aws:s3"}), vec![], "a text"),
            (json!({"eventSource": "aws:s3", "s3": 7}), vec![], "nonsense"),
            (json!(["aws:s3"]), vec![], "a list"),
        ] {
            let expected: Changes = expected.into_iter().flatten().collect();
            assert_eq!(of_message(&message.to_string()), expected, "{why}");
        }
        let deep =
            (0..9).fold(json!({"Records": [record("ObjectCreated:Put", "b", "a")]}), |inside, _| notification(&inside));
        assert_eq!(of_message(&deep.to_string()), Changes::default(), "too deep");
    }

    proptest! {
        #[test]
        fn any_text_is_searched_without_panic(text in "(\\{\"Records\"|\\{\"body\":aws:s3)?[{}\":,a]*|\\PC*") {
            of_message(&format!("aws:s3{text}"));
            of_message(&text);
        }
    }
}
