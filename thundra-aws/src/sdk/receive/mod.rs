//! Messages of SQS received by the program, without Lambda in between.
//!
//! Lambda delivers every attribute of a message, but `ReceiveMessage` returns only requested attributes. The
//! interceptor therefore [requests](requested) the attributes with our context as well, and [removes](hidden) these
//! attributes from the response. The attributes wait in a [cache](receipt_cache) for [`process`].

mod attributes_md5;
mod hidden;
mod receipt_cache;
mod requested;

use std::fmt::Display;
use std::future::Future;

use aws_sdk_sqs::operation::receive_message::{ReceiveMessageInput, ReceiveMessageOutput};
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as SystemName};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_types::config_bag::ConfigBag;
use thundra_core::propagation::{Propagators, Trust};
use thundra_core::{ScopeRef, diagnostics, semconv};

use self::hidden::Hidden;
use self::requested::{RECEIVE_COUNT, Requested, SENT_TIMESTAMP, TRACE_HEADER};
use super::response::Received;
use crate::batch::{self, Delivery};
use crate::trigger::Extractor;
use crate::trigger::sqs::{Body, SqsMessage};

/// Requests the attributes for [`process`] in a `ReceiveMessage`.
pub(crate) fn request_attributes(input: &mut Input, config: &mut ConfigBag) {
    // A second interceptor finds everything requested.
    if input.downcast_ref::<ReceiveMessageInput>().is_some()
        && config.load::<Requested>().is_none()
        && let Some(requested) = requested::add(input, thundra_core::config().propagators)
    {
        config.interceptor_state().store_put(requested);
    }
}

/// Moves the attributes for [`process`] from the response to the cache.
pub(crate) fn received(output: &mut Output, config: &mut ConfigBag) -> Option<Received> {
    let response = output.downcast_mut::<ReceiveMessageOutput>()?;
    let received = hide(response, config.load::<Requested>()?);
    // A second interceptor would find nothing in the messages, and keep the empty result.
    config.interceptor_state().unset::<Requested>();
    Some(received)
}

fn hide(response: &mut ReceiveMessageOutput, requested: &Requested) -> Received {
    let messages = response.messages.as_deref_mut().unwrap_or_default();
    let mut producers = Vec::new();
    let in_scope = ScopeRef::current().is_some();
    for message in messages.iter_mut() {
        let hidden = Hidden::take_from(message, requested);
        if in_scope {
            producers.extend(describe(message, &hidden, thundra_core::config().propagators).into_producer());
        }
        if let Some(receipt) = &message.receipt_handle {
            receipt_cache::keep(receipt.clone(), hidden);
        }
    }
    Received { messages: messages.len(), producers }
}

/// Works on a message in a new scope, with the trace and the correlation ids of the producer.
///
/// The message has to come from a [traced client](crate::sqs::client). The client keeps the ids of received messages
/// for `process`. `f` gets the message unchanged. Returns the result of `f`. Deleting the message is left to the
/// caller.
///
/// ```text
/// SQS.SendMessage [producer]              … in the sending program
/// └ process jobs [consumer]               … in this program
///   └ the spans of f
/// ```
///
/// A message older than an hour, and every message under `THUNDRA_BATCH_SPANS=link`, begins a new trace with a link to
/// the producer. Inside a scope, as in a Lambda invocation, the message belongs to the batch of the scope: see
/// [`batch`]. Outside a scope the spans leave with the next flush. After [`init`](crate::init) a flush happens about
/// once a second.
///
/// # Errors
///
/// Records and returns the errors of `f`. The errors borrow nothing (`'static`), because boxed errors are downcast to
/// record the sources.
///
/// # Examples
///
/// ```no_run
/// # async fn ship(_: &str) -> Result<(), std::io::Error> { Ok(()) }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let _telemetry = thundra_aws::init();
/// let sqs = thundra_aws::sqs::client(&thundra_aws::load_config().await);
/// # let queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
/// loop {
///     let received = sqs.receive_message().queue_url(queue).wait_time_seconds(20).send().await?;
///     for message in received.messages.unwrap_or_default() {
///         let receipt = message.receipt_handle.clone();
///         thundra_aws::sqs::process(message, async |message| ship(message.body().unwrap_or_default()).await).await?;
///         sqs.delete_message().queue_url(queue).set_receipt_handle(receipt).send().await?;
///     }
/// }
/// # }
/// ```
pub async fn process<R, E, F, Fut>(message: Message, f: F) -> Result<R, E>
where
    E: Display + 'static,
    F: FnOnce(Message) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    let hidden = message.receipt_handle.as_deref().and_then(receipt_cache::get).unwrap_or_default();
    let delivery = describe(&message, &hidden, thundra_core::config().propagators);
    let in_scope = || {
        report_evicted();
        f(message)
    };
    batch::process_one(delivery, thundra_core::config(), in_scope).await
}

/// Records the number of messages evicted before processing. An unsampled span, which perhaps is not exported, leaves
/// the number to the next span.
fn report_evicted() {
    let Some(scope) = ScopeRef::current().filter(ScopeRef::sampled) else { return };
    let evicted = receipt_cache::take_evicted();
    if evicted > 0 {
        scope.set_attribute(semconv::THUNDRA_EVICTED_MESSAGES, evicted);
        diagnostics::once(
            "receive.evicted",
            "more than 1000 SQS messages were received before thundra_aws::sqs::process got the first: the trace and the \
             correlation ids of the oldest ones are lost (reported once)",
        );
    }
}

/// Returns the value of an attribute, or the bytes if the bytes are a text.
fn text(value: &MessageAttributeValue) -> Option<&str> {
    let bytes = || value.binary_value().and_then(|bytes| std::str::from_utf8(bytes.as_ref()).ok());
    value.string_value().or_else(bytes)
}

fn describe(message: &Message, hidden: &Hidden, formats: Propagators) -> Delivery {
    let system = |name: &str| {
        let name = SystemName::from(name);
        hidden.system.get(&name).or_else(|| message.attributes.as_ref()?.get(&name)).map(|text| text.as_str().into())
    };
    let attributes = message.message_attributes.iter().flatten().chain(&hidden.attributes);
    let attributes = attributes.filter_map(|(name, value)| Some((name.as_str().into(), text(value)?.into())));
    let read = SqsMessage {
        id: message.message_id.as_deref().map(Into::into),
        body: Body::Text(message.body.as_deref().unwrap_or_default()),
        attributes: attributes.collect(),
        trace_header: system(TRACE_HEADER),
        dead_letter_source: system("DeadLetterQueueSourceArn"),
        sent_timestamp: system(SENT_TIMESTAMP),
        receive_count: system(RECEIVE_COUNT),
    };
    batch::sqs_delivery(hidden.queue.as_deref(), read, Extractor::new(formats, Trust::Full))
}
