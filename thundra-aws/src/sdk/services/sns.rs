//! SNS: `Publish` and `PublishBatch`.
//!
//! String attributes, which filter policies can read, and which a message with `MessageStructure=json` loses.
//! A topic takes 256 KiB a request unless it is set to another size, which cannot be seen from here: so a request that
//! is below stays below, and one that is past it may grow to 1 MiB.

use aws_sdk_sns::operation::publish::{PublishInput, PublishOutput};
use aws_sdk_sns::operation::publish_batch::{PublishBatchInput, PublishBatchOutput};
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use thundra_core::propagation::Outbound;

use crate::sdk::message::attributes::{self, Attribute, Message, STRING};
use crate::sdk::message::limits::Limits;
use crate::sdk::message::refusal::Refusal;
use crate::sdk::message::{Injected, Skipped};
use crate::sdk::request::is_topic;
use crate::sdk::response::Sent;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    if let Some(publish) = input.downcast_mut::<PublishInput>() {
        let topic = publish.topic_arn.is_some() || publish.target_arn.as_deref().is_some_and(is_topic);
        let closed = if topic { closed(publish.message_structure.as_deref()) } else { Some(Skipped::Recipient) };
        let message = Message::new(&mut publish.message_attributes, length(&publish.message), outbound, closed);
        let messages = &mut [message.beside(length(&publish.subject))];
        return Some(attributes::inject(messages, &outbound.pairs(), limits));
    }
    let entries = input.downcast_mut::<PublishBatchInput>()?.publish_batch_request_entries.as_deref_mut();
    let mut messages: Vec<_> = entries
        .unwrap_or_default()
        .iter_mut()
        .map(|entry| {
            let closed = closed(entry.message_structure.as_deref());
            let message = Message::new(&mut entry.message_attributes, entry.message.len(), outbound, closed);
            message.beside(length(&entry.subject)).entry(&entry.id)
        })
        .collect();
    let injected = attributes::inject(&mut messages, &outbound.pairs(), limits);
    Some(injected.in_batch(messages.len()))
}

/// `None` when this is another operation's output.
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    if let Some(output) = output.downcast_ref::<PublishOutput>() {
        return Some(Sent { message_id: output.message_id.clone(), ..Sent::default() });
    }
    let output = output.downcast_ref::<PublishBatchOutput>()?;
    let (failed, successful) = (output.failed(), output.successful());
    Some(Sent {
        failed: failed.first().map(|first| (failed.len(), first.code.clone())),
        total: failed.len() + successful.len(),
        ..Sent::default()
    })
}

/// Returns the refused entries of a batch. `None` when this is another operation's output.
pub(crate) fn refused(output: &Output) -> Option<Vec<Refusal<'_>>> {
    let failed = output.downcast_ref::<PublishBatchOutput>()?.failed().iter();
    let refused = failed.map(|entry| Refusal {
        entry: Some(&entry.id),
        code: entry.code.as_str().into(),
        message: entry.message.as_deref().unwrap_or_default().into(),
    });
    Some(refused.collect())
}

fn closed(structure: Option<&str>) -> Option<Skipped> {
    (structure == Some("json")).then_some(Skipped::Structure)
}

fn length(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

impl Attribute for MessageAttributeValue {
    /// A value with quotes or backslashes would make filter policies drop the message.
    fn string(value: &str) -> Option<Self> {
        if value.contains(['"', '\\']) {
            return None;
        }
        Self::builder().data_type(STRING).string_value(value).build().ok()
    }

    fn text(&self) -> Option<&str> {
        self.string_value()
    }

    fn size(&self) -> usize {
        let binary = self.binary_value.as_ref().map_or(0, |blob| blob.as_ref().len());
        self.data_type.len() + length(&self.string_value) + binary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_count_with_their_type() {
        let blob = aws_smithy_types::Blob::new(*b"1234");
        let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(blob).build().unwrap();
        let text = <MessageAttributeValue as Attribute>::string("abc").unwrap();
        assert_eq!((binary.size(), text.size()), (10, 9));
        assert!(<MessageAttributeValue as Attribute>::string("a\"b").is_none());
    }
}
