//! Marks on the scope of an invocation: what one part of this crate lets another know. From bit 16 on they are those of
//! thundra-http.

/// The handler was called: the event could be read as its type.
pub(crate) const CALLED: u32 = 1;
/// The event is a request: its response has a status.
pub(crate) const HTTP: u32 = 1 << 1;
/// The event is a batch that [`batch::each`](crate::batch::each) can work on.
pub(crate) const BATCH: u32 = 1 << 2;
/// It did.
pub(crate) const EACH: u32 = 1 << 3;
/// The event was written by an untrusted caller.
pub(crate) const UNTRUSTED: u32 = 1 << 4;
