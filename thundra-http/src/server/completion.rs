//! The end of a request's scope.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use http::{HeaderMap, Response};
use thundra_core::exception::Exception;
use thundra_core::{Scope, Status, export_later, semconv};

use super::duration::Measured;
use super::known_rpc_methods;
use super::request::Rpc;
use crate::semantics::headers::{self, CaptureLimit};
use crate::semantics::{attributes, grpc};
use crate::settings::settings;

/// The scope of a request, until the response is complete.
#[derive(Debug)]
pub(super) struct Completion {
    /// `None` for a request without a separate scope, or if the scope is finished.
    scope: Option<Scope>,
    /// The claimed gRPC call. `None` if the request or the response is not gRPC.
    rpc: Option<Rpc>,
    /// `None` where nobody wants metrics.
    measured: Option<Box<Measured>>,
}

impl Completion {
    pub(super) fn new(scope: Scope, rpc: Option<Rpc>, measured: Option<Box<Measured>>) -> Self {
        Completion { scope: Some(scope), rpc, measured }
    }

    /// Returns the value for a request without a separate scope.
    pub(super) fn none() -> Self {
        Completion { scope: None, rpc: None, measured: None }
    }

    /// Moves the scope to the body of the response.
    pub(super) fn take(&mut self) -> Self {
        Completion { scope: self.scope.take(), rpc: self.rpc.take(), measured: self.measured.take() }
    }

    /// Records the head of the response. To a server, 5xx is an error and 4xx is not.
    pub(super) fn record_response<B>(&mut self, response: &Response<B>) {
        let Some(scope) = &self.scope else { return };
        let status = response.status();
        scope.describe_further(|root| root.number(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16()));
        if let Some(measured) = &mut self.measured {
            measured.status = Some(status.as_u16());
        }
        if scope.recorded() {
            let names = &settings().captured_headers.server_response;
            headers::capture(response.headers(), names, headers::RESPONSE_HEADER, CaptureLimit::NONE, |key, value| {
                scope.set_attribute(&key, value);
            });
        }
        if status.is_server_error() {
            set_error(scope, &mut self.measured, status.as_str().to_owned());
        }
        // A request alone does not prove gRPC: otherwise the sender could choose any span name.
        self.rpc = self.rpc.take_if(|_| grpc::is_response(response.headers()));
        if let Some(rpc) = &mut self.rpc {
            rpc.is_named = rpc.is_route
                || grpc::shows_method(status, response.headers())
                || known_rpc_methods::is_known(&rpc.method);
            scope.set_attribute(semconv::RPC_SYSTEM_NAME, grpc::SYSTEM);
            // The RPC conventions dropped the attribute in v1.41.
            scope.remove_attribute(semconv::CLIENT_ADDRESS);
            if rpc.is_named {
                scope.rename(&rpc.method);
                scope.set_attribute(semconv::RPC_METHOD, rpc.method.to_string());
            } else {
                set_unknown_method(scope, rpc);
            }
        }
        self.record_rpc_status(response.headers());
    }

    /// Records the status of a gRPC call, if the headers or trailers contain a status.
    pub(super) fn record_rpc_status(&mut self, headers: &HeaderMap) {
        let (Some(scope), Some(rpc)) = (&self.scope, &self.rpc) else { return };
        let Some(code) = grpc::Code::of(headers) else { return };
        scope.set_attribute(semconv::RPC_RESPONSE_STATUS_CODE, code.name);
        if let Some(measured) = &mut self.measured {
            measured.rpc_status = Some(code.name);
        }
        match code.name {
            grpc::Code::OK => known_rpc_methods::learn(&rpc.method),
            // Some servers begin a response before noticing an unknown method.
            grpc::Code::UNIMPLEMENTED if rpc.is_named && !rpc.is_route && !known_rpc_methods::is_known(&rpc.method) => {
                set_unknown_method(scope, rpc);
            }
            _ => {}
        }
        if code.is_server_error {
            set_error(scope, &mut self.measured, code.name);
        }
    }

    /// Ends the scope after an error of the service.
    pub(super) fn fail<E: Display + 'static>(&mut self, error: &E) {
        if let Some(scope) = &self.scope {
            scope.fail(&Exception::of_value(error));
            scope.set_attribute(semconv::ERROR_TYPE, "service_failed");
        }
        note_error(&mut self.measured, "service_failed");
        self.finish();
    }

    /// Ends the scope after an error of the response body.
    pub(super) fn fail_body(&mut self) {
        self.end("body_failed", "the response's body failed");
    }

    /// Ends the scope after the caller disconnected.
    pub(super) fn cancel(&mut self) {
        self.end("cancelled", "the caller went away");
    }

    fn end(&mut self, error_type: &'static str, message: &'static str) {
        if let Some(scope) = &self.scope {
            scope.set_error(error_type, message);
        }
        note_error(&mut self.measured, error_type);
        self.finish();
    }

    /// Runs a step of the service in the scope. A panic is recorded and resumed.
    ///
    /// A step stores its result: one that is returned would be copied at each level out of the scope.
    pub(super) fn enter(&mut self, step: impl FnOnce()) {
        let Some(scope) = &self.scope else { return step() };
        catch_unwind(AssertUnwindSafe(|| scope.enter(step))).unwrap_or_else(|panic| self.end_by_panic(panic))
    }

    #[cold]
    fn end_by_panic(&mut self, panic: Box<dyn Any + Send>) -> ! {
        if let Some(scope) = &self.scope {
            scope.fail(&Exception::panic(&*panic));
        }
        note_error(&mut self.measured, "panic");
        self.finish();
        resume_unwind(panic)
    }

    /// Ends the scope and queues the spans for export.
    pub(super) fn finish(&mut self) {
        if let Some(scope) = self.scope.take() {
            if let Some(measured) = self.measured.take() {
                measured.end(*scope, self.rpc.as_ref());
            }
            export_later(scope.finish());
        }
    }
}

/// Names the span `grpc`. The method may be an invention of the caller.
fn set_unknown_method(scope: &Scope, rpc: &Rpc) {
    scope.rename(grpc::SYSTEM);
    scope.set_attribute(semconv::RPC_METHOD, attributes::OTHER);
    scope.set_attribute(semconv::RPC_METHOD_ORIGINAL, rpc.method.to_string());
}

fn set_error(scope: &Scope, measured: &mut Option<Box<Measured>>, error_type: impl Into<Cow<'static, str>>) {
    let error_type = error_type.into();
    note_error(measured, error_type.clone());
    scope.set_attribute(semconv::ERROR_TYPE, error_type);
    scope.set_status(Status::error(""));
}

fn note_error(measured: &mut Option<Box<Measured>>, error_type: impl Into<Cow<'static, str>>) {
    if let Some(measured) = measured {
        measured.error_type = Some(error_type.into());
    }
}
