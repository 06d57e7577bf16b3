//! The X-Ray header as a member of a request, where a service hands it on from there.

use thundra_core::propagation::Outbound;

/// Sets it unless the caller did; whether it was set.
pub(crate) fn set(header: &mut Option<String>, outbound: &Outbound) -> bool {
    if header.is_some() {
        return false;
    }
    *header = outbound.xray_header();
    header.is_some()
}
