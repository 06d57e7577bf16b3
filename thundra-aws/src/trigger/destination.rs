//! [Destinations] of Lambda, which get a record of an asynchronous invocation that ended.
//!
//! The sender is that of the invocation, so its context is in the request, of whatever source the request was.
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

/// The attributes of the invocation that ended.
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
