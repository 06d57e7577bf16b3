//! Objects of S3 in notifications: the records of S3, and the events of S3 on EventBridge.

use std::borrow::Cow;

use thundra_core::semconv;

use super::json::Object;
use crate::attributes::Attributes;

/// The object that a notification is about.
#[derive(Debug)]
pub(crate) struct S3Object<'a> {
    pub(crate) bucket: Option<Cow<'a, str>>,
    /// The decoded key.
    pub(crate) key: Option<String>,
    /// The entity tag, without quotes.
    pub(crate) etag: Option<Cow<'a, str>>,
}

impl<'a> S3Object<'a> {
    /// Reads a record of S3. The key is encoded as in an HTML form.
    pub(crate) fn of_record(record: &Object<'a>) -> Self {
        let s3 = record.object("s3");
        let member = |name| s3.as_ref().and_then(|s3| s3.object(name));
        let object = member("object");
        let text = |name| object.as_ref().and_then(|object| object.text(name));
        S3Object {
            bucket: member("bucket").and_then(|bucket| bucket.text("name")),
            key: text("key").map(|key| decode(&key)),
            etag: text("eTag"),
        }
    }

    /// Reads the detail of an event on EventBridge. The key is not encoded.
    pub(crate) fn of_detail(detail: &Object<'a>) -> Self {
        let object = detail.object("object");
        let text = |name| object.as_ref().and_then(|object| object.text(name));
        S3Object {
            bucket: detail.object("bucket").and_then(|bucket| bucket.text("name")),
            key: text("key").map(Cow::into_owned),
            etag: text("etag"),
        }
    }

    /// Returns the attributes of the object.
    pub(crate) fn attributes(&self) -> Attributes {
        let mut attributes = Vec::with_capacity(2);
        let bucket = self.bucket.as_deref().map(|bucket| (semconv::AWS_S3_BUCKET, bucket.to_owned().into()));
        attributes.extend(bucket);
        attributes.extend(self.key.clone().map(|key| (semconv::AWS_S3_KEY, key.into())));
        attributes
    }
}

/// Decodes a key. S3 encodes keys as in an HTML form: `Happy+Face%2Ejpg`.
pub(crate) fn decode(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        // Rust reads a number with a sign as well.
        let hex = || after.get(..2).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let escaped = || u8::from_str_radix(std::str::from_utf8(hex()?).ok()?, 16).ok();
        let (byte, used) = match byte {
            b'%' => escaped().map_or((byte, 0), |escaped| (escaped, 2)),
            b'+' => (b' ', 0),
            _ => (byte, 0),
        };
        bytes.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_decoded() {
        for (key, decoded) in
            [("Happy%20Face+2.jpg", "Happy Face 2.jpg"), ("a%2", "a%2"), ("%C3%A9%zz", "é%zz"), ("%+5", "% 5")]
        {
            assert_eq!(decode(key), decoded);
        }
    }

    proptest! {
        #[test]
        fn any_key_is_decoded_without_panic(key in "[%+0-9a-g]*|\\PC*") {
            decode(&key);
        }
    }
}
