//! What only the bytes of a span tell.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};
use thundra_core::semconv;

use super::super::answer::duration;
use crate::rows::{cut, find, is_correlation, text, text_of};
use crate::store::hex;

/// The most links of a span in an answer.
const MAX_LINKS: usize = 1000;

/// The details of a span.
pub(super) struct Detail {
    /// The type of the error.
    pub(super) error: Option<String>,
    pub(super) events: usize,
    /// Why a call carries no context.
    pub(super) skipped: Option<String>,
    /// What a root says of the work it began.
    pub(super) root: Option<Value>,
    /// The trace ids and span ids of links.
    pub(super) links: Vec<(String, i64)>,
    /// The id of the message that the span works on, and the number of its delivery.
    pub(super) message: Option<String>,
    /// The number of the attempt at a request.
    pub(super) resent: Option<i64>,
}

impl Detail {
    pub(super) fn read(raw: &[u8], is_root: bool) -> Option<Self> {
        let span = Span::decode(raw).ok()?;
        let attributes = &span.attributes;
        let owned = |key: &str| text_of(attributes, key).map(|text| cut(text).to_owned());
        let number = |key: &str| match find(attributes, key)? {
            Any::IntValue(number) => Some(*number as f64),
            Any::DoubleValue(number) if number.is_finite() => Some(*number),
            _ => None,
        };
        let exception = || {
            let event = span.events.iter().find(|event| event.name == "exception")?;
            text_of(&event.attributes, semconv::EXCEPTION_TYPE).map(|text| cut(text).to_owned())
        };
        let status =
            || span.status.as_ref().map(|status| cut(&status.message).to_owned()).filter(|text| !text.is_empty());
        let is_error = span.status.as_ref().is_some_and(|status| status.code == 2);
        let error = is_error.then(|| owned(semconv::ERROR_TYPE).or_else(exception).or_else(status)).flatten();
        let links = span.links.iter().take(MAX_LINKS).filter_map(|link| {
            Some((hex(&link.trace_id), i64::from_be_bytes(link.span_id.as_slice().try_into().ok()?)))
        });
        let correlation = attributes.iter().find(|pair| is_correlation(&pair.key)).and_then(|pair| pair.value.as_ref());
        let root = is_root.then(|| {
            json!({
                "parent_source": owned(semconv::THUNDRA_PARENT_SOURCE),
                "queue": number(semconv::THUNDRA_QUEUE_TIME_MS).map(|time| duration((time * 1e6) as i64)),
                "delivery": number(semconv::AWS_SQS_RECEIVE_COUNT),
                "cold_start": match find(attributes, semconv::FAAS_COLDSTART) {
                    Some(Any::BoolValue(flag)) => Some(*flag),
                    _ => None,
                },
                "request_id": owned(semconv::FAAS_INVOCATION_ID),
                "trigger": owned(semconv::FAAS_TRIGGER),
                "correlation": correlation.map(|value| cut(&text(value)).to_owned()),
                "batch": number(semconv::MESSAGING_BATCH_MESSAGE_COUNT),
                "failures": number(semconv::THUNDRA_BATCH_FAILURES),
            })
        });
        Some(Detail {
            error,
            events: span.events.len(),
            skipped: owned(semconv::THUNDRA_INJECTION_SKIPPED),
            root,
            links: links.collect(),
            message: owned(semconv::MESSAGING_MESSAGE_ID).filter(|_| span.kind == 5 || is_root),
            resent: number(semconv::HTTP_REQUEST_RESEND_COUNT).map(|count| count as i64),
        })
    }
}
