//! The X-Ray header as a member of a request, where a service hands it on from there.

use thundra_core::propagation::Outbound;

/// Sets it unless the caller did; whether it was set. A service refuses one of more than `max` bytes.
pub(crate) fn set(header: &mut Option<String>, outbound: &Outbound, max: usize) -> bool {
    if header.is_some() {
        return false;
    }
    *header = outbound.xray_header_within(max);
    header.is_some()
}
