//! [Streams of DynamoDB].
//!
//! An item may carry a context as an attribute. A removed item gives no context: the context in the old image comes
//! from the program that wrote the item.
//!
//! [Streams of DynamoDB]: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::message::message_id;
use super::parse::extract::Extractor;
#[cfg_attr(not(feature = "batch"), allow(unused_imports))]
pub(crate) use super::parse::image::ImageContext;
use super::parse::json::Object;
use super::parse::{arn, base64, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;
use crate::hops::{Change, Changes, change, number};

pub(super) static SOURCE: Source = Source {
    name: "dynamodb",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: cfg!(feature = "dynamodb"),
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:dynamodb", |record| record.object("dynamodb").is_some_and(|change| change.has("Keys")))
    }),
    read,
};

/// The end of a window without records.
pub(super) static WINDOW: Source = Source {
    name: "dynamodb_window",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| event.is_end_of_window("dynamodb")),
    read,
};

/// Returns the attributes of a span for the processing of changes to a table, by the conventions' word for the change.
pub(crate) fn process(table: Option<&str>, operation: Option<&'static str>) -> Attributes {
    let mut attributes = Vec::with_capacity(8);
    if let Some(table) = table {
        attributes.push((semconv::AWS_DYNAMODB_TABLE_NAMES, vec![table.to_owned()].into()));
        attributes.push((semconv::FAAS_DOCUMENT_COLLECTION, table.to_owned().into()));
    }
    attributes.extend(operation.map(|operation| (semconv::FAAS_DOCUMENT_OPERATION, operation.into())));
    attributes
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let records = &event.records;
    let stream = common(records.iter().map(|record| record.text("eventSourceARN")));
    let stream = stream.or_else(|| event.members.text("eventSourceARN"));
    let operation = common(records.iter().map(|record| record.text("eventName").map(|name| operation(&name))));
    trigger.set_all(process(stream.as_deref().and_then(table), operation.flatten()));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config).of_messages(records.len());
    let message = |(before, record)| DynamoDbRecord::of(record, before).map(|record| record.read(&extractor));
    trigger.deliver(records.iter().enumerate().map(|numbered| message(numbered).unwrap_or_default()));
    Some(())
}

/// Returns the table of a stream.
pub(crate) fn table(stream_arn: &str) -> Option<&str> {
    arn::resource(stream_arn, "table")
}

/// Returns the conventions' word for a change.
pub(crate) fn operation(event_name: &str) -> Option<&'static str> {
    match event_name {
        "INSERT" => Some("insert"),
        "MODIFY" => Some("edit"),
        "REMOVE" => Some("delete"),
        _ => None,
    }
}

/// A record of a stream as JSON, or as the type of an event.
#[derive(Debug, Default)]
pub(crate) struct DynamoDbRecord<'a> {
    /// `SequenceNumber`, else `eventID`.
    pub(crate) id: Option<Cow<'a, str>>,
    /// `ApproximateCreationDateTime`
    pub(crate) created_at: Option<SystemTime>,
    /// `userIdentity.principalId`, of changes by a service alone.
    pub(crate) principal: Option<Cow<'a, str>>,
    /// The change of the item.
    pub(crate) changes: Changes,
    /// The texts and numbers of the `__context__` in the new image.
    pub(crate) context: ImageContext<'a>,
}

impl<'a> DynamoDbRecord<'a> {
    /// Reads a record, after `before` records of the event. `None` for a record without a change.
    pub(crate) fn of(record: &Object<'a>, before: usize) -> Option<Self> {
        let changed = record.object("dynamodb")?;
        let principal = record.object("userIdentity").and_then(|identity| identity.text("principalId"));
        let item = || {
            let (arn, keys) = (record.text("eventSourceARN")?, changed.object("Keys")?);
            item_change(table(&arn)?, &key_values_of(&keys, |_| true))
        };
        let mut changes = Changes::default();
        if change::is_on() {
            match before {
                0..change::MAX_POINTERS => changes.extend(item()),
                _ => changes.add_further(),
            }
        }
        Some(DynamoDbRecord {
            changes,
            id: changed.text("SequenceNumber").or_else(|| record.text("eventID")),
            created_at: changed.time("ApproximateCreationDateTime").and_then(time::from_seconds),
            principal,
            context: ImageContext::of_change(&changed),
        })
    }

    /// Reads the context and the ids of the record.
    pub(crate) fn read(self, extractor: &Extractor<'_>) -> Message {
        let mut attributes = Vec::with_capacity(2);
        attributes.extend(message_id(self.id));
        let principal = self.principal.map(|principal| principal.into_owned().into());
        attributes.extend(principal.map(|principal| (semconv::AWS_DYNAMODB_PRINCIPAL_ID, principal)));
        let inbound = extractor.extract(&self.context);
        Message { inbound, attributes, sent_at: self.created_at, changes: self.changes, ..Message::default() }
    }
}

/// Returns the change of an item, and learns the key of the table.
pub(crate) fn item_change(table: &str, key: &[(Cow<'_, str>, Cow<'_, [u8]>)]) -> Option<Change> {
    #[cfg(feature = "sdk")]
    crate::hops::key_names::learn(table, key);
    Change::of_item(table, key)
}

/// Returns the possible values of a primary key from a map of typed values, by name. A number has the form written by
/// DynamoDB, and a binary value is decoded.
#[cfg_attr(not(feature = "sdk"), allow(dead_code))]
pub(crate) fn key_values<'a>(map: &'a str, is_wanted: impl Fn(&str) -> bool) -> Vec<(Cow<'a, str>, Cow<'a, [u8]>)> {
    Object::parse(map).map(|map| key_values_of(&map, is_wanted)).unwrap_or_default()
}

fn key_values_of<'a>(map: &Object<'a>, is_wanted: impl Fn(&str) -> bool) -> Vec<(Cow<'a, str>, Cow<'a, [u8]>)> {
    let wanted = map.all_members().filter(|member| is_wanted(&member.key()));
    wanted.filter_map(|member| Some((member.key(), key(&member.object()?)?))).collect()
}

fn key<'a>(typed: &Object<'a>) -> Option<Cow<'a, [u8]>> {
    let bytes = |text| match text {
        Cow::Borrowed(text) => Cow::Borrowed(str::as_bytes(text)),
        Cow::Owned(text) => Cow::Owned(String::into_bytes(text)),
    };
    let text = typed.text("S").or_else(|| typed.text("N").map(number::as_written)).map(bytes);
    text.or_else(|| base64::decode(&typed.text("B")?).map(Cow::Owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_an_item_are_read() {
        let item =
            r#"{"id":{"S":"o-9"},"at":{"N":"1.50"},"hash":{"B":"AAEC"},"odd":{"BOOL":true},"no":7,"not":{"S":""}}"#;
        let keys = key_values(item, |name| name != "not");
        let expected: [(Cow<'_, str>, Cow<'_, [u8]>); 3] =
            [("id".into(), b"o-9"[..].into()), ("at".into(), b"1.5"[..].into()), ("hash".into(), [0, 1, 2][..].into())];
        assert_eq!(keys, expected);
    }
}
