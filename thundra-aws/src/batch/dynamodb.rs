//! Records of DynamoDB streams.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Serialize, Serializer};
use serde_dynamo::{AttributeValue, Item};
use serde_json::value::RawValue;
use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::record::Delivery;
use super::source::{BatchSource, Order, reported};
use super::{BatchEvent, Takes};
use crate::hops::change::is_on;
use crate::trigger::Extractor;
use crate::trigger::dynamodb::{DynamoDbRecord, ImageContext, item_change, operation, process, table};

impl BatchEvent for Event {
    type Record = EventRecord;
    type Response = DynamoDbEventResponse;

    type Header = ();
    type Id = String;
    type Output = ();

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| ((), event.records),
        order: |_| Order::Stream,
        group: |record, _| serde_json::to_string(&Plain(&record.change.keys)).ok(),
        name: |record| Some(&record.event_id),
        id: |record| record.change.sequence_number.clone().unwrap_or_default(),
        read,
        payload: |record| {
            // A removed item has no new image, and neither has a stream with the view type KEYS_ONLY or OLD_IMAGE.
            let image = &record.change.new_image;
            let json = (!image.is_empty()).then(|| serde_json::to_vec(&Plain(image))).transpose();
            json.map(|json| json.map(Cow::Owned)).map_err(|_| "the image is no JSON")
        },
        respond: |(), records| {
            let mut response = DynamoDbEventResponse::default();
            response.batch_item_failures = reported(records).map(failure).collect();
            response
        },
    };
}

impl<R> Takes<R> for Event {
    fn output(_: R) {}
}

fn failure(sequence_number: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    failure
}

fn read((): &(), record: &EventRecord, extractor: Extractor<'_>) -> Delivery {
    let table = record.event_source_arn.as_deref().and_then(table);
    let change = &record.change;
    let created_at = SystemTime::from(change.approximate_creation_date_time);
    let context = match change.new_image.get(PAYLOAD_CONTEXT) {
        Some(AttributeValue::M(context)) => ImageContext::Texts(context.iter().filter_map(pair).collect()),
        _ => ImageContext::default(),
    };
    let item = table.filter(|_| is_on()).and_then(|table| item_change(table, &key_values(&change.keys)));
    let message = DynamoDbRecord {
        id: Some(Cow::Borrowed(change.sequence_number.as_deref().unwrap_or(&record.event_id))),
        // A record without a time has the begin of 1970.
        created_at: (created_at > SystemTime::UNIX_EPOCH).then_some(created_at),
        principal: record.user_identity.as_ref().map(|identity| Cow::Borrowed(identity.principal_id.as_str())),
        changes: item.into_iter().collect(),
        context,
    };
    Delivery::new(table, process(table, operation(&record.event_name)), message.read(&extractor))
}

/// Returns a text or a number of a context.
fn pair<'a>((key, value): (&'a String, &'a AttributeValue)) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some((key.into(), text.into())),
        _ => None,
    }
}

/// Returns the values of a primary key, by name.
fn key_values(keys: &Item) -> Vec<(Cow<'_, str>, Cow<'_, [u8]>)> {
    let bytes = keys.iter().filter_map(|(name, value)| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some((name, text.as_bytes())),
        AttributeValue::B(bytes) => Some((name, bytes.as_slice())),
        _ => None,
    });
    bytes.map(|(name, bytes)| (name.into(), bytes.into())).collect()
}

/// An item as plain JSON: `{"id": 7}` for `{"id": {"N": "7"}}`, in the order of the names, without the context. Binary
/// values are base64. A number keeps all digits.
struct Plain<'a>(&'a Item);

struct PlainValue<'a>(&'a AttributeValue);

/// Returns `true` for a map, the form of ids. Any other value of the name belongs to the user.
fn is_context((name, value): &(&String, &AttributeValue)) -> bool {
    *name == PAYLOAD_CONTEXT && matches!(value, AttributeValue::M(_))
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes: BTreeMap<_, _> = self.0.iter().filter(|attribute| !is_context(attribute)).collect();
        serializer.collect_map(attributes.into_iter().map(|(name, value)| (name, PlainValue(value))))
    }
}

impl Serialize for PlainValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let base64 = |bytes: &Vec<u8>| BASE64_STANDARD.encode(bytes);
        match self.0 {
            AttributeValue::N(number) => Number(number).serialize(serializer),
            AttributeValue::S(text) => serializer.serialize_str(text),
            AttributeValue::Bool(value) => serializer.serialize_bool(*value),
            AttributeValue::B(bytes) => serializer.serialize_str(&base64(bytes)),
            AttributeValue::Null(_) => serializer.serialize_unit(),
            AttributeValue::M(map) => {
                let sorted: BTreeMap<_, _> = map.iter().collect();
                serializer.collect_map(sorted.into_iter().map(|(name, value)| (name, PlainValue(value))))
            }
            AttributeValue::L(values) => serializer.collect_seq(values.iter().map(PlainValue)),
            AttributeValue::Ss(texts) => serializer.collect_seq(texts),
            AttributeValue::Ns(numbers) => serializer.collect_seq(numbers.iter().map(|number| Number(number))),
            AttributeValue::Bs(values) => serializer.collect_seq(values.iter().map(base64)),
        }
    }
}

struct Number<'a>(&'a str);

impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(self.0) {
            Ok(number) => number.serialize(serializer),
            Err(_) => serializer.serialize_str(self.0),
        }
    }
}
