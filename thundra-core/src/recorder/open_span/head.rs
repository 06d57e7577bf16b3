//! The head of an encoded span: the first fields of every span, at fixed positions.
//!
//! ```text
//! room │ trace id │ span id │ kind │ start │ end │ flags │ parent (only a child has one) │ name
//! ```
//!
//! Values are patched in place: the trace id and the parent under the lock of the scope, the kind, the end time and the
//! flags at the end of the span. The room at the begin takes the tag and the length of the span then.

use crate::SpanId;
use crate::otlp::write::{self, Buffer, Out, tag};

/// The positions of the values in a head.
pub(super) mod at {
    use std::ops::Range;

    /// The room for the tag and the length of the span.
    pub(crate) const ROOM: usize = 3;
    pub(crate) const TRACE_ID: Range<usize> = 5..21;
    pub(crate) const SPAN_ID: Range<usize> = 23..31;
    pub(crate) const KIND: usize = 32;
    pub(crate) const START: Range<usize> = 34..42;
    pub(crate) const END: Range<usize> = 43..51;
    pub(crate) const FLAGS: Range<usize> = 53..57;
    pub(crate) const PARENT_FIELD: Range<usize> = 57..67;
    pub(crate) const PARENT: Range<usize> = 59..67;
}

/// The position of the name's tag.
const NAME: usize = at::PARENT_FIELD.end;

/// A head without values, up to the tag of the name.
const BLANK: [u8; NAME + 1] = {
    let mut head = [0; NAME + 1];
    (head[3], head[4]) = (tag::SPAN_TRACE_ID, 16);
    (head[21], head[22]) = (tag::SPAN_ID, 8);
    head[31] = tag::SPAN_KIND;
    head[33] = tag::SPAN_START;
    head[42] = tag::SPAN_END;
    [head[51], head[52]] = tag::SPAN_FLAGS;
    (head[57], head[58]) = (tag::SPAN_PARENT, 8);
    head[NAME] = tag::SPAN_NAME;
    head
};

/// Encodes the head of a span as the first bytes, with the values known before the scope is locked.
#[inline(always)]
pub(crate) fn encode_head(out: &mut Buffer, id: SpanId, name: &str, start_unix_nano: u64) {
    out.clear();
    if name.len() >= 0x80 || !out.put_pair(BLANK, &[], [name.len() as u8], name.as_bytes()) {
        put_long_head(out, name);
    }
    if let Some(head) = out.first_mut::<{ BLANK.len() }>() {
        head[at::SPAN_ID].copy_from_slice(&id.to_bytes());
        head[at::START].copy_from_slice(&start_unix_nano.to_le_bytes());
    }
}

/// Replaces the name in a head. Nothing follows the head.
pub(crate) fn rename_head(head: &mut Buffer, name: &str) {
    head.truncate(NAME);
    write::bytes(head, tag::SPAN_NAME, name.as_bytes());
}

#[cold]
#[inline(never)]
fn put_long_head(out: &mut Buffer, name: &str) {
    out.put(&BLANK[..NAME]);
    write::bytes(out, tag::SPAN_NAME, name.as_bytes());
}
