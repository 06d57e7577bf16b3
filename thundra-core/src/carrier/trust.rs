//! Trust in the sender of a carrier.

/// The trust in the sender of a carrier.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::{Inbound, Propagators, Trust};
///
/// let read = |trust| Inbound::extract([("debug-log-enabled", "true")], Propagators::default(), trust);
/// assert!(read(Trust::Full).correlation.debug_log_enabled());
/// assert!(!read(Trust::Edge).correlation.debug_log_enabled());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// A queue, a stream, an invocation or an authenticated caller. Everything sent takes effect.
    Full,
    /// An untrusted caller at the public edge. The trace context and up to 1 KiB of well-formed ids are taken. The
    /// sampling flag, the debug switch and the chain length have no effect.
    Edge,
}
