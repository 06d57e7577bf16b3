//! [`MD5OfMessageAttributes`], the digest of the attributes of a message.
//!
//! [`MD5OfMessageAttributes`]: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::types::MessageAttributeValue;
use md5::{Digest, Md5};

/// Prefix of a text or a number.
const TEXT: [u8; 1] = [1];
/// Prefix of bytes.
const BINARY: [u8; 1] = [2];

/// Returns the digest, computed as in SQS. Returns `None` for an attribute with a list, because SQS sends no lists.
pub(super) fn of(attributes: &HashMap<String, MessageAttributeValue>) -> Option<String> {
    let mut digest = Md5::new();
    let by_name: BTreeMap<_, _> = attributes.iter().collect();
    for (name, value) in by_name {
        add(&mut digest, name.as_bytes());
        add(&mut digest, value.data_type.as_bytes());
        let (kind, bytes) = match (&value.string_value, &value.binary_value) {
            (Some(text), _) => (TEXT, text.as_bytes()),
            (None, Some(binary)) => (BINARY, binary.as_ref()),
            (None, None) => return None,
        };
        digest.update(kind);
        add(&mut digest, bytes);
    }
    Some(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Adds the length of the bytes, and the bytes.
fn add(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::Blob;

    use super::*;

    fn text(data_type: &str, value: &str) -> MessageAttributeValue {
        MessageAttributeValue::builder().data_type(data_type).string_value(value).build().unwrap()
    }

    #[test]
    fn the_digest_is_that_of_the_service() {
        let bytes = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(*b"\0\xff"));
        for (attributes, expected) in [
            // Seen at AWS.
            (vec![("timestamp", text("Number", "1493147359900"))], "235c5c510d26fb653d073faed50ae77c"),
            (vec![("timestamp", text("Number", "1493147359901"))], "994258b45346a2cc3f9cbb611aa7af30"),
            // Computed in Python.
            (
                vec![("b", text("String.ulid", "grün")), ("a", bytes.build().unwrap()), ("B", text("Number.int", "7"))],
                "0fad482360ea1b11c24e693963bff152",
            ),
            (vec![], "d41d8cd98f00b204e9800998ecf8427e"),
        ] {
            let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            assert_eq!(of(&attributes).as_deref(), Some(expected), "{attributes:?}");
        }
    }

    #[test]
    fn a_value_of_an_unknown_kind_has_none() {
        let list = MessageAttributeValue::builder().data_type("String").string_list_values("a").build().unwrap();
        assert_eq!(of(&HashMap::from([("list".to_owned(), list)])), None);
    }
}
