//! A call as it is measured, and the span that is made of it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_smithy_observability::{AttributeValue, Attributes};
use thundra_core::{ScopeRef, SpanExt, Status, diagnostics, semconv};
use tracing::Span;

use crate::sdk::{self, services};

/// The status of the last answer, where there was one.
const STATUS_CODE: &str = "http.status_code";
thread_local! {
    /// The call that began last on this thread, until its interceptor is found.
    static BEGUN: Cell<Option<Arc<Measured>>> = const { Cell::new(None) };
}

/// Says that the call that begins has the interceptor, whether that records it or not. Its instruments were made on
/// this thread, with nothing in between.
pub(crate) fn is_wrapped() {
    if let Ok(Some(call)) = BEGUN.try_with(Cell::take) {
        call.settled.store(true, Ordering::Relaxed);
    }
}

/// A call that is measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// The name of its service in that of the SDK crate.
    service: &'static str,
    started: SystemTime,
    /// `rpc.service` and `rpc.method`, from when its request has left.
    operation: OnceLock<(String, String)>,
    /// Whether there is nothing more to say of it.
    settled: AtomicBool,
}

impl Measured {
    pub(super) fn begin(service: &'static str) -> Arc<Self> {
        let (operation, settled) = (OnceLock::new(), AtomicBool::new(false));
        let call = Arc::new(Measured { service, started: SystemTime::now(), operation, settled });
        let _ = BEGUN.try_with(|begun| begun.set(Some(call.clone())));
        call
    }

    /// Takes note of what a call is, once its request has left: in case that its end is never measured.
    pub(super) fn sent(&self, attributes: &Attributes) {
        if !self.is_settled()
            && self.operation.get().is_none()
            && let Some(operation) = operation(attributes)
        {
            let _ = self.operation.set(operation);
        }
    }

    /// Records a call that was measured to its end. What is presigned has neither an answer nor an error.
    pub(super) fn ended(&self, outcome: &Attributes) {
        if self.settle() {
            return;
        }
        let status = match outcome.attributes().get(STATUS_CODE) {
            Some(AttributeValue::I64(status)) => Some(*status),
            _ => None,
        };
        let error_type = match outcome.attributes().get(semconv::ERROR_TYPE) {
            // The service's own word for it is not among what is measured.
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
        let Some(span) = operation(outcome).and_then(|operation| self.span(&operation)) else { return };
        if let Some(status) = status {
            span.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, status);
        }
        if let Some(error_type) = error_type {
            fail(&span, &error_type);
        }
        self.remind();
    }

    /// Records a call that was sent, and whose end was never measured: its future was dropped.
    pub(super) fn dropped(&self) {
        if !self.settle()
            && let Some(span) = self.operation.get().and_then(|operation| self.span(operation))
        {
            fail(&span, "cancelled");
            self.remind();
        }
    }

    fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// Settles it, and says whether it was settled before: most calls are, by their interceptor.
    fn settle(&self) -> bool {
        self.is_settled() || self.settled.swap(true, Ordering::Relaxed)
    }

    /// Its span, below the current one. `None` where nobody listens.
    fn span(&self, (service, method): &(String, String)) -> Option<Span> {
        if ScopeRef::current().is_none() || thundra_core::is_telemetry_suppressed() {
            return None;
        }
        let span = sdk::call::span(service, method);
        span.set_start_time(self.started);
        Some(span)
    }

    /// Names what to write instead, once for each service.
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
            &format!("forgotten.{service}"),
            format_args!(
                "a client of aws_sdk_{service} is not wrapped: its calls are recorded, but carry no ids; {client} \
                 makes one that is"
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
