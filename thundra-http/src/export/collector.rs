//! The host of a collector. Several endpoints may share a host.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;

use super::circuit::Circuit;
use super::host::Host;
use super::response::Response;
use super::transport::{Failure, Limits, Transport};

/// A host, the connection, and the state of the host.
#[derive(Debug)]
pub(super) struct Collector {
    host: Host,
    in_background: bool,
    circuit: Circuit,
    transport: OnceLock<Transport>,
}

impl Collector {
    /// Returns the known collector on a host, or makes a new one.
    pub(super) fn shared(known: &mut Vec<Arc<Self>>, host: Host, in_background: bool) -> Arc<Self> {
        if let Some(collector) = known.iter().find(|collector| collector.host.is_same(&host)) {
            return collector.clone();
        }
        let circuit = if in_background { Circuit::in_background() } else { Circuit::new() };
        let collector = Arc::new(Collector { host, in_background, circuit, transport: OnceLock::new() });
        known.push(collector.clone());
        collector
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the circuit for failures of the host.
    pub(super) fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Closes an idle connection, possibly lost while the process was frozen.
    pub(super) fn close_frozen(&self) {
        if let Some(transport) = self.transport.get() {
            transport.close_frozen();
        }
    }

    /// Closes the idle connection. The next request opens a new connection.
    pub(super) fn renew(&self) {
        if let Some(transport) = self.transport.get() {
            transport.renew();
        }
    }

    /// Sends a request, as [`Transport::exchange`] does.
    pub(super) async fn exchange(
        &self,
        head: &Parts,
        body: &Bytes,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Response, Failure> {
        let transport = self.transport.get_or_init(|| Transport::new(&self.host, !self.in_background));
        transport.exchange(head, body, limits, deadline).await
    }
}
