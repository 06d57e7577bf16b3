//! What may be wrong with a collector.

use std::time::Duration;

/// The fault of a collector.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fault {
    /// It takes everything.
    #[default]
    None,
    /// It takes everything, after this time.
    Slow(Duration),
    /// It reads a request, and never responds.
    Hanging,
    /// It resets the connection in the middle of a request.
    Resetting,
    /// Nobody listens.
    Refusing,
    /// It closes its side of the connection instead of a response, and goes on reading.
    HalfClosed,
    /// It refuses with this status and this `Retry-After`.
    Status(u16, Option<&'static str>),
    /// It refuses so many spans of each request, and says so.
    Partial(usize),
    /// It takes everything, and responds with a body that is no protobuf.
    Garbage,
    /// It speaks another protocol.
    OtherProtocol,
    /// It refuses with a body of so many bytes.
    Huge(usize),
    /// Its certificate is of an authority that nobody knows. Needs [`Collector::start_tls`](super::Collector::start_tls).
    BadCertificate,
    /// It takes this many requests, refuses as many with 503, takes as many, and so on.
    Flapping(usize),
}
