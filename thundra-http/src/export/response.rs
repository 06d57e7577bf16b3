//! A collector's response, and the content of the body.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};
use thundra_core::export::{Gzip, PartialSuccess, failure_message, partial_success};
use thundra_core::{OtlpProtocol, Signal};

/// A collector's response.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// The body of a response. The status alone decides about the request, even if the body is incomplete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Whole(Bytes),
    /// The connection broke before the end of the body.
    BrokenOff,
    /// The body did not end in time.
    Endless,
    /// The body has more bytes than the limit.
    TooLarge,
}

/// The message of a response, in the encoding of the [`OtlpProtocol`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    bytes: Bytes,
    protocol: OtlpProtocol,
}

impl Response {
    /// Unpacks the body. `None` for a body without a message of OTLP. A body larger than `limit` bytes becomes
    /// [`Body::TooLarge`].
    pub(super) fn message(&mut self, of_request: OtlpProtocol, limit: usize) -> Option<Message> {
        // Most collectors have nothing to say about an accepted request.
        let Body::Whole(bytes) = &self.body else { return None };
        if bytes.is_empty() {
            return None;
        }
        let protocol = protocol(self.header(&CONTENT_TYPE), of_request)?;
        let bytes = match self.header(&CONTENT_ENCODING) {
            "" | "identity" => bytes.clone(),
            encoding if encoding.eq_ignore_ascii_case("gzip") => match Gzip::unpack(bytes, limit) {
                Ok(Some(bytes)) => bytes.into(),
                Ok(None) => {
                    self.body = Body::TooLarge;
                    return None;
                }
                Err(_) => return None,
            },
            _ => return None,
        };
        Some(Message { bytes, protocol })
    }

    fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
    }
}

impl Message {
    /// Reads the report about an accepted request.
    pub(super) fn partial_success(&self, signal: Signal) -> Option<PartialSuccess> {
        partial_success(&self.bytes, signal, self.protocol)
    }

    /// Reads the text about a failed request; empty without a text.
    pub(super) fn failure(&self) -> String {
        failure_message(&self.bytes, self.protocol)
    }
}

/// Returns the protocol of a content type. For a type without a protocol, such as `application/octet-stream`, returns
/// the protocol of the request. A text is never protobuf.
fn protocol(content_type: &str, of_request: OtlpProtocol) -> Option<OtlpProtocol> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(OtlpProtocol::Protobuf),
        "application/json" => Some(OtlpProtocol::Json),
        text if text.starts_with("text/") && of_request == OtlpProtocol::Protobuf => None,
        _ => Some(of_request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOBUF: &[u8] = b"\x0a\x02\x08\x03";
    const JSON: &[u8] = br#"{"partialSuccess":{"rejectedSpans":"3"}}"#;

    #[test]
    fn the_content_type_says_how_a_body_is_read() {
        use OtlpProtocol::{Json, Protobuf};
        for (request, content_type, body, rejected, why) in [
            (Protobuf, None, PROTOBUF, Some(3), "no content type"),
            (Json, None, JSON, Some(3), "no content type"),
            (Protobuf, Some("application/x-protobuf"), PROTOBUF, Some(3), "as the request"),
            (Json, Some("application/json; charset=utf-8"), JSON, Some(3), "a parameter"),
            (Protobuf, Some("Application/JSON"), JSON, Some(3), "another one than the request"),
            (Json, Some("application/x-protobuf"), PROTOBUF, Some(3), "another one than the request"),
            (Protobuf, Some("application/x-protobuf"), JSON, None, "a wrong content type"),
            (Protobuf, Some("text/html"), PROTOBUF, None, "a page"),
            (Json, Some("text/plain"), JSON, Some(3), "a text that is JSON"),
            (Json, Some("text/html"), b"<html>", None, "a text that is not"),
            (Protobuf, Some("application/octet-stream"), PROTOBUF, Some(3), "a type that says nothing"),
        ] {
            let headers = content_type.map(|value| (CONTENT_TYPE, value.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            let mut response =
                Response { status: StatusCode::OK, headers, body: Body::Whole(Bytes::from_static(body)) };
            let message = response.message(request, 100);
            let read = message.and_then(|message| message.partial_success(Signal::Traces));
            assert_eq!(read.map(|partial| partial.rejected), rejected, "{why}");
        }
    }

    #[test]
    fn a_packed_body_is_unpacked_within_the_limit() {
        let packed = |body: &[u8]| Bytes::from(Gzip::new().pack(body).unwrap());
        let bomb = packed(&vec![0; 1 << 20]);
        assert!(bomb.len() < 10_000);
        for (encoding, body, limit, rejected, after, why) in [
            ("gzip", packed(PROTOBUF), 4, Some(3), None, "gzip"),
            ("GZIP", packed(PROTOBUF), 4, Some(3), None, "in upper case"),
            ("gzip", packed(PROTOBUF), 3, None, Some(Body::TooLarge), "more than the limit"),
            ("gzip", bomb, 10_000, None, Some(Body::TooLarge), "small, and large when unpacked"),
            ("gzip", Bytes::from_static(PROTOBUF), 10, None, None, "not packed after all"),
            ("gzip", packed(PROTOBUF).slice(..12), 10, None, None, "broken off"),
            ("identity", Bytes::from_static(PROTOBUF), 10, Some(3), None, "not packed"),
            ("br", Bytes::from_static(PROTOBUF), 10, None, None, "an encoding that nobody asked for"),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_ENCODING, encoding.parse().unwrap())]);
            let mut response = Response { status: StatusCode::OK, headers, body: Body::Whole(body.clone()) };
            let message = response.message(OtlpProtocol::Protobuf, limit);
            let read = message.and_then(|message| message.partial_success(Signal::Traces));
            assert_eq!(read.map(|partial| partial.rejected), rejected, "{why}");
            assert_eq!(response.body, after.unwrap_or(Body::Whole(body)), "{why}");
        }
    }
}
