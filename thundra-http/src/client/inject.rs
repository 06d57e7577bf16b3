//! Our context in the headers of a request.
//!
//! Headers of the program win over ours. The exception is a forwarded header, with the value received by the scope. Our
//! header replaces a forwarded header. All our headers of a request together have at most 4 KiB.

use http::header::{Entry, HeaderName};
use http::{HeaderMap, HeaderValue};
use thundra_core::propagation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, HeaderText, Outbound, XRAY_HEADER,
    header_bytes,
};

use crate::propagation_policy::Reach;

/// The size of all our headers of a request. Servers refuse a request with more than about 8 KiB of headers, and most
/// of the space belongs to the program.
const MAX_BYTES: usize = 4096;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Returns the name of a header written by [`inject`], except the headers of the program's own correlation ids.
fn known_name(key: &str) -> Option<HeaderName> {
    Some(match key {
        "traceparent" => TRACEPARENT,
        "tracestate" => TRACESTATE,
        "baggage" => const { HeaderName::from_static("baggage") },
        XRAY_HEADER => const { HeaderName::from_static(XRAY_HEADER) },
        CALL_CHAIN_LENGTH => const { HeaderName::from_static(CALL_CHAIN_LENGTH) },
        DEBUG_LOG_ENABLED => const { HeaderName::from_static(DEBUG_LOG_ENABLED) },
        CORRELATION_ID => const { HeaderName::from_static(CORRELATION_ID) },
        CORRELATION_TRACEPARENT => const { HeaderName::from_static(CORRELATION_TRACEPARENT) },
        _ => return None,
    })
}

/// Returns the name of a header. `None` if a key is not a valid name.
fn name(key: &str) -> Option<HeaderName> {
    known_name(key).or_else(|| key.parse().ok())
}

/// Returns `true` if [`inject`] may write a header with the name.
#[cfg(feature = "reqwest")]
pub(super) fn may_write(name: &HeaderName) -> bool {
    known_name(name.as_str()).is_some() || name.as_str().starts_with("x-correlation-")
}

/// Adds the context to the headers: as much as the host may get, the most important headers first, up to 4 KiB. Returns
/// `true` if a header was left out.
pub(super) fn inject(outbound: &Outbound, reach: Reach, headers: &mut HeaderMap) -> bool {
    if reach == Reach::Nothing {
        return false;
    }
    // A trace context of the program's own is not mixed with ours. Our `traceparent` is the first header, and meets it.
    let tracecontext = outbound.formats.tracecontext;
    let mut has_own_context =
        !tracecontext && headers.contains_key(&TRACEPARENT) && !is_forwarded(outbound, headers, &TRACEPARENT);
    let is_trace = |key: &str| [TRACESTATE.as_str(), XRAY_HEADER, CORRELATION_TRACEPARENT].contains(&key);
    let (mut room, mut left_out) = (MAX_BYTES, false);
    let mut write = |key: &str, text: HeaderText<'_>| {
        if has_own_context && is_trace(key) {
            return;
        }
        let Some(name) = name(key) else {
            left_out = true;
            return;
        };
        let place = match headers.entry(name) {
            Entry::Occupied(present) if !were_received(outbound, key, present.iter()) => {
                has_own_context |= key == TRACEPARENT;
                return;
            }
            place => place,
        };
        let bytes = header_bytes(key, &text);
        let Some(value) = value(text).filter(|_| bytes <= room) else {
            left_out = true;
            return;
        };
        match place {
            Entry::Occupied(mut present) => drop(present.insert(value)),
            Entry::Vacant(place) => drop(place.insert(value)),
        }
        room -= bytes;
    };
    match reach {
        Reach::Everything => outbound.each_header(write),
        _ => outbound
            .trace_pairs()
            .into_iter()
            .for_each(|(key, value)| write(key, HeaderText::Ascii(value.into_bytes()))),
    }
    let has_state = outbound.context.trace_state.is_some();
    if tracecontext && !has_own_context && !has_state && outbound.may_have_received_state() {
        remove_forwarded_state(outbound, headers);
    }
    left_out
}

/// Returns the value of a header. `None` for a text that no header can hold.
fn value(text: HeaderText<'_>) -> Option<HeaderValue> {
    match text {
        HeaderText::Static(text) => Some(HeaderValue::from_static(text)),
        HeaderText::Borrowed(text) => HeaderValue::from_str(text).ok(),
        HeaderText::Ascii(text) => HeaderValue::try_from(text).ok(),
    }
}

/// Removes a forwarded `tracestate` in a scope without a state. The header belongs to another context.
fn remove_forwarded_state(outbound: &Outbound, headers: &mut HeaderMap) {
    if headers.contains_key(&TRACESTATE) && is_forwarded(outbound, headers, &TRACESTATE) {
        headers.remove(&TRACESTATE);
    }
}

fn is_forwarded(outbound: &Outbound, headers: &HeaderMap, name: &HeaderName) -> bool {
    were_received(outbound, name.as_str(), headers.get_all(name).iter())
}

/// Returns `true` if the scope received the same values of a header.
fn were_received<'a>(outbound: &Outbound, key: &str, values: impl Iterator<Item = &'a HeaderValue>) -> bool {
    let text = |value: &'a HeaderValue| std::str::from_utf8(value.as_bytes()).ok();
    let mut values = values.map(text);
    match (values.next(), values.next()) {
        (Some(Some(value)), None) => outbound.are_forwarded(key, &[value]),
        (first, second) => {
            let values: Option<Vec<_>> = first.into_iter().chain(second).chain(values).collect();
            values.is_some_and(|values| outbound.are_forwarded(key, &values))
        }
    }
}
