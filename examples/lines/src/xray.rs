//! Trace ids of X-Ray.

use thundra_core::TraceId;

/// Reads an X-Ray trace id (`1-5759e988-bd862e3fe1be46a994272793`) as the W3C trace id of the same trace.
pub(crate) fn trace_id(text: &str) -> Option<TraceId> {
    let (time, unique) = text.strip_prefix("1-")?.split_once('-')?;
    TraceId::from_hex(&format!("{time}{unique}"))
}
