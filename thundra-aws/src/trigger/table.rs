//! The table of the event sources, and the search for the source of an event.

use std::cell::Cell;

use super::event::Event;
use super::parse::json::Object;
use super::source::{FaasTrigger, Recognise, Source};
use super::{
    READS, cloud_events, destination, direct, documentdb, durable, dynamodb, event_bridge, event_bus, firehose, http,
    iot, kafka, kinesis, kinesis_analytics, mq, s3, s3_batch, s3_object_lambda, schedule, services, sns, sqs,
    step_functions, warmup,
};

/// The event sources. The first row to recognise an event reads the event. Without the feature `triggers`, every event
/// is of the source `other`.
pub(super) static SOURCES: &[&Source] = if READS { ALL } else { &[] };

const ALL: &[&Source] = &[
    // By the records:
    &sns::SOURCE,
    &sqs::SOURCE,
    &kinesis::SOURCE,
    &dynamodb::SOURCE,
    &s3::SOURCE,
    &http::CLOUDFRONT,
    // The record of an invocation, with a `requestContext` too:
    &destination::SOURCE,
    // Requests, the special cases first:
    &http::AUTHORIZER,
    &http::APPSYNC_AUTHORIZER,
    &http::IOT_AUTHORIZER,
    &http::LOAD_BALANCER,
    &http::WEB_SOCKET,
    &http::FUNCTION_URL,
    &http::HTTP_API,
    &http::REST_API,
    &http::REST_API_TEMPLATE,
    &http::LATTICE,
    &http::APPSYNC,
    &http::APPSYNC_EVENTS,
    // By other members:
    &durable::SOURCE,
    &warmup::SOURCE,
    &schedule::SOURCE,
    &event_bridge::SOURCE,
    &event_bus::SOURCE,
    &cloud_events::SOURCE,
    &kinesis::WINDOW,
    &dynamodb::WINDOW,
    &sns::NOTIFICATION,
    &firehose::SOURCE,
    &kinesis_analytics::SOURCE,
    &s3_batch::SOURCE,
    &s3_object_lambda::SOURCE,
    &s3::TEST,
    &kafka::SOURCE,
    &mq::SOURCE,
    &documentdb::SOURCE,
    // Without a context of a sender:
    &services::ALEXA,
    &services::AUTO_SCALING,
    &services::BEDROCK,
    &services::CLIENT_VPN,
    &services::CLOUDFORMATION,
    &services::CLOUDWATCH_ALARM,
    &services::CLOUDWATCH_LOGS,
    &services::CODECOMMIT,
    &services::CODEDEPLOY,
    &services::CODEPIPELINE,
    &services::COGNITO,
    &services::CONFIG,
    &services::CONNECT,
    &services::LEX,
    &services::SECRETS_MANAGER,
    &services::SES,
    // The members of a device's message may look like the members of any other event:
    &iot::SOURCE,
    // By the context object of an execution:
    &step_functions::SOURCE,
    // By the context of another program:
    &direct::SOURCE,
    &direct::LIST,
];

/// The source of all other events.
pub(super) static OTHER: Source = Source {
    name: "other",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|_| true),
    read: |_, _, _| Some(()),
};

/// Reads an event as far as necessary to recognise the source. `None` for anything but a JSON object or a list of known
/// objects.
pub(super) fn recognise(text: &[u8], is_selected: fn(&Source) -> bool) -> Option<(Event<'_>, Option<&'static Source>)> {
    let found = Cell::new(None);
    let find =
        |test: &dyn Fn(&Source) -> bool| SOURCES.iter().copied().find(|source| is_selected(source) && test(source));
    let keep = |source: Option<&'static Source>| {
        found.set(source);
        source.is_some()
    };
    let delivers = |first: &Object<'_>, batch| keep(find(&|source| source.delivers(first, batch)));
    // The first matching row decides about the body. A later row might trust the caller of an incomplete request.
    let needs_no_body = |event: &Event<'_>| {
        let request = find(&|source| source.is_request() && source.recognises(event));
        keep(request.filter(|source| source.needs_no_body(event)))
    };
    let event = Event::parse(text, delivers, needs_no_body)?;
    if found.get().is_none() {
        keep(find(&|source| source.recognises(&event)));
    }
    Some((event, found.get()))
}
