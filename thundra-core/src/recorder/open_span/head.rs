//! The head of an encoded span: the first fields of every span, at fixed positions.
//!
//! ```text
//! trace id │ span id │ kind │ start │ end │ parent (only a child has one) │ name
//! ```
//!
//! Values are patched in place: the trace id and the parent under the lock of the scope, the kind and the end time at
//! the end of the span.

use crate::SpanId;
use crate::otlp::write::{self, tag};

/// The positions of the values in a head.
pub(super) mod at {
    use std::ops::Range;

    pub(crate) const TRACE_ID: Range<usize> = 2..18;
    pub(crate) const SPAN_ID: Range<usize> = 20..28;
    pub(crate) const KIND: usize = 29;
    pub(crate) const START: Range<usize> = 31..39;
    pub(crate) const END: Range<usize> = 40..48;
    pub(crate) const PARENT_FIELD: Range<usize> = 48..58;
    pub(crate) const PARENT: Range<usize> = 50..58;
}

/// A head without values.
const BLANK: [u8; at::PARENT_FIELD.end] = {
    let mut head = [0; at::PARENT_FIELD.end];
    (head[0], head[1]) = (tag::SPAN_TRACE_ID, 16);
    (head[18], head[19]) = (tag::SPAN_ID, 8);
    head[28] = tag::SPAN_KIND;
    head[30] = tag::SPAN_START;
    head[39] = tag::SPAN_END;
    (head[48], head[49]) = (tag::SPAN_PARENT, 8);
    head
};

/// Encodes the head of a span, with the values known before the scope is locked.
#[inline]
pub(crate) fn encode_head(out: &mut Vec<u8>, id: SpanId, name: &str, start_unix_nano: u64) {
    let mut head = BLANK;
    head[at::SPAN_ID].copy_from_slice(&id.to_bytes());
    head[at::START].copy_from_slice(&start_unix_nano.to_le_bytes());
    out.extend_from_slice(&head);
    write::bytes(out, tag::SPAN_NAME, name.as_bytes());
}
