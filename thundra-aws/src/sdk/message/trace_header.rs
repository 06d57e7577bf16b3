//! The X-Ray header as a member of a message, for services that deliver it from there.

use thundra_core::propagation::{Outbound, XRAY_HEADER};

/// The X-Ray header that the HTTP request of a call gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum TraceHeader {
    /// The header of the invocation.
    #[default]
    Received,
    /// A header that names the span of the call.
    Own(String),
    /// No header, because it would win over the one that the caller wrote into the message.
    Callers,
}

/// Sets the header unless the caller did, and replaces one that was forwarded. Returns `true` if it was set.
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
