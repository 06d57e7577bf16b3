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
use thundra_core::propagation::Outbound;

use super::Injected;
use super::attributes::{self, Attribute, Message, STRING};
use crate::sdk::limits::Limits;
use crate::sdk::outcome::Sent;
use crate::sdk::refusal::Refusal;

type SystemAttributes = Option<HashMap<SystemName, SystemValue>>;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    let xray = outbound.xray_header();
    let mut xray_sent = false;
    if let Some(send) = input.downcast_mut::<SendMessageInput>() {
        let bytes = send.message_body.as_ref().map_or(0, String::len);
        let message = Message::new(&mut send.message_attributes, bytes, None);
        xray_sent |= trace(&mut send.message_system_attributes, xray.as_deref()) && message.is_untraced();
        let injected = attributes::inject(&mut [message], &outbound.pairs(), limits);
        return Some(Injected { own_context: injected.own_context || xray_sent, ..injected });
    }
    let entries = input.downcast_mut::<SendMessageBatchInput>()?.entries.as_deref_mut();
    let mut messages: Vec<_> = entries
        .unwrap_or_default()
        .iter_mut()
        .map(|entry| {
            let message = Message::new(&mut entry.message_attributes, entry.message_body.len(), None);
            xray_sent |= trace(&mut entry.message_system_attributes, xray.as_deref()) && message.is_untraced();
            message.entry(&entry.id)
        })
        .collect();
    let injected = attributes::inject(&mut messages, &outbound.pairs(), limits);
    let own_context = injected.own_context || xray_sent;
    Some(Injected { own_context, ..injected }.in_batch(messages.len()))
}

/// Sets the trace header unless the caller did; whether it was set.
fn trace(attributes: &mut SystemAttributes, xray: Option<&str>) -> bool {
    let value = xray.and_then(|xray| SystemValue::builder().data_type(STRING).string_value(xray).build().ok());
    let present = attributes.as_ref().is_some_and(|present| present.contains_key(&SystemName::AwsTraceHeader));
    match value {
        Some(value) if !present => {
            attributes.get_or_insert_default().insert(SystemName::AwsTraceHeader, value);
            true
        }
        _ => false,
    }
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

    fn size(&self) -> usize {
        let binary = self.binary_value.as_ref().map_or(0, |blob| blob.as_ref().len());
        self.data_type.len() + self.string_value.as_ref().map_or(0, String::len) + binary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_header_is_set_once() {
        let mut attributes = None;
        assert!(!trace(&mut attributes, None) && attributes.is_none());
        assert!(trace(&mut attributes, Some("Root=ours")));
        assert!(!trace(&mut attributes, Some("Root=later")));
        let value = attributes.unwrap().remove(&SystemName::AwsTraceHeader).unwrap();
        assert_eq!((value.data_type(), value.string_value()), ("String", Some("Root=ours")));
    }
}
