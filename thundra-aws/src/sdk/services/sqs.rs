//! SQS: queues and messages.
//!
//! Messages get attributes of the type String, and the system attribute `AWSTraceHeader`. The system attribute counts
//! neither among the ten attributes nor in the size, and travels even with a full message. A queue takes 1 MiB a
//! request by default, an old queue 256 KiB, and no request shows the limit. A request below 256 KiB stays below; a
//! larger request may grow to 1 MiB.
//!
//! The receiving side is [`receive`](crate::sdk::receive).

use serde::Deserialize;
use serde::de::IgnoredAny;
use thundra_core::semconv;

use super::service::{Attributes, Operation, Request, Service, TakeAttributes, add, add_messaging, last_part};
use crate::sdk::response::{self, Response};

pub(super) static SERVICE: Service = Service {
    id: "SQS",
    signing_name: "sqs",
    names: &["QueueUrl"],
    attributes,
    request: |_| Attributes::new(),
    batch_size,
    response: |operation, response| response_body(operation, response::body(response)),
    writes: None,
    messages: if_feature!("sqs", messages::MESSAGES),
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    let url = operation.member("QueueUrl");
    add(attributes, semconv::AWS_SQS_QUEUE_URL, url);
    let kind = match operation.name {
        "SendMessage" | "SendMessageBatch" => "send",
        "ReceiveMessage" => "receive",
        "DeleteMessage" | "DeleteMessageBatch" => "settle",
        _ => return,
    };
    add_messaging(attributes, "aws_sqs", kind, url.map(|url| last_part(url, '/')));
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entries {
    entries: Vec<IgnoredAny>,
}

/// Counts the entries, by parsing up to 1 MiB of them.
fn batch_size(request: &Request<'_>) -> Option<usize> {
    if !matches!(request.operation, "DeleteMessageBatch" | "SendMessageBatch") {
        return None;
    }
    serde_json::from_slice::<Entries>(request.body).ok().map(|batch| batch.entries.len())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Body {
    message_id: Option<String>,
    failed: Vec<Failure>,
    successful: Vec<IgnoredAny>,
    messages: Vec<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Failure {
    code: String,
}

fn response_body(operation: &str, body: &[u8]) -> Option<Response> {
    let body = || serde_json::from_slice::<Body>(body).ok();
    match operation {
        "SendMessage" => Some(Response::of_message(body()?.message_id)),
        "ReceiveMessage" => Some(Response::of_received(body()?.messages.len())),
        "SendMessageBatch" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => {
            let Body { failed, successful, .. } = body()?;
            let total = failed.len() + successful.len();
            Some(Response::of_batch(total, failed.into_iter().map(|failure| failure.code)))
        }
        _ => None,
    }
}

#[cfg(feature = "sqs")]
pub(crate) mod messages {
    //! The messages of `SendMessage` and `SendMessageBatch`.

    use std::collections::HashMap;

    use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
    use aws_sdk_sqs::operation::send_message::{SendMessageInput, SendMessageOutput};
    use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatchInput, SendMessageBatchOutput};
    use aws_sdk_sqs::types::{
        MessageAttributeValue, MessageSystemAttributeNameForSends as SystemName,
        MessageSystemAttributeValue as SystemValue,
    };
    use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
    use thundra_core::propagation::{Outbound, XRAY_HEADER};

    use crate::sdk::message::Injected;
    use crate::sdk::message::attributes::{self, Attribute, Message, STRING};
    use crate::sdk::message::limits::Limits;
    use crate::sdk::message::refusal::Refusal;
    use crate::sdk::message::spans::Place;
    use crate::sdk::receive;
    use crate::sdk::response::Response;
    use crate::sdk::services::service::Messages;

    pub use crate::sdk::receive::process;

    pub(super) const MESSAGES: Messages = Messages {
        module: "sqs",
        target: |operation| operation.member("QueueUrl"),
        named,
        inject,
        each_in_batch,
        response,
        refused,
        request_attributes: receive::request_attributes,
        received: receive::received,
    };

    type SystemAttributes = Option<HashMap<SystemName, SystemValue>>;

    fn named(input: &Input) -> Option<&str> {
        let batch = || input.downcast_ref::<SendMessageBatchInput>()?.queue_url.as_deref();
        match input.downcast_ref::<SendMessageInput>() {
            Some(send) => send.queue_url.as_deref(),
            None => batch(),
        }
    }

    fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
        let xray = outbound.xray_header();
        let mut xray_sent = false;
        if let Some(send) = input.downcast_mut::<SendMessageInput>() {
            let bytes = send.message_body.as_ref().map_or(0, String::len);
            let message = Message::new(&mut send.message_attributes, bytes, outbound, None);
            xray_sent |= set_trace_header(&mut send.message_system_attributes, outbound, xray) && message.is_untraced();
            let injected = attributes::inject(&mut [message], outbound.pairs(), limits);
            return Some(Injected { own_context: injected.own_context || xray_sent, ..injected });
        }
        let entries = input.downcast_mut::<SendMessageBatchInput>()?.entries.as_deref_mut();
        let mut messages: Vec<_> = entries
            .unwrap_or_default()
            .iter_mut()
            .map(|entry| {
                let bytes = entry.message_body.len();
                let message = Message::new(&mut entry.message_attributes, bytes, outbound, None);
                xray_sent |= set_trace_header(&mut entry.message_system_attributes, outbound, xray.clone())
                    && message.is_untraced();
                message.entry(&entry.id)
            })
            .collect();
        let injected = attributes::inject(&mut messages, outbound.pairs(), limits);
        let own_context = injected.own_context || xray_sent;
        Some(Injected { own_context, ..injected }.in_batch(messages.len()))
    }

    /// Sets the trace header, or replaces a forwarded header. Returns `false` if the header of the caller stays.
    fn set_trace_header(attributes: &mut SystemAttributes, outbound: &Outbound, xray: Option<String>) -> bool {
        let present = attributes.as_ref().and_then(|present| present.get(&SystemName::AwsTraceHeader));
        let is_forwarded =
            |value: &SystemValue| value.string_value().is_some_and(|value| outbound.is_forwarded(XRAY_HEADER, value));
        if present.is_some_and(|present| !is_forwarded(present)) {
            return false;
        }
        let value = xray.and_then(|xray| SystemValue::builder().data_type(STRING).string_value(xray).build().ok());
        let Some(value) = value else { return false };
        attributes.get_or_insert_default().insert(SystemName::AwsTraceHeader, value);
        true
    }

    fn each_in_batch(input: &mut Input, each: &mut dyn FnMut(Vec<Place<'_>>)) {
        let Some(batch) = input.downcast_mut::<SendMessageBatchInput>() else { return };
        for entry in batch.entries.as_deref_mut().unwrap_or_default() {
            let attributes = entry.message_attributes.iter_mut().flat_map(|all| all.values_mut());
            let attributes = attributes.filter_map(|value| value.string_value.as_mut());
            let system = entry.message_system_attributes.iter_mut().flat_map(|all| all.values_mut());
            let system = system.filter_map(|value| value.string_value.as_mut());
            each(attributes.chain(system).map(Place::Text).collect());
        }
    }

    fn response(output: &Output) -> Option<Response> {
        if let Some(output) = output.downcast_ref::<SendMessageOutput>() {
            return Some(Response::of_message(output.message_id.clone()));
        }
        if output.downcast_ref::<ReceiveMessageOutput>().is_some() {
            // `receive::received` counts the messages.
            return Some(Response::default());
        }
        let output = output.downcast_ref::<SendMessageBatchOutput>()?;
        let total = output.failed.len() + output.successful.len();
        Some(Response::of_batch(total, output.failed.iter().map(|failed| failed.code.clone())))
    }

    fn refused(output: &Output) -> Vec<Refusal<'_>> {
        let failed = output.downcast_ref::<SendMessageBatchOutput>().map(|output| output.failed());
        let failed = failed.unwrap_or_default().iter();
        failed.map(|entry| Refusal::of_entry(&entry.id, &entry.code, entry.message.as_deref())).collect()
    }

    impl Attribute for MessageAttributeValue {
        fn string(value: String) -> Option<Self> {
            Self::builder().data_type(STRING).string_value(value).build().ok()
        }

        fn text(&self) -> Option<&str> {
            self.string_value()
        }

        fn size(&self) -> usize {
            let binary = self.binary_value.as_ref().map_or(0, |blob| blob.as_ref().len());
            self.data_type.len() + self.string_value.as_ref().map_or(0, String::len) + binary
        }
    }

    #[cfg(test)]
    mod tests {
        use thundra_core::Scope;
        use thundra_core::propagation::{Inbound, Propagators, Trust};

        use super::*;

        #[test]
        fn a_trace_header_is_set_once_and_replaces_the_received_one() {
            const RECEIVED: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
            let inbound = Inbound::extract([("AWSTraceHeader", RECEIVED)], Propagators::default(), Trust::Full);
            let scope = Scope::builder("test").parent(inbound).begin();
            let outbound = scope.enter(|| thundra_core::outbound(&tracing::Span::none())).unwrap();
            let mut attributes = None;
            assert!(!set_trace_header(&mut attributes, &outbound, None) && attributes.is_none());
            for (present, xray, ours, after) in [
                (None, Some("Root=ours"), true, "Root=ours"),
                (Some("Root=theirs"), Some("Root=ours"), false, "Root=theirs"),
                (Some(RECEIVED), Some("Root=ours"), true, "Root=ours"),
                (Some(RECEIVED), None, false, RECEIVED),
            ] {
                let value = |text: &str| SystemValue::builder().data_type(STRING).string_value(text).build().unwrap();
                let mut attributes =
                    present.map(|present| HashMap::from([(SystemName::AwsTraceHeader, value(present))]));
                assert_eq!(set_trace_header(&mut attributes, &outbound, xray.map(str::to_owned)), ours, "{present:?}");
                assert_eq!(attributes.unwrap().remove(&SystemName::AwsTraceHeader), Some(value(after)), "{present:?}");
            }
        }
    }
}
