//! [Change streams of DocumentDB]. A document may carry a context as a member.
//!
//! [Change streams of DocumentDB]: https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html

use std::time::SystemTime;

use thundra_core::propagation::PAYLOAD_CONTEXT;
use thundra_core::{Config, semconv};

use super::event::{Event, event_source};
use super::message::message_id;
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::time;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common};

pub(super) static SOURCE: Source = Source {
    name: "documentdb",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| match event_source(&event.members) {
        Some(source) => source == "aws:docdb",
        None => {
            let first = event.members.each_object("events").next().and_then(|change| change.object("event"));
            first.is_some_and(|change| change.has("operationType") && change.has("clusterTime"))
        }
    }),
    read,
};

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let changes: Vec<_> = event.members.objects("events").iter().filter_map(|change| change.object("event")).collect();
    let names: Vec<_> = changes.iter().map(|change| change.object("ns").unwrap_or_default()).collect();
    let database = common(names.iter().map(|names| names.text("db")));
    let collection = common(names.iter().map(|names| names.text("coll")));
    let operation = common(changes.iter().map(|change| change.text("operationType").map(|name| operation(&name))));
    trigger.set_some(semconv::DB_NAMESPACE, database.map(String::from));
    trigger.set_some(semconv::FAAS_DOCUMENT_COLLECTION, collection.map(String::from));
    trigger.set_some(semconv::FAAS_DOCUMENT_OPERATION, operation.flatten());
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, changes.len());
    let extractor = trigger.extractor(config).of_messages(changes.len());
    trigger.deliver(changes.iter().map(|change| message(change, &extractor)));
    Some(())
}

/// Returns the conventions' word for a change of a document. `None` for a dropped or renamed collection.
fn operation(operation_type: &str) -> Option<&'static str> {
    match operation_type {
        "insert" => Some("insert"),
        "update" | "replace" => Some("edit"),
        "delete" => Some("delete"),
        _ => None,
    }
}

fn message(change: &Object<'_>, extractor: &Extractor<'_>) -> Message {
    let mut attributes = Vec::with_capacity(2);
    attributes.extend(message_id(change.object("_id").and_then(|token| token.text("_data"))));
    let key = change.object("documentKey");
    let name = key.and_then(|key| key.text("_id").or_else(|| key.object("_id")?.text("$oid")));
    attributes.extend(name.map(|name| (semconv::FAAS_DOCUMENT_NAME, name.into_owned().into())));
    let inbound = || extractor.extract_json(change.object("fullDocument")?.any_member(PAYLOAD_CONTEXT)?.raw());
    let inbound = inbound().unwrap_or_else(|| extractor.nothing());
    Message { inbound, attributes, sent_at: changed_at(change), ..Message::default() }
}

/// Returns the time of a change on the cluster, in whole seconds.
fn changed_at(change: &Object<'_>) -> Option<SystemTime> {
    change.object("clusterTime")?.object("$timestamp")?.number("t").and_then(time::from_seconds)
}
