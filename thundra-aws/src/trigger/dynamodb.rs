//! [Streams of DynamoDB].
//!
//! An item may carry a context as an attribute, a map of typed values. A removed item has none.
//!
//! [Streams of DynamoDB]: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

use thundra_core::propagation::PAYLOAD_CONTEXT;
use thundra_core::{Config, semconv};

use super::event::{Event, is_record};
use super::message::message_id;
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::{arn, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};

pub(super) static SOURCE: Source = Source {
    name: "dynamodb",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Records(|record| {
        is_record(record, "aws:dynamodb", |record| record.object("dynamodb").is_some_and(|change| change.has("Keys")))
    }),
    read,
};

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let records = &event.records;
    let stream = common(records.iter().map(|record| record.text("eventSourceARN")));
    let table = stream.as_deref().and_then(|stream| arn::resource(stream, "table")).map(str::to_owned);
    let operation = common(records.iter().map(|record| record.text("eventName").map(|name| operation(&name))));
    trigger.set_some(semconv::AWS_DYNAMODB_TABLE_NAMES, table.clone().map(|table| vec![table]));
    trigger.set_some(semconv::FAAS_DOCUMENT_COLLECTION, table);
    trigger.set_some(semconv::FAAS_DOCUMENT_OPERATION, operation.flatten());
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config);
    trigger.deliver(records.iter().map(|record| message(record, &extractor)));
    Some(())
}

/// Returns the conventions' word for a change.
fn operation(event_name: &str) -> Option<&'static str> {
    match event_name {
        "INSERT" => Some("insert"),
        "MODIFY" => Some("edit"),
        "REMOVE" => Some("delete"),
        _ => None,
    }
}

fn message(record: &Object<'_>, extractor: &Extractor<'_>) -> Message {
    let Some(change) = record.object("dynamodb") else { return Message::default() };
    let context = change.object("NewImage").and_then(|image| image.object(PAYLOAD_CONTEXT)?.object("M"));
    Message {
        inbound: context.map(|map| extractor.extract_owned(&pairs(&map))).unwrap_or_default(),
        attributes: Vec::from_iter(message_id(change.text("SequenceNumber"))),
        sent_at: change.number("ApproximateCreationDateTime").and_then(time::from_seconds),
        ..Message::default()
    }
}

/// Returns the texts and numbers of a map: `{"key": {"S": "text"}, "other": {"N": "1"}}`.
fn pairs(map: &Object<'_>) -> Vec<(String, String)> {
    let value = |typed| {
        let typed = Object::parse(typed)?;
        typed.text("S").or_else(|| typed.text("N")).map(String::from)
    };
    map.members().filter_map(|(key, typed)| Some((key.to_owned(), value(typed)?))).collect()
}
