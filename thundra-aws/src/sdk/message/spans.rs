//! A span for each message of a batch, with `THUNDRA_MESSAGE_SPANS=create`.
//!
//! ```text
//! SNS.PublishBatch [client]     … with a link to each message span
//! ├ create orders [producer]    … sender of the first message
//! └ create orders [producer]    … sender of the second message
//! ```
//!
//! [Injection](super) has written the context of the call into the messages, up to the limits. The context of the
//! message span has the same length, and replaces the context of the call. A message from another sender does not
//! change, and the call gets a link to the sender.

use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_types::Blob;
use thundra_core::propagation::{Inbound, Outbound, Propagators, Trust, format_traceparent, parse_traceparent};
use thundra_core::{NO_ATTRIBUTES, SpanExt, SpanKind, TraceContext, Value, semconv};
use tracing::Span;

use crate::payload;

/// A place in a message for the name of the sender.
pub(crate) enum Place<'a> {
    /// The value of an attribute or a trace header.
    Text(&'a mut String),
    /// A JSON object, with or without a `__context__` member.
    Json(&'a mut String),
    Data(&'a mut Blob),
}

/// Visits the messages of a batch, each as a list of places.
pub(crate) type EachInBatch = fn(&mut Input, &mut dyn FnMut(Vec<Place<'_>>));

/// The headers of a sending span.
struct Sender {
    traceparent: String,
    xray: Option<String>,
}

/// Creates a span for each message with the call as the sender. Returns the number of spans.
///
/// `each_in_batch` visits the messages of the input. `attributes` belong to the call.
pub(crate) fn create(
    input: &mut Input,
    each_in_batch: EachInBatch,
    call: &Span,
    outbound: &Outbound,
    attributes: &[(&'static str, Value)],
) -> usize {
    let ours = Sender::of(outbound.clone(), outbound.context.clone());
    let mut count = 0;
    let mut rename = |mut message: Vec<Place<'_>>| {
        if let Some(theirs) = message.iter().find_map(|place| place.another(&ours)) {
            return call.add_link(&theirs, NO_ATTRIBUTES);
        }
        if !message.iter().any(|place| place.names(&ours)) {
            return;
        }
        let Some(context) = span(call, attributes).trace_context() else { return };
        let its_own = Sender::of(outbound.clone(), context.clone());
        message.iter_mut().for_each(|place| place.rename(&ours, &its_own));
        call.add_link(&context, NO_ATTRIBUTES);
        count += 1;
    };
    each_in_batch(input, &mut rename);
    count
}

fn span(call: &Span, attributes: &[(&'static str, Value)]) -> Span {
    let of_call = |key| attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| value);
    let span = tracing::info_span!(
        target: "thundra_aws",
        parent: call,
        "create",
        otel.kind = SpanKind::Producer.as_str(),
        otel.name = tracing::field::Empty,
        { semconv::MESSAGING_OPERATION_NAME } = "create",
        { semconv::MESSAGING_OPERATION_TYPE } = "create",
    );
    if let Some(destination) = of_call(semconv::MESSAGING_DESTINATION_NAME) {
        span.record("otel.name", format_args!("create {destination}"));
    }
    for key in [semconv::MESSAGING_SYSTEM, semconv::MESSAGING_DESTINATION_NAME] {
        if let Some(value) = of_call(key) {
            span.set_attribute(key, value.clone());
        }
    }
    span
}

impl Place<'_> {
    fn names(&self, sender: &Sender) -> bool {
        match self {
            Place::Text(text) => sender.is(text),
            Place::Json(json) => sender.is_in(json.as_bytes()).is_some(),
            Place::Data(data) => sender.is_in(data.as_ref()).is_some(),
        }
    }

    /// Returns another sender than the call, if the caller named a sender here.
    fn another(&self, ours: &Sender) -> Option<TraceContext> {
        match self {
            Place::Text(text) if ours.is(text) => None,
            // A receiver reads an X-Ray header only if there is nothing else.
            Place::Text(text) => parse_traceparent(text),
            Place::Json(json) => ours.another_in(json.as_bytes()),
            Place::Data(data) => ours.another_in(data.as_ref()),
        }
    }

    fn rename(&mut self, from: &Sender, to: &Sender) {
        match self {
            Place::Text(text) if **text == from.traceparent => text.clone_from(&to.traceparent),
            Place::Text(text) if from.is(text) => text.clone_from(to.xray.as_ref().unwrap_or(&to.traceparent)),
            Place::Text(_) => {}
            Place::Json(json) => {
                if let Some(written) = from.replaced(json.as_bytes(), to).and_then(|json| String::from_utf8(json).ok())
                {
                    **json = written;
                }
            }
            Place::Data(data) => {
                if let Some(written) = from.replaced(data.as_ref(), to) {
                    **data = Blob::new(written);
                }
            }
        }
    }
}

impl Sender {
    fn of(mut outbound: Outbound, context: TraceContext) -> Self {
        outbound.context = context;
        Sender { traceparent: format_traceparent(&outbound.context), xray: outbound.xray_header() }
    }

    fn is(&self, text: &str) -> bool {
        text == self.traceparent || Some(text) == self.xray.as_deref()
    }

    /// Returns the `__context__` of a JSON object with this sender.
    fn is_in<'p>(&self, json: &'p [u8]) -> Option<payload::Member<'p>> {
        payload::find(json).filter(|member| member.json.contains(&self.traceparent))
    }

    /// Returns another sender from the `__context__` of a JSON object.
    fn another_in(&self, json: &[u8]) -> Option<TraceContext> {
        let member = payload::find(json).filter(|member| !member.json.contains(&self.traceparent))?;
        let pairs = payload::pairs(member.json);
        let pairs = pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref()));
        Inbound::extract(pairs, Propagators::default(), Trust::Full).parent
    }

    /// Returns the JSON object with another sender in the `__context__`.
    fn replaced(&self, json: &[u8], by: &Sender) -> Option<Vec<u8>> {
        let member = self.is_in(json)?;
        let context = member.json.replace(&self.traceparent, &by.traceparent);
        let (before, after) = (json.get(..member.value.start)?, json.get(member.value.end..)?);
        Some([before, context.as_bytes(), after].concat())
    }
}
