//! Trust in the sender of a carrier.

/// The trust in the sender of a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The sender is a queue, a stream, an invocation or an authenticated caller. Everything it sent takes effect.
    Full,
    /// The sender is an untrusted caller at the public edge. Its trace context and up to 1 KiB of well-formed ids are taken. Its
    /// sampling flag, debug switch and chain length have no effect.
    Edge,
}
