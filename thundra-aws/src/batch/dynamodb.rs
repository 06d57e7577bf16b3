//! Records of DynamoDB streams.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::DynamoDbEventResponse;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Serialize, Serializer};
use serde_dynamo::{AttributeValue, Item};
use serde_json::value::RawValue;
use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::record::Delivery;
use super::source::{BatchSource, Order, reported};
use super::{BatchEvent, Takes};
use crate::trigger::Extractor;
use crate::trigger::dynamodb::{DynamoDbRecord, operation, process, table};

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

fn failure(sequence_number: String) -> aws_lambda_events::streams::DynamoDbBatchItemFailure {
    let mut failure = aws_lambda_events::streams::DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    failure
}

fn read((): &(), record: &EventRecord, extractor: Extractor<'_>) -> Delivery {
    let table = record.event_source_arn.as_deref().and_then(table);
    let attributes = process(table, operation(&record.event_name));
    let change = &record.change;
    let created_at = SystemTime::from(change.approximate_creation_date_time);
    let context = match change.new_image.get(PAYLOAD_CONTEXT) {
        Some(AttributeValue::M(context)) => context.iter().filter_map(|(key, value)| Some((key, text(value)?))),
        _ => {
            return Delivery::new(table, attributes, DynamoDbRecord { ..message(record, created_at) }.read(&extractor));
        }
    };
    let context = context.map(|(key, text)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(text))).collect();
    Delivery::new(table, attributes, DynamoDbRecord { context, ..message(record, created_at) }.read(&extractor))
}

fn message(record: &EventRecord, created_at: SystemTime) -> DynamoDbRecord<'_> {
    let id = record.change.sequence_number.as_deref().unwrap_or(&record.event_id);
    DynamoDbRecord {
        id: Some(Cow::Borrowed(id)),
        // A record without a time has the begin of 1970.
        created_at: (created_at > SystemTime::UNIX_EPOCH).then_some(created_at),
        principal: record.user_identity.as_ref().map(|identity| Cow::Borrowed(identity.principal_id.as_str())),
        context: Vec::new(),
    }
}

fn text(value: &AttributeValue) -> Option<&str> {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some(text),
        _ => None,
    }
}

/// An item as plain JSON: `{"id": 7}` for `{"id": {"N": "7"}}`, in the order of the names, without the context. Binary
/// values are base64. A number keeps all its digits.
struct Plain<'a>(&'a Item);

struct PlainValue<'a>(&'a AttributeValue);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes: BTreeMap<_, _> = self.0.iter().filter(|(name, _)| *name != PAYLOAD_CONTEXT).collect();
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
