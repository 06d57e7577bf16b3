//! How the scope of a request ends.

use std::borrow::Cow;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use http::{HeaderMap, Response};
use thundra_core::{Scope, Status, export_later, formatted, semconv};

use super::known_rpc_methods as methods;
use super::request::Rpc;
use crate::semantics::headers::{self, CaptureLimit};
use crate::semantics::{attributes, grpc};
use crate::settings::settings;

/// The scope of a request that is not answered to its end, if it has one of its own.
#[derive(Debug)]
pub(super) struct Ending {
    scope: Option<Scope>,
    /// What the request says, where it says that it is gRPC and the answer does not deny it.
    rpc: Option<Rpc>,
}

impl Ending {
    pub(super) fn new(scope: Scope, rpc: Option<Rpc>) -> Self {
        Ending { scope: Some(scope), rpc }
    }

    /// Of a request without a scope of its own.
    pub(super) fn none() -> Self {
        Ending { scope: None, rpc: None }
    }

    /// All of it, for the body of the response.
    pub(super) fn take(&mut self) -> Self {
        Ending { scope: self.scope.take(), rpc: self.rpc.take() }
    }

    /// Records the head of the response: 5xx is an error to a server, 4xx is the caller's.
    pub(super) fn answered<B>(&mut self, response: &Response<B>) {
        let Some(scope) = &self.scope else { return };
        let status = response.status();
        scope.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
        let names = &settings().captured_headers.server_response;
        headers::capture(response.headers(), names, headers::RESPONSE_HEADER, CaptureLimit::NONE, |key, value| {
            scope.set_attribute(&key, value);
        });
        if status.is_server_error() {
            fail(scope, status.as_str().to_owned());
        }
        // Else whoever sends a request would make up the name.
        self.rpc = self.rpc.take().filter(|_| grpc::is_answer(response.headers()));
        if let Some(rpc) = &mut self.rpc {
            rpc.is_named =
                rpc.is_route || grpc::shows_method(status, response.headers()) || methods::is_known(&rpc.method);
            scope.set_attribute(semconv::RPC_SYSTEM_NAME, grpc::SYSTEM);
            // The RPC conventions have it no more, since v1.41.
            scope.remove_attribute(semconv::CLIENT_ADDRESS);
            if rpc.is_named {
                scope.rename(&rpc.method);
                scope.set_attribute(semconv::RPC_METHOD, rpc.method.to_string());
            } else {
                unknown(scope, rpc);
            }
        }
        self.told(response.headers());
    }

    /// Records what headers or trailers tell of the outcome of a gRPC call.
    pub(super) fn told(&self, headers: &HeaderMap) {
        let (Some(scope), Some(rpc)) = (&self.scope, &self.rpc) else { return };
        let Some(code) = grpc::Code::of(headers) else { return };
        scope.set_attribute(semconv::RPC_RESPONSE_STATUS_CODE, code.name);
        match code.name {
            grpc::Code::OK => methods::learn(&rpc.method),
            // Some servers say late that there is no such method.
            grpc::Code::UNIMPLEMENTED if rpc.is_named && !rpc.is_route && !methods::is_known(&rpc.method) => {
                unknown(scope, rpc);
            }
            _ => {}
        }
        if code.is_server_error {
            fail(scope, code.name);
        }
    }

    /// The service, or the body of its response, failed.
    pub(super) fn failed(&mut self, error_type: &'static str, message: impl Display) {
        if let Some(scope) = &self.scope {
            scope.set_error(error_type, formatted(|| message.to_string()));
        }
        self.finish();
    }

    /// The caller went away before the end.
    pub(super) fn cancelled(&mut self) {
        self.failed("cancelled", "the caller went away");
    }

    /// Runs a step of the service; a panic is recorded and goes on.
    pub(super) fn guard<R>(&mut self, step: impl FnOnce(Option<&Scope>) -> R) -> R {
        catch_unwind(AssertUnwindSafe(|| step(self.scope.as_ref()))).unwrap_or_else(|panic| {
            self.failed("panic", "the service panicked");
            resume_unwind(panic)
        })
    }

    /// Ends the scope and hands it to the exporter.
    pub(super) fn finish(&mut self) {
        if let Some(scope) = self.scope.take() {
            export_later(scope.finish());
        }
    }
}

/// The call is of a method that nobody knows: its name is the caller's invention, or may be.
fn unknown(scope: &Scope, rpc: &Rpc) {
    scope.rename(grpc::SYSTEM);
    scope.set_attribute(semconv::RPC_METHOD, attributes::OTHER);
    scope.set_attribute(semconv::RPC_METHOD_ORIGINAL, rpc.method.to_string());
}

fn fail(scope: &Scope, error_type: impl Into<Cow<'static, str>>) {
    scope.set_attribute(semconv::ERROR_TYPE, error_type.into());
    scope.set_status(Status::error(""));
}
