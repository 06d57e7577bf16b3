//! The types of a row: a service, the access to the messages of a service, and the stages of a call.

use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;
use aws_types::region::Region;
use thundra_core::propagation::Outbound;
use thundra_core::semconv;

pub(crate) use crate::attributes::{Attributes, TakeAttributes};
use crate::hops::Written;
use crate::sdk::message::Injected;
use crate::sdk::message::limits::{Limits, Target};
use crate::sdk::message::refusal::Refusal;
use crate::sdk::message::spans::EachInBatch;
use crate::sdk::response::{Received, Response};

/// An AWS service.
#[derive(Debug)]
pub(crate) struct Service {
    /// Name in `rpc.service`, spelled as in the `Metadata` of the SDK.
    pub(crate) id: &'static str,
    /// Name of the service in signatures. No other name is known before the operation is.
    pub(crate) signing_name: &'static str,
    /// Input members that name a resource, spelled as in the model of the service. The SDK captures them for
    /// [`Operation::member`], except members that the model marks as sensitive.
    pub(crate) names: &'static [&'static str],
    /// Adds attributes from the captured members.
    pub(crate) attributes: fn(&Operation<'_>, &mut dyn TakeAttributes),
    /// Returns attributes from the serialized request: names within lists and maps, numbers.
    pub(crate) request: fn(&Request<'_>) -> Attributes,
    /// Returns the number of messages in the request of a batch operation.
    pub(crate) batch_size: fn(&Request<'_>) -> Option<usize>,
    /// Reads the bytes of a successful response, given the name of the operation.
    pub(crate) response: fn(&str, &HttpResponse) -> Option<Response>,
    /// The writes of the service that trigger functions without a carrier. `None` if there are none.
    pub(crate) writes: Option<Writes>,
    /// Access to the messages in requests and responses. `None` if the feature of the service is off, or the service
    /// has no messages.
    pub(crate) messages: Option<Messages>,
}

/// The writes of a service to objects or items, in the stages of a call.
#[derive(Debug)]
pub(crate) struct Writes {
    /// Returns the writes of an operation, as far as the captured members tell. `None` for an operation that only
    /// reads.
    pub(crate) named: fn(&Operation<'_>) -> Option<Written>,
    /// Adds the writes of the serialized request.
    pub(crate) requested: fn(&Request<'_>, &mut Written),
    /// Completes the writes, given a successful response.
    pub(crate) confirmed: fn(&HttpResponse, &mut Written),
}

/// Access to the messages of a service, by the types of the SDK crate.
///
/// A function that gets the input or the output of any other operation changes nothing, and returns `None` or nothing.
#[derive(Debug)]
pub(crate) struct Messages {
    /// Name of the module with the traced client, and last part of the name of the SDK crate.
    pub(crate) module: &'static str,
    /// Returns the destination of the messages: a queue, a topic, a stream, a function. Empty if the size limit is the
    /// same for all destinations.
    pub(crate) target: for<'a> fn(&Operation<'a>) -> Option<&'a str>,
    /// Returns the value of the first of the [`names`](Service::names), for an input with a known type and no other
    /// name. The SDK need not capture the name then.
    pub(crate) named: fn(&Input) -> Option<&str>,
    /// Injects the context into the messages of a request, within the limits of the target.
    pub(crate) inject: fn(&mut Input, &Outbound, Limits) -> Option<Injected>,
    /// Visits the messages of a batch. The visitor gets the places of a message that may name its sender.
    pub(crate) each_in_batch: EachInBatch,
    /// Reads a typed response.
    pub(crate) response: fn(&Output) -> Option<Response>,
    /// Returns the refused entries of a batch.
    pub(crate) refused: for<'o> fn(&'o Output) -> Vec<Refusal<'o>>,
    /// Requests the message attributes that carry our context, beside the attributes requested by the caller.
    pub(crate) request_attributes: fn(&mut Input, &mut ConfigBag),
    /// Reads received messages, and removes the attributes that the caller did not request.
    pub(crate) received: fn(&mut Output, &mut ConfigBag) -> Option<Received>,
}

impl Service {
    /// Reads a successful response: from the typed output, which does not depend on the protocol, or else from the
    /// bytes.
    pub(crate) fn read(&self, operation: &str, output: &Output, response: &HttpResponse) -> Option<Response> {
        let typed = self.messages.as_ref().and_then(|messages| (messages.response)(output));
        typed.or_else(|| (self.response)(operation, response))
    }

    /// Returns the name of the resource, if the input has a [known type](Messages::named).
    pub(crate) fn name_in<'i>(&self, input: &'i Input) -> Option<&'i str> {
        (self.messages.as_ref()?.named)(input)
    }

    /// Returns the destination of the messages of an operation, or `None` if the operation has none.
    pub(crate) fn target<'a>(&self, operation: &Operation<'a>) -> Option<Target<'a>> {
        let name = (self.messages.as_ref()?.target)(operation)?;
        Some(Target::new(self.id, operation.region, name))
    }
}

/// An operation before serialization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) name: &'a str,
    pub(crate) region: Option<&'a str>,
    captured: Option<&'a CapturedTelemetryAttributes>,
    /// The only name of the service, with the value in the input.
    named: Option<(&'static str, &'a str)>,
}

impl<'a> Operation<'a> {
    /// Returns an operation. `value` is the name of the resource, as read [from the input](Service::name_in).
    pub(crate) fn new(name: &'a str, service: &Service, value: Option<&'a str>, config: &'a ConfigBag) -> Self {
        // The SDK captured no name then.
        let captured = if value.is_some() { None } else { config.load::<CapturedTelemetryAttributes>() };
        let region = config.load::<Region>().map(Region::as_ref);
        Operation { name, region, captured, named: service.names.first().copied().zip(value) }
    }

    /// Returns an input member, from the [`names`](Service::names) of the service.
    pub(crate) fn member(&self, name: &str) -> Option<&'a str> {
        let named = self.named.filter(|(known, _)| *known == name).map(|(_, value)| value);
        named.or_else(|| self.captured?.get(name))
    }
}

/// A serialized request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Name of the operation.
    pub(crate) operation: &'a str,
    pub(crate) uri: &'a str,
    /// Empty if the body is a stream.
    pub(crate) body: &'a [u8],
}

/// Adds an attribute if there is a value.
pub(super) fn add(attributes: &mut (impl TakeAttributes + ?Sized), key: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        attributes.text(key, value);
    }
}

/// Adds the attributes of an operation on messages: the system, the type of the operation, and the destination.
pub(super) fn add_messaging(
    attributes: &mut dyn TakeAttributes,
    system: &'static str,
    operation: &'static str,
    destination: Option<&str>,
) {
    attributes.word(semconv::MESSAGING_SYSTEM, system);
    attributes.word(semconv::MESSAGING_OPERATION_NAME, operation);
    attributes.word(semconv::MESSAGING_OPERATION_TYPE, operation);
    add(attributes, semconv::MESSAGING_DESTINATION_NAME, destination);
}

/// Returns the text after the last separator. ARNs and queue URLs end in the name of the resource.
pub(crate) fn last_part(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

#[cfg(test)]
impl<'a> Operation<'a> {
    /// Returns an operation in `eu-west-1` with these captured members.
    pub(super) fn of(name: &'a str, captured: &'a CapturedTelemetryAttributes) -> Self {
        Operation { name, region: Some("eu-west-1"), captured: Some(captured), named: None }
    }
}
