//! SQS: `SendMessage` and `SendMessageBatch`.
//!
//! String attributes, and the system attribute `AWSTraceHeader`, which counts neither as one of the ten nor in
//! the size, so that the trace travels even with a full message. A queue takes 1 MiB a request unless it is set to less,
//! and older ones 256 KiB, which cannot be seen from here: so a request that is below 256 KiB stays below, and one that
//! is past it may grow to 1 MiB.

use std::collections::HashMap;

use aws_sdk_sqs::operation::send_message::{SendMessageInput, SendMessageOutput};
use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatchInput, SendMessageBatchOutput};
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends as SystemName, MessageSystemAttributeValue as SystemValue,
};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use thundra_core::propagation::{Outbound, XRAY_HEADER};

use crate::sdk::message::Injected;
use crate::sdk::message::attributes::{self, Attribute, Message, STRING};
use crate::sdk::message::limits::Limits;
use crate::sdk::message::refusal::Refusal;
use crate::sdk::response::Sent;

type SystemAttributes = Option<HashMap<SystemName, SystemValue>>;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    let xray = outbound.xray_header();
    let mut xray_sent = false;
    if let Some(send) = input.downcast_mut::<SendMessageInput>() {
        let bytes = send.message_body.as_ref().map_or(0, String::len);
        let message = Message::new(&mut send.message_attributes, bytes, outbound, None);
        xray_sent |= trace(&mut send.message_system_attributes, outbound, xray.as_deref()) && message.is_untraced();
        let injected = attributes::inject(&mut [message], &outbound.pairs(), limits);
        return Some(Injected { own_context: injected.own_context || xray_sent, ..injected });
    }
    let entries = input.downcast_mut::<SendMessageBatchInput>()?.entries.as_deref_mut();
    let mut messages: Vec<_> = entries
        .unwrap_or_default()
        .iter_mut()
        .map(|entry| {
            let bytes = entry.message_body.len();
            let message = Message::new(&mut entry.message_attributes, bytes, outbound, None);
            xray_sent |=
                trace(&mut entry.message_system_attributes, outbound, xray.as_deref()) && message.is_untraced();
            message.entry(&entry.id)
        })
        .collect();
    let injected = attributes::inject(&mut messages, &outbound.pairs(), limits);
    let own_context = injected.own_context || xray_sent;
    Some(Injected { own_context, ..injected }.in_batch(messages.len()))
}

/// Sets the trace header unless the caller did, and replaces one that was merely forwarded; whether it is ours.
fn trace(attributes: &mut SystemAttributes, outbound: &Outbound, xray: Option<&str>) -> bool {
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

/// Returns the refused entries of a batch. `None` when this is another operation's output.
pub(crate) fn refused(output: &Output) -> Option<Vec<Refusal<'_>>> {
    let failed = output.downcast_ref::<SendMessageBatchOutput>()?.failed.iter();
    let refused = failed.map(|entry| Refusal {
        entry: Some(&entry.id),
        code: entry.code.as_str().into(),
        message: entry.message.as_deref().unwrap_or_default().into(),
    });
    Some(refused.collect())
}

/// `None` when this is another operation's output.
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    if let Some(output) = output.downcast_ref::<SendMessageOutput>() {
        return Some(Sent { message_id: output.message_id.clone(), ..Sent::default() });
    }
    let output = output.downcast_ref::<SendMessageBatchOutput>()?;
    Some(Sent {
        failed: output.failed.first().map(|first| (output.failed.len(), first.code.clone())),
        total: output.failed.len() + output.successful.len(),
        ..Sent::default()
    })
}

impl Attribute for MessageAttributeValue {
    fn string(value: &str) -> Option<Self> {
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
    fn a_trace_header_is_set_once_and_takes_the_place_of_what_was_received() {
        const RECEIVED: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let inbound = Inbound::extract([("AWSTraceHeader", RECEIVED)], Propagators::default(), Trust::Full);
        let scope = Scope::builder("test").parent(inbound).begin();
        let outbound = scope.enter(|| thundra_core::outbound(&tracing::Span::none())).unwrap();
        let mut attributes = None;
        assert!(!trace(&mut attributes, &outbound, None) && attributes.is_none());
        for (present, xray, ours, after) in [
            (None, Some("Root=ours"), true, "Root=ours"),
            (Some("Root=theirs"), Some("Root=ours"), false, "Root=theirs"),
            (Some(RECEIVED), Some("Root=ours"), true, "Root=ours"),
            (Some(RECEIVED), None, false, RECEIVED),
        ] {
            let value = |text: &str| SystemValue::builder().data_type(STRING).string_value(text).build().unwrap();
            let mut attributes = present.map(|present| HashMap::from([(SystemName::AwsTraceHeader, value(present))]));
            assert_eq!(trace(&mut attributes, &outbound, xray), ours, "{present:?}");
            assert_eq!(attributes.unwrap().remove(&SystemName::AwsTraceHeader), Some(value(after)), "{present:?}");
        }
    }
}
