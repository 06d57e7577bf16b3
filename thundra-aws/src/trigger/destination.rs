//! [Destinations] of Lambda, with a record of each finished asynchronous invocation.
//!
//! The record repeats the request of the invocation. The sender's context is in the request, whatever the source of the
//! request.
//!
//! [Destinations]: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

use thundra_core::{Config, semconv};

use super::event::Event;
use super::parse::{envelope, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger};

pub(super) static SOURCE: Source = Source {
    name: "destination",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        event.members.has("requestPayload")
            && event.request_context().is_some_and(|invocation| invocation.has("condition"))
    }),
    read,
};

/// The attributes of the finished invocation.
const ATTRIBUTES: [(&str, &str); 3] = [
    (semconv::AWS_LAMBDA_DESTINATION_CONDITION, "condition"),
    (semconv::AWS_LAMBDA_DESTINATION_FUNCTION_ARN, "functionArn"),
    (semconv::AWS_LAMBDA_DESTINATION_REQUEST_ID, "requestId"),
];

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let invocation = event.request_context()?;
    for (key, name) in ATTRIBUTES {
        trigger.set_some(key, invocation.text(name).map(String::from));
    }
    let sent_at = event.members.text("timestamp").and_then(|time| time::from_rfc3339(&time));
    let opened = envelope::open(event.text, &trigger.extractor(config)).unwrap_or_default();
    trigger.context_ranges.extend(opened.range.clone());
    trigger.deliver([Message { sent_at, ..opened.into() }]);
    Some(())
}
