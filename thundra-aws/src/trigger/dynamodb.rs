//! [Streams of DynamoDB].
//!
//! An item may carry a context as an attribute, a map of typed values. A removed item has none: the context in its old
//! image is of the program that wrote the item, perhaps long ago, and not of the one that removed it.
//!
//! [Streams of DynamoDB]: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

use std::borrow::Cow;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use thundra_core::propagation::PAYLOAD_CONTEXT;
use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::message::message_id;
use super::parse::extract::Extractor;
use super::parse::json::{self, Object};
use super::parse::{arn, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};
use crate::attributes::Attributes;

pub(super) static SOURCE: Source = Source {
    name: "dynamodb",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: cfg!(feature = "dynamodb"),
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:dynamodb", |record| record.object("dynamodb").is_some_and(|change| change.has("Keys")))
    }),
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
    let operation = common(records.iter().map(|record| record.text("eventName").map(|name| operation(&name))));
    trigger.set_all(process(stream.as_deref().and_then(table), operation.flatten()));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config);
    let message = |record| DynamoDbRecord::of(record).map(|record| record.read(&extractor));
    trigger.deliver(records.iter().map(|record| message(record).unwrap_or_default()));
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
    /// The texts and numbers of the `__context__` in the new image.
    pub(crate) context: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> DynamoDbRecord<'a> {
    /// Reads a record. `None` for a record without a change.
    pub(crate) fn of(record: &Object<'a>) -> Option<Self> {
        let change = record.object("dynamodb")?;
        let principal = record.object("userIdentity").and_then(|identity| identity.text("principalId"));
        // An item may have more attributes than an object keeps members.
        let image = change.raw("NewImage").map(json::members).unwrap_or_default();
        let context = image.into_iter().find(|(name, _)| name == PAYLOAD_CONTEXT);
        let context = context.and_then(|(_, typed)| Object::parse(typed)?.object("M"));
        Some(DynamoDbRecord {
            id: change.text("SequenceNumber").or_else(|| record.text("eventID")),
            created_at: change.number("ApproximateCreationDateTime").and_then(time::from_seconds),
            principal,
            context: context.map(pairs).unwrap_or_default(),
        })
    }

    /// Reads the context and the ids of the record.
    pub(crate) fn read(self, extractor: &Extractor<'_>) -> Message {
        let mut attributes = Vec::from_iter(message_id(self.id));
        let principal = self.principal.map(|principal| principal.into_owned().into());
        attributes.extend(principal.map(|principal| (semconv::AWS_DYNAMODB_PRINCIPAL_ID, principal)));
        let inbound = extractor.extract_owned(&self.context);
        Message { inbound, attributes, sent_at: self.created_at, ..Message::default() }
    }
}

/// Returns the primary key of the item that a record is about, by name. A binary value is decoded.
#[allow(dead_code)] // for the pointers to items
pub(crate) fn keys<'a>(record: &Object<'a>) -> Vec<(Cow<'a, str>, Cow<'a, [u8]>)> {
    let keys = record.object("dynamodb").and_then(|change| change.object("Keys")).unwrap_or_default();
    keys.into_members().filter_map(|(name, typed)| Some((name, key(&Object::parse(typed)?)?))).collect()
}

fn key<'a>(typed: &Object<'a>) -> Option<Cow<'a, [u8]>> {
    let bytes = |text| match text {
        Cow::Borrowed(text) => Cow::Borrowed(str::as_bytes(text)),
        Cow::Owned(text) => Cow::Owned(String::into_bytes(text)),
    };
    let text = typed.text("S").or_else(|| typed.text("N")).map(bytes);
    text.or_else(|| BASE64_STANDARD.decode(&*typed.text("B")?).ok().map(Cow::Owned))
}

/// Returns the texts and numbers of a map: `{"key": {"S": "text"}, "other": {"N": "1"}}`.
fn pairs(map: Object<'_>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let value = |typed| {
        let typed = Object::parse(typed)?;
        typed.text("S").or_else(|| typed.text("N"))
    };
    map.into_members().filter_map(|(key, typed)| Some((key, value(typed)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_an_item_are_read() {
        let record = r#"{"dynamodb":{"Keys":{"id":{"S":"o-9"},"at":{"N":"1.50"},"hash":{"B":"AAEC"},"odd":{"BOOL":true},"no":7}}}"#;
        let keys = keys(&Object::parse(record).unwrap());
        let expected: [(Cow<'_, str>, Cow<'_, [u8]>); 3] = [
            ("id".into(), b"o-9"[..].into()),
            ("at".into(), b"1.50"[..].into()),
            ("hash".into(), [0, 1, 2][..].into()),
        ];
        assert_eq!(keys, expected);
    }
}
