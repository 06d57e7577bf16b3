//! A measured call and the span of the call.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_smithy_observability::{AttributeValue, Attributes};
use thundra_core::metrics::are_wanted;
use thundra_core::{ScopeRef, SpanExt, Status, diagnostics, semconv};
use tracing::Span;

use crate::sdk::duration::measured;
use crate::sdk::{self, services};

/// HTTP status of the last response.
const STATUS_CODE: &str = "http.status_code";
thread_local! {
    /// The last call of the thread, until the interceptor runs.
    static BEGUN: Cell<Option<Arc<Measured>>> = const { Cell::new(None) };
}

/// Leaves a beginning call to the interceptor. The SDK has just created the instruments of the call, on the same
/// thread.
pub(crate) fn is_wrapped() {
    if let Ok(Some(call)) = BEGUN.try_with(Cell::take) {
        call.settled.store(true, Ordering::Relaxed);
    }
}

/// A measured call.
#[derive(Debug)]
pub(super) struct Measured {
    /// Last part of the name of the SDK crate.
    service: &'static str,
    started: SystemTime,
    /// `rpc.service` and `rpc.method`, once the request was sent.
    operation: OnceLock<(String, String)>,
    /// `true` once the call is recorded, or left to the interceptor.
    settled: AtomicBool,
}

impl Measured {
    pub(super) fn begin(service: &'static str) -> Arc<Self> {
        let (operation, settled) = (OnceLock::new(), AtomicBool::new(false));
        let call = Arc::new(Measured { service, started: SystemTime::now(), operation, settled });
        let _ = BEGUN.try_with(|begun| begun.set(Some(call.clone())));
        call
    }

    /// Keeps the operation after the request was sent, in case the end of the call is never measured.
    pub(super) fn sent(&self, attributes: &Attributes) {
        if !self.is_settled()
            && self.operation.get().is_none()
            && let Some(operation) = operation(attributes)
        {
            let _ = self.operation.set(operation);
        }
    }

    /// Records a call with a measured end. A presigned request has neither a status nor an error.
    pub(super) fn ended(&self, outcome: &Attributes) {
        if self.settle() {
            return;
        }
        let status = match outcome.attributes().get(STATUS_CODE) {
            Some(AttributeValue::I64(status)) => Some(*status),
            _ => None,
        };
        let error_type = match outcome.attributes().get(semconv::ERROR_TYPE) {
            // The metrics do not have the error code of the service.
            Some(AttributeValue::String(kind)) => Some(match (kind.as_str(), status) {
                ("operation", Some(status)) => status.to_string(),
                ("timeout" | "connector" | "response", _) => kind.clone(),
                _ => "_OTHER".to_owned(),
            }),
            _ => None,
        };
        if status.is_none() && error_type.is_none() {
            return;
        }
        let Some(operation) = operation(outcome) else { return };
        self.measure(&operation, error_type.clone().map(Cow::from));
        let Some(span) = self.span(&operation) else { return };
        if let Some(status) = status {
            span.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, status);
        }
        if let Some(error_type) = error_type {
            fail(&span, &error_type);
        }
        self.remind();
    }

    /// Records a call whose future was dropped after the request was sent.
    pub(super) fn dropped(&self) {
        if !self.settle()
            && let Some(operation) = self.operation.get()
        {
            self.measure(operation, Some("cancelled".into()));
            if let Some(span) = self.span(operation) {
                fail(&span, "cancelled");
                self.remind();
            }
        }
    }

    fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// Settles the call. Returns `true` if the call was settled before, as most calls are by the interceptor.
    fn settle(&self) -> bool {
        self.is_settled() || self.settled.swap(true, Ordering::Relaxed)
    }

    fn measure(&self, (service, method): &(String, String), error_type: Option<Cow<'static, str>>) {
        if are_wanted() && !thundra_core::is_telemetry_suppressed() {
            let duration = self.started.elapsed().unwrap_or_default();
            measured(ScopeRef::current(), service, method, duration, error_type);
        }
    }

    /// Returns the span of the call, below the current one. `None` outside a scope.
    fn span(&self, (service, method): &(String, String)) -> Option<Span> {
        if ScopeRef::current().is_none() || thundra_core::is_telemetry_suppressed() {
            return None;
        }
        let span = sdk::call::span(service, method);
        span.set_start_time(self.started);
        Some(span)
    }

    /// Prints the code for a wrapped client, once for each service.
    fn remind(&self) {
        let service = self.service;
        if services::is_of_credentials(service) {
            return;
        }
        let client = match services::has_module(service) {
            true => format!("thundra_aws::{service}::client(&config)"),
            false => format!("thundra_aws::client!(aws_sdk_{service}, &config)"),
        };
        diagnostics::once(
            &format!("unwrapped.{service}"),
            format_args!(
                "a client of aws_sdk_{service} is not wrapped: its calls are recorded, but carry no ids. Create the \
                 client with {client}"
            ),
        );
    }
}

fn fail(span: &Span, error_type: &str) {
    span.set_attribute(semconv::ERROR_TYPE, error_type.to_owned());
    span.set_status(Status::error(error_type.to_owned()));
}

fn operation(attributes: &Attributes) -> Option<(String, String)> {
    let text = |key| match attributes.attributes().get(key) {
        Some(AttributeValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    Some((text(semconv::RPC_SERVICE)?, text(semconv::RPC_METHOD)?))
}
