//! The duration of AWS calls by operation, whether they are sampled or not, and also outside of scopes.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use thundra_core::metrics::{Instrument, are_wanted, record};
use thundra_core::{ScopeRef, semconv};

use super::error;

static DURATION: Instrument = Instrument::histogram(
    "rpc.client.call.duration",
    "s",
    "Measures the duration of an outgoing Remote Procedure Call (RPC).",
);

/// A call whose duration is measured, kept in the configuration bag of the SDK. The SDK drops the bag with the future
/// of the call.
#[derive(Debug)]
pub(super) struct Measured {
    operation: Metadata,
    /// The scope in which the call began.
    scope: Option<ScopeRef>,
    /// `None` once the duration is recorded.
    began: Option<Instant>,
}

impl Storable for Measured {
    type Storer = StoreReplace<Self>;
}

impl Measured {
    /// Begins to measure a call. Does nothing where nobody wants metrics, and where a second interceptor measures.
    #[inline]
    pub(super) fn begin(config: &mut ConfigBag) {
        if are_wanted()
            && config.load::<Measured>().is_none()
            && let Some(operation) = config.load::<Metadata>().cloned()
        {
            let measured = Measured { operation, scope: ScopeRef::current(), began: Some(Instant::now()) };
            config.interceptor_state().store_put(measured);
        }
    }

    /// Records the call with its result.
    pub(super) fn end(&mut self, context: &FinalizerInterceptorContextRef<'_>) {
        let error = context.output_or_error().and_then(Result::err);
        self.record(error.map(|error| error::error_type(error, context.response())));
    }

    fn record(&mut self, error_type: Option<Cow<'static, str>>) {
        let Some(began) = self.began.take() else { return };
        let (service, method) = (self.operation.service(), self.operation.name());
        measured(self.scope, service, method, began.elapsed(), error_type);
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.record(Some("cancelled".into()));
    }
}

/// Records the duration of a call, retries included.
#[cold]
pub(super) fn measured(
    scope: Option<ScopeRef>,
    service: &str,
    method: &str,
    duration: Duration,
    error_type: Option<Cow<'static, str>>,
) {
    let error_type = error_type.map(|error_type| (semconv::ERROR_TYPE, error_type.into()));
    let operation = [
        (semconv::RPC_SYSTEM_NAME, "aws-api".into()),
        (semconv::RPC_SERVICE, service.to_owned().into()),
        (semconv::RPC_METHOD, method.to_owned().into()),
    ];
    let attributes: Vec<_> = operation.into_iter().chain(error_type).collect();
    match scope {
        Some(scope) => scope.record(&DURATION, duration.as_secs_f64(), &attributes),
        None => record(&DURATION, duration.as_secs_f64(), &attributes),
    }
}
