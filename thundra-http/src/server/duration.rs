//! The duration of requests to a server, sampled or not.

use std::borrow::Cow;
use std::time::Instant;

use http::Request;
use thundra_core::metrics::{Instrument, are_wanted};
use thundra_core::{ScopeRef, semconv};

use super::request::{self, Rpc};
use crate::semantics::{attributes, grpc};
use crate::tokio_runtime;

static HTTP: Instrument =
    Instrument::histogram("http.server.request.duration", "s", "Duration of HTTP server requests.");
static RPC: Instrument = Instrument::histogram(
    "rpc.server.call.duration",
    "s",
    "Measures the duration of an incoming Remote Procedure Call (RPC).",
);

/// A request with a measured duration.
#[derive(Debug)]
pub(super) struct Measured {
    began: Instant,
    method: &'static str,
    scheme: &'static str,
    route: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) rpc_status: Option<&'static str>,
    pub(super) error_type: Option<Cow<'static, str>>,
}

impl Measured {
    /// Begins to measure a request. `None` where nobody wants metrics.
    #[inline]
    pub(super) fn begin<B>(request: &Request<B>) -> Option<Box<Self>> {
        tokio_runtime::note();
        are_wanted().then(|| {
            Box::new(Measured {
                began: Instant::now(),
                method: attributes::method(request.method()),
                scheme: request::scheme(request),
                route: request::route(request).map(str::to_owned),
                status: None,
                rpc_status: None,
                error_type: None,
            })
        })
    }

    /// Records the duration in the scope of the request. `rpc` is the gRPC call, if the response is gRPC.
    #[cold]
    pub(super) fn end(self, scope: ScopeRef, rpc: Option<&Rpc>) {
        let mut attributes = Vec::with_capacity(6);
        let instrument = match rpc {
            Some(rpc) => {
                let method = if rpc.is_named { Cow::from(rpc.method.to_string()) } else { attributes::OTHER.into() };
                attributes.push((semconv::RPC_SYSTEM_NAME, grpc::SYSTEM.into()));
                attributes.push((semconv::RPC_METHOD, method.into()));
                let status = self.rpc_status.map(|status| (semconv::RPC_RESPONSE_STATUS_CODE, status.into()));
                attributes.extend(status);
                &RPC
            }
            None => {
                attributes.push((semconv::HTTP_REQUEST_METHOD, self.method.into()));
                attributes.push((semconv::URL_SCHEME, self.scheme.into()));
                attributes.extend(self.route.map(|route| (semconv::HTTP_ROUTE, route.into())));
                attributes.extend(self.status.map(|status| (semconv::HTTP_RESPONSE_STATUS_CODE, status.into())));
                &HTTP
            }
        };
        attributes.extend(self.error_type.map(|error_type| (semconv::ERROR_TYPE, error_type.into())));
        scope.record(instrument, self.began.elapsed().as_secs_f64(), &attributes);
    }
}
