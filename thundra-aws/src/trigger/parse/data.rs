//! Payloads in base64: the records of streams, and the messages of brokers.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use thundra_core::propagation::Inbound;

use super::base64::{decode, decode_into};
use super::envelope;
use super::extract::{Extractor, holds_ids};
use super::opened::Opened;

/// The payload of a record or a message.
#[derive(Debug)]
pub(crate) enum Data<'a> {
    /// The payload in base64.
    Base64(Cow<'a, str>),
    /// The decoded payload.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
    Bytes(&'a [u8]),
}

impl Data<'_> {
    /// Returns the context of the payload.
    pub(crate) fn open(&self, extractor: &Extractor<'_>) -> Option<Opened> {
        match self {
            Data::Base64(data) => open(data, extractor),
            Data::Bytes(data) => envelope::open(data, extractor),
        }
    }

    /// Returns the context of the headers beside the payload, or the context of the payload if the headers hold none.
    pub(crate) fn open_beside(&self, headers: Inbound, extractor: &Extractor<'_>) -> Opened {
        if holds_ids(&headers) && extractor.is_for_scope {
            // The headers win. The context of the payload was received all the same, and is cut out of the payload.
            return Opened { inbound: headers, ..self.own_context() };
        }
        envelope::attributes_or_body(headers, || self.open(extractor))
    }

    fn own_context(&self) -> Opened {
        match self {
            Data::Base64(data) => own_context(data),
            Data::Bytes(data) => envelope::own_context(data),
        }
    }
}

/// The length of base64 with room for a first member written by a client of this crate. A multiple of four.
const HEAD: usize = 2048;
/// The base64 of each of the [names](envelope::NAMES) at the three positions within three bytes, without the characters
/// that depend on the bytes around.
const ENCODED_NAMES: [[&str; 3]; 4] = [
    ["X19jb250ZXh0", "Y29udGV4dF9f", "X2NvbnRleHRf"],
    ["ZXNzYWdlQXR0cmlidXRlc", "Vzc2FnZUF0dHJpYnV0ZX", "lc3NhZ2VBdHRyaWJ1dGVz"],
    ["X2RhdGFkb2", "9kYXRhZG9n", "fZGF0YWRvZ"],
    ["dHJhY2VwYXJlbn", "RyYWNlcGFyZW50", "0cmFjZXBhcmVud"],
];

/// The searchers for the encoded names, made once. Making a searcher costs more than searching a short text.
static SEARCHERS: LazyLock<Vec<Finder<'static>>> =
    LazyLock::new(|| ENCODED_NAMES.as_flattened().iter().map(|name| Finder::new(*name)).collect());

/// Reads a text of at most [`HEAD`] characters as [`decode`] does, without an allocation.
fn with_decoded<T>(text: &str, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let mut buffer = [0; HEAD / 4 * 3];
    read(decode_into(text, &mut buffer)?)
}

/// Opens a payload. Only the beginning is decoded, unless one of the names occurs in the rest.
pub(crate) fn open(data: &str, extractor: &Extractor<'_>) -> Option<Opened> {
    if data.len() <= HEAD {
        return with_decoded(data, |payload| envelope::open(payload, extractor));
    }
    let head = data.get(..HEAD)?;
    if let Some(opened) = with_decoded(head, |head| Opened::of_payload(head, extractor)) {
        return Some(opened);
    }
    SEARCHERS.iter().find(|searcher| searcher.find(data.as_bytes()).is_some())?;
    envelope::open(&decode(data)?, extractor)
}

/// Finds the `__context__` of a payload without extraction.
fn own_context(data: &str) -> Opened {
    let own = SEARCHERS.iter().take(3).find(|searcher| searcher.find(data.as_bytes()).is_some());
    let decoded = own.and_then(|_| decode(data));
    decoded.map(|payload| envelope::own_context(&payload)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;
    use serde_json::json;
    use thundra_core::propagation::{Propagators, Trust};

    use super::*;

    fn extractor() -> Extractor<'static> {
        Extractor::new(Propagators::default(), Trust::Full)
    }

    fn opened(payload: &str) -> Option<String> {
        open(&BASE64_STANDARD.encode(payload), &extractor())?.context
    }

    #[test]
    fn a_context_is_found_wherever_it_stands() {
        let long = "x".repeat(10_000);
        for pad in 0..3 {
            let pad = " ".repeat(pad);
            let context = r#"{"x-correlation-id":"c-1"}"#;
            for payload in [
                format!(r#"{pad}{{"__context__":{context},"a":"{long}"}}"#),
                format!(r#"{pad}{{"a":"{long}","__context__":{context}}}"#),
                format!(r#"{pad}{{"__context__":{context}}}"#),
            ] {
                assert_eq!(opened(&payload).as_deref(), Some(context), "{}", payload.get(..20).unwrap());
            }
        }
        let large = format!(r#"{{"a":"{long}"}}"#);
        for payload in ["", "hello", r#"{"a":1}"#, r#"{"__context__":1}"#, large.as_str()] {
            assert_eq!(opened(payload), None);
        }
        assert_eq!(open("no base64!", &extractor()), None);
    }

    #[test]
    fn envelopes_are_opened_wherever_the_context_stands() {
        let ids = json!({"x-correlation-id": {"Type": "String", "Value": "c-1"}});
        for pad in (0..3).chain(3000..3003) {
            let pad = "x".repeat(pad);
            let envelope = json!({"Message": pad, "TopicArn": "arn:aws:sns:eu-west-1:1:t", "MessageAttributes": ids});
            let event = json!({"a": pad, "source": "s", "detail-type": "t", "detail": {"__context__": {"x-correlation-id": "c-1"}}});
            for payload in [envelope, event] {
                let opened = open(&BASE64_STANDARD.encode(payload.to_string()), &extractor()).unwrap();
                assert_eq!(opened.inbound.correlation.get("id"), Some("c-1"), "{}", pad.len());
            }
        }
    }

    #[test]
    fn the_encoded_names_are_those_of_the_names() {
        for (name, encoded) in envelope::NAMES.iter().zip(ENCODED_NAMES) {
            for (at, encoded) in encoded.iter().enumerate() {
                let text = format!("{}{name}", "?".repeat(at));
                assert!(BASE64_STANDARD.encode(text).contains(encoded), "{name}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_data_is_read_without_panic(data in "[A-Za-z0-9+/=]{0,64}|\\PC*", times in 1_usize..100) {
            open(&data.repeat(times), &extractor());
        }
    }
}
