//! The X-Ray header as a member of a request, where a service hands it on from there.

use thundra_core::propagation::{Outbound, XRAY_HEADER};

/// Sets it unless the caller did, and replaces one that was merely forwarded; whether it is ours. A service refuses one of
/// more than `max` bytes.
pub(crate) fn set(header: &mut Option<String>, outbound: &Outbound, max: usize) -> bool {
    if header.as_deref().is_some_and(|present| !outbound.is_forwarded(XRAY_HEADER, present)) {
        return false;
    }
    let Some(own) = outbound.xray_header_within(max) else { return false };
    *header = Some(own);
    true
}
