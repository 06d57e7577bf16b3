//! DynamoDB streams: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>.
//!
//! An item may carry a context as an attribute, a map of typed values; a removed item has none.

use thundra_core::propagation::PAYLOAD_CONTEXT;
use thundra_core::semconv;

use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::time;
use super::{Message, Source, Trigger, common, message_id, resource_in_arn};

pub(super) fn trigger(records: &[Object<'_>], extractor: Extractor<'_>) -> Trigger {
    let arn = common(records.iter().map(|record| record.text("eventSourceARN")));
    let table = arn.as_deref().and_then(|arn| resource_in_arn(arn, "table")).map(str::to_owned);
    let operation = common(records.iter().map(|record| record.text("eventName").map(|name| operation(&name))));
    let mut trigger = Trigger::new(Source::DynamoDb, "datasource");
    trigger.set_some(semconv::AWS_DYNAMODB_TABLE_NAMES, table.clone().map(|table| vec![table]));
    trigger.set_some(semconv::FAAS_DOCUMENT_COLLECTION, table);
    trigger.set_some(semconv::FAAS_DOCUMENT_OPERATION, operation.flatten());
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    trigger.batch_of(records.iter().map(|record| read(record, &extractor)).collect())
}

/// The conventions' word for a change.
fn operation(event_name: &str) -> Option<&'static str> {
    match event_name {
        "INSERT" => Some("insert"),
        "MODIFY" => Some("edit"),
        "REMOVE" => Some("delete"),
        _ => None,
    }
}

fn read(record: &Object<'_>, extractor: &Extractor<'_>) -> Message {
    let Some(change) = record.object("dynamodb") else { return Message::default() };
    let context = change.object("NewImage").and_then(|image| image.object(PAYLOAD_CONTEXT)?.object("M"));
    Message {
        inbound: context.map(|map| extractor.extract_owned(&pairs(&map))).unwrap_or_default(),
        attributes: Vec::from_iter(message_id(change.text("SequenceNumber"))),
        sent_at: change.number("ApproximateCreationDateTime").and_then(time::from_seconds),
        received_context: None,
    }
}

/// `{"key": {"S": "text"}, "other": {"N": "1"}}` as pairs.
fn pairs(map: &Object<'_>) -> Vec<(String, String)> {
    let value = |typed| {
        let typed = Object::parse(typed)?;
        typed.text("S").or_else(|| typed.text("N")).map(String::from)
    };
    map.members().filter_map(|(key, typed)| Some((key.to_owned(), value(typed)?))).collect()
}
