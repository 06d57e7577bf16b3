//! The X-Ray header as a member of a message, for services with such a member.

use thundra_core::propagation::{Outbound, XRAY_HEADER};

/// The X-Ray header of the HTTP request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum TraceHeader {
    /// The header of the invocation.
    #[default]
    Received,
    /// A header with the span of the call.
    Own(String),
    /// No header, because a header of the request wins over the caller's header in the message.
    Callers,
}

/// Sets the header, or replaces a forwarded header. Returns `false` if the header of the caller stays.
///
/// The service refuses a header of more than `max` bytes.
pub(crate) fn set(header: &mut Option<String>, outbound: &Outbound, max: usize) -> bool {
    if header.as_deref().is_some_and(|present| !outbound.is_forwarded(XRAY_HEADER, present)) {
        return false;
    }
    let Some(own) = outbound.xray_header_within(max) else { return false };
    *header = Some(own);
    true
}
