//! The duration of calls by host, sampled or not, also outside of scopes.

use std::time::Instant;

use http::Uri;
use thundra_core::metrics::{Instrument, are_wanted, record};
use thundra_core::{ScopeRef, Value, semconv};

use crate::semantics::attributes::{self, Place};
use crate::semantics::grpc;
use crate::tokio_runtime;

static HTTP: Instrument =
    Instrument::histogram("http.client.request.duration", "s", "Duration of HTTP client requests.");
static RPC: Instrument = Instrument::histogram(
    "rpc.client.call.duration",
    "s",
    "Measures the duration of an outgoing Remote Procedure Call (RPC).",
);

/// A call with a measured duration.
#[derive(Debug)]
pub(super) struct Measured {
    began: Instant,
    /// The scope at the beginning of the call. The call may end elsewhere.
    scope: Option<ScopeRef>,
    method: &'static str,
    rpc: Option<String>,
    server: [Option<(&'static str, Value)>; 2],
}

/// The outcome of a call.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The status of a response.
    pub(super) status: Option<u16>,
    pub(super) rpc_status: Option<&'static str>,
    /// `true` if the response was gRPC.
    pub(super) is_rpc: bool,
    pub(super) error_type: Option<Value>,
}

impl Measured {
    /// Begins to measure a call. `None` where nobody wants metrics.
    #[inline]
    pub(super) fn begin(
        method: &'static str,
        rpc: Option<&str>,
        uri: &Uri,
        place: Option<Place<'_>>,
    ) -> Option<Box<Self>> {
        tokio_runtime::note();
        are_wanted().then(|| {
            let address = place.map(|place| place.address().to_owned());
            let port = attributes::port(uri, place);
            Box::new(Measured {
                began: Instant::now(),
                scope: ScopeRef::current(),
                method,
                rpc: rpc.map(str::to_owned),
                server: [
                    address.map(|address| (semconv::SERVER_ADDRESS, address.into())),
                    port.map(|port| (semconv::SERVER_PORT, port.into())),
                ],
            })
        })
    }

    /// Records the duration.
    #[cold]
    pub(super) fn end(self, outcome: Outcome) {
        let Measured { began, scope, method, rpc, server } = self;
        let mut attributes: Vec<_> = server.into_iter().flatten().collect();
        attributes.extend(outcome.error_type.map(|error_type| (semconv::ERROR_TYPE, error_type)));
        let instrument = match rpc.filter(|_| outcome.is_rpc) {
            Some(rpc) => {
                attributes.push((semconv::RPC_SYSTEM_NAME, grpc::SYSTEM.into()));
                attributes.push((semconv::RPC_METHOD, rpc.into()));
                let status = outcome.rpc_status.map(|status| (semconv::RPC_RESPONSE_STATUS_CODE, status.into()));
                attributes.extend(status);
                &RPC
            }
            None => {
                attributes.push((semconv::HTTP_REQUEST_METHOD, method.into()));
                attributes.extend(outcome.status.map(|status| (semconv::HTTP_RESPONSE_STATUS_CODE, status.into())));
                &HTTP
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        match scope {
            Some(scope) => scope.record(instrument, seconds, &attributes),
            None => record(instrument, seconds, &attributes),
        }
    }
}
