//! Faults of a collector.

use std::time::Duration;

/// The fault of a collector.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fault {
    /// The collector accepts everything.
    #[default]
    None,
    /// The collector accepts everything, after this time.
    Slow(Duration),
    /// The collector reads a request, and never responds.
    Hanging,
    /// The collector resets the connection in the middle of a request.
    Resetting,
    /// The port is closed.
    Refusing,
    /// The collector closes the sending side of the connection instead of a response, and goes on reading.
    HalfClosed,
    /// The collector refuses with this status and this `Retry-After`.
    Status(u16, Option<&'static str>),
    /// The collector rejects this number of spans of each request, and reports the number in the response.
    Partial(usize),
    /// The collector accepts everything, and responds with an invalid protobuf body.
    Garbage,
    /// The collector speaks another protocol.
    OtherProtocol,
    /// The collector refuses with a body of this number of bytes.
    Huge(usize),
    /// The certificate has an unknown authority. Needs [`Collector::start_tls`](super::Collector::start_tls).
    BadCertificate,
    /// The collector accepts this number of requests, refuses as many with 503, accepts as many, and repeats.
    Flapping(usize),
}
