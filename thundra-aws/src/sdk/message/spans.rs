//! A span for each message of a batch, where `THUNDRA_MESSAGE_SPANS=create` asks for it.
//!
//! ```text
//! SNS.PublishBatch [client]     … links to each of them
//! ├ create orders [producer]    … its context travels in the first message
//! └ create orders [producer]    … and this one's in the second
//! ```
//!
//! The messages have the context of the call already: [`inject`](super) knows what fits. A span's own takes
//! its place, which has as many bytes. A message whose caller named another sender is left alone, and the call is
//! linked to that one.

use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_types::Blob;
use thundra_core::propagation::{Inbound, Outbound, Propagators, Trust, format_traceparent, parse_traceparent};
use thundra_core::{NO_ATTRIBUTES, SpanExt, SpanKind, TraceContext, Value, semconv};
use tracing::Span;

use crate::payload;

/// The places of a message that may name who sent it.
type Message<'a> = Vec<Place<'a>>;
/// What goes through the messages of an operation on batches.
type Visit = fn(&mut Input, &mut dyn FnMut(Message<'_>)) -> Option<()>;

const VISIT: &[Visit] = &[
    #[cfg(feature = "eventbridge")]
    eventbridge,
    #[cfg(feature = "kinesis")]
    kinesis,
    #[cfg(feature = "sns")]
    sns,
    #[cfg(feature = "sqs")]
    sqs,
];

#[cfg_attr(not(all(feature = "eventbridge", feature = "kinesis")), allow(dead_code))]
enum Place<'a> {
    /// The value of an attribute or a trace header.
    Text(&'a mut String),
    /// A JSON object, which may have a `__context__`.
    Json(&'a mut String),
    Data(&'a mut Blob),
}

/// How a sender is spelled.
struct Sender {
    traceparent: String,
    xray: Option<String>,
}

/// Gives each message that names the call a span of its own, and says how many that were.
pub(crate) fn create(input: &mut Input, call: &Span, outbound: &Outbound, about: &[(&'static str, Value)]) -> usize {
    let ours = Sender::of(outbound.clone(), outbound.context.clone());
    let mut count = 0;
    let mut rename = |mut message: Message<'_>| {
        if let Some(theirs) = message.iter().find_map(|place| place.another(&ours)) {
            return call.add_link(&theirs, NO_ATTRIBUTES);
        }
        if !message.iter().any(|place| place.names(&ours)) {
            return;
        }
        let Some(context) = span(call, about).trace_context() else { return };
        let its_own = Sender::of(outbound.clone(), context.clone());
        message.iter_mut().for_each(|place| place.rename(&ours, &its_own));
        call.add_link(&context, NO_ATTRIBUTES);
        count += 1;
    };
    VISIT.iter().find_map(|visit| visit(input, &mut rename));
    count
}

fn span(call: &Span, about: &[(&'static str, Value)]) -> Span {
    let about = |key| about.iter().find(|(known, _)| *known == key).map(|(_, value)| value);
    let span = tracing::info_span!(
        target: "thundra_aws",
        parent: call,
        "create",
        otel.kind = SpanKind::Producer.as_str(),
        otel.name = tracing::field::Empty,
        { semconv::MESSAGING_OPERATION_NAME } = "create",
        { semconv::MESSAGING_OPERATION_TYPE } = "create",
    );
    if let Some(destination) = about(semconv::MESSAGING_DESTINATION_NAME) {
        span.record("otel.name", format_args!("create {destination}"));
    }
    for key in [semconv::MESSAGING_SYSTEM, semconv::MESSAGING_DESTINATION_NAME] {
        if let Some(value) = about(key) {
            span.set_attribute(key, value.clone());
        }
    }
    span
}

/// The messages of `PublishBatch`; `None` when this is another operation's input, as with those below.
#[cfg(feature = "sns")]
fn sns(input: &mut Input, each: &mut dyn FnMut(Message<'_>)) -> Option<()> {
    let batch = input.downcast_mut::<aws_sdk_sns::operation::publish_batch::PublishBatchInput>()?;
    for entry in batch.publish_batch_request_entries.as_deref_mut()? {
        let attributes = entry.message_attributes.iter_mut().flat_map(|all| all.values_mut());
        each(attributes.filter_map(|value| value.string_value.as_mut()).map(Place::Text).collect());
    }
    Some(())
}

#[cfg(feature = "sqs")]
fn sqs(input: &mut Input, each: &mut dyn FnMut(Message<'_>)) -> Option<()> {
    let batch = input.downcast_mut::<aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput>()?;
    for entry in batch.entries.as_deref_mut()? {
        let attributes = entry.message_attributes.iter_mut().flat_map(|all| all.values_mut());
        let attributes = attributes.filter_map(|value| value.string_value.as_mut());
        let system = entry.message_system_attributes.iter_mut().flat_map(|all| all.values_mut());
        let system = system.filter_map(|value| value.string_value.as_mut());
        each(attributes.chain(system).map(Place::Text).collect());
    }
    Some(())
}

#[cfg(feature = "kinesis")]
fn kinesis(input: &mut Input, each: &mut dyn FnMut(Message<'_>)) -> Option<()> {
    let put = input.downcast_mut::<aws_sdk_kinesis::operation::put_records::PutRecordsInput>()?;
    put.records.as_deref_mut()?.iter_mut().for_each(|record| each(vec![Place::Data(&mut record.data)]));
    Some(())
}

#[cfg(feature = "eventbridge")]
fn eventbridge(input: &mut Input, each: &mut dyn FnMut(Message<'_>)) -> Option<()> {
    let put = input.downcast_mut::<aws_sdk_eventbridge::operation::put_events::PutEventsInput>()?;
    for entry in put.entries.as_deref_mut()? {
        let header = entry.trace_header.as_mut().map(Place::Text);
        each(header.into_iter().chain(entry.detail.as_mut().map(Place::Json)).collect());
    }
    Some(())
}

impl Place<'_> {
    fn names(&self, sender: &Sender) -> bool {
        match self {
            Place::Text(text) => sender.is(text),
            Place::Json(json) => sender.is_in(json.as_bytes()).is_some(),
            Place::Data(data) => sender.is_in(data.as_ref()).is_some(),
        }
    }

    /// The sender that the caller named here.
    fn another(&self, ours: &Sender) -> Option<TraceContext> {
        match self {
            Place::Text(text) if ours.is(text) => None,
            // An X-Ray header is read where there is nothing else.
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

    /// The `__context__` of a JSON object, where it names this sender.
    fn is_in(&self, json: &[u8]) -> Option<payload::Member> {
        payload::find(json).filter(|member| member.json.contains(&self.traceparent))
    }

    /// Who is named instead in the `__context__` of a JSON object.
    fn another_in(&self, json: &[u8]) -> Option<TraceContext> {
        let member = payload::find(json).filter(|member| !member.json.contains(&self.traceparent))?;
        let pairs = payload::pairs(&member.json);
        let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Inbound::extract(pairs, Propagators::default(), Trust::Full).parent
    }

    /// The JSON object with another sender in its `__context__`.
    fn replaced(&self, json: &[u8], by: &Sender) -> Option<Vec<u8>> {
        let member = self.is_in(json)?;
        let context = member.json.replace(&self.traceparent, &by.traceparent);
        let (before, after) = (json.get(..member.value.start)?, json.get(member.value.end..)?);
        Some([before, context.as_bytes(), after].concat())
    }
}
