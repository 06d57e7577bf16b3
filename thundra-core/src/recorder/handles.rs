//! The handles of a span, in the record of the span.

use tracing::Metadata;

/// The handles of a span.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handles {
    /// The number of handles; 0 for a span that ended, and for one whose handles are not counted here.
    pub(crate) count: u32,
    /// The record of the parent; 0 for the root, and for a parent whose handles are not counted here.
    pub(super) parent: u32,
    /// The metadata of the span.
    pub(crate) metadata: Option<&'static Metadata<'static>>,
}
