//! An OTLP receiver for tests.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;

use thundra_core::testing::Recorded;

use super::received::Received;
use super::server::Server;
use super::trace_of::TraceOf;

/// An OTLP/HTTP receiver of traces, logs and metrics, in protobuf and JSON, plain and with gzip.
///
/// The receiver runs on a separate thread. A test may therefore block. Dropping the collector closes the port. Spans
/// received again, after a retry, are kept once.
///
/// # Examples
///
/// ```no_run
/// use std::process::Command;
/// use thundra_http::testing::Collector;
///
/// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
/// let collector = Collector::start()?;
/// Command::new("./bootstrap").arg("event.json").envs(collector.environment()).status()?;
/// println!("{}", collector.trace_of("order-1").await?.tree());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Arc<Received>,
    _server: Server,
}

impl Collector {
    /// Starts a collector on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// No port can be opened, or no thread started.
    pub fn start() -> io::Result<Self> {
        Self::listen((Ipv4Addr::LOCALHOST, 0))
    }

    /// Starts a collector at an address, for example `0.0.0.0:4318` for functions in containers.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn listen(address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let (address, received) = (listener.local_addr()?, Arc::<Received>::default());
        let server = Server::start(listener, received.clone())?;
        Ok(Collector { address, received, _server: server })
    }

    /// Returns the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the value for `OTEL_EXPORTER_OTLP_ENDPOINT`, for example `http://127.0.0.1:41234`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the environment variables for a program under test, to export to the collector.
    pub fn environment(&self) -> [(&'static str, String); 1] {
        [("OTEL_EXPORTER_OTLP_ENDPOINT", self.endpoint())]
    }

    /// Waits for the whole trace with an id: a correlation id, a trace id, or any other value of an attribute. [The
    /// module](super) defines a whole trace.
    pub fn trace_of(&self, id: impl Into<String>) -> TraceOf<'_> {
        TraceOf::new(&self.received, id.into())
    }

    /// Returns all spans and log records received so far.
    pub fn recorded(&self) -> Recorded {
        self.received.all()
    }
}
