//! Attributes removed from a message, because the caller did not request these attributes.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as SystemName};

use super::attributes_md5;
use super::requested::{Requested, covers};

/// Longest kept correlation id.
const MAX_ID_BYTES: usize = 256;
/// Longest kept `baggage` and `tracestate`.
const MAX_LONG_BYTES: usize = 8192;
/// Longest kept `AWSTraceHeader`.
const MAX_SYSTEM_BYTES: usize = 1024;

/// The removed attributes of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    pub(super) queue: Option<Arc<str>>,
    pub(super) system: HashMap<SystemName, String>,
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
}

impl Hidden {
    /// Removes attributes from a message, except the attributes requested by the caller.
    ///
    /// `MD5OfMessageAttributes`, the digest of the attributes in a response, is [computed](attributes_md5) again.
    pub(super) fn take_from(message: &mut Message, requested: &Requested) -> Self {
        let mut hidden = Hidden { queue: requested.queue.clone(), ..Hidden::default() };
        if let Some(system) = &mut message.attributes {
            let taken: Vec<_> = requested.system.iter().filter_map(|name| system.remove_entry(name)).collect();
            if !taken.is_empty() && system.is_empty() {
                message.attributes = None;
            }
            hidden.system = taken.into_iter().filter(|(_, value)| value.len() <= MAX_SYSTEM_BYTES).collect();
        }
        if let Some(callers) = &requested.callers
            && let Some(attributes) = &mut message.message_attributes
        {
            let taken: Vec<_> = attributes.extract_if(|name, _| !covers(callers, name)).collect();
            if !taken.is_empty() {
                // A message without attributes has no digest of them.
                message.md5_of_message_attributes = attributes_md5::of(attributes).filter(|_| !attributes.is_empty());
                message.message_attributes.take_if(|attributes| attributes.is_empty());
            }
            hidden.attributes = taken.into_iter().filter(|(name, value)| is_worth_keeping(name, value)).collect();
        }
        hidden
    }

    /// Returns `true` if the attributes name a sender.
    pub(super) fn has_context(&self) -> bool {
        !self.attributes.is_empty() || self.system.contains_key(&SystemName::AwsTraceHeader)
    }

    #[cfg(test)]
    pub(super) fn of_trace(header: &str) -> Self {
        Hidden { system: HashMap::from([(SystemName::AwsTraceHeader, header.to_owned())]), ..Hidden::default() }
    }
}

/// Returns `true` for a value that our clients may have written. A producer may write nearly 1 MiB under a name of
/// ours, and a kept value occupies memory until other messages evict the entry.
fn is_worth_keeping(name: &str, value: &MessageAttributeValue) -> bool {
    let is_long = ["baggage", "tracestate"].iter().any(|long| name.eq_ignore_ascii_case(long));
    let is_printable = |value: &str| value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let fits = |value: &str| if is_long { value.len() <= MAX_LONG_BYTES } else { value.len() <= MAX_ID_BYTES };
    value.binary_value.is_none() && value.string_value().is_some_and(|value| fits(value) && is_printable(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_ours_is_not_kept() {
        let text =
            |value: String| MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap();
        let given = [
            ("x-correlation-order", "o".repeat(256), true),
            ("x-correlation-long", "o".repeat(257), false),
            ("x-correlation-huge", "o".repeat(1_000_000), false),
            ("x-correlation-lines", "a\nb".to_owned(), false),
            ("x-correlation-letters", "grün".to_owned(), false),
            ("baggage", "b".repeat(8192), true),
            ("tracestate", "b".repeat(8193), false),
        ];
        let mut message = Message::builder()
            .attributes(SystemName::AwsTraceHeader, "x".repeat(1025))
            .attributes(SystemName::SentTimestamp, "1")
            .build();
        let attributes = given.iter().map(|(name, value, _)| ((*name).to_owned(), text(value.clone())));
        message.message_attributes = Some(attributes.collect());
        let system = vec![SystemName::AwsTraceHeader, SystemName::SentTimestamp];
        let hidden = Hidden::take_from(&mut message, &Requested { queue: None, system, callers: Some(Vec::new()) });
        for (name, _, kept) in given {
            assert_eq!(hidden.attributes.contains_key(name), kept, "{name}");
        }
        assert_eq!(hidden.system.into_keys().collect::<Vec<_>>(), [SystemName::SentTimestamp]);
        assert_eq!(message, Message::builder().build(), "hidden is all of it");
    }
}
