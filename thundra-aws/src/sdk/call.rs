//! One call: the span of an operation, from serialization until its result is known.

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Input};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;
use aws_types::region::Region;
use thundra_core::propagation::XRAY_HEADER;
use thundra_core::{ScopeRef, SpanExt, SpanKind, Status, semconv};
use tracing::Span;

use super::{inject, outcome, request};

/// A call under way. It lies in the SDK's bag, which goes when the caller drops the future.
#[derive(Debug)]
pub(crate) struct Call {
    span: Span,
    /// The X-Ray header of the invocation. Lambda's own environment has it too, but not where several
    /// invocations share a process.
    xray: Option<String>,
    addressed: bool,
    ended: bool,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Call {
    /// Opens the span and injects its context into the input. `None` outside of any scope.
    pub(crate) fn start(input: &mut Input, config: &ConfigBag) -> Option<Self> {
        ScopeRef::current()?;
        let operation = config.load::<Metadata>()?;
        let (service, method) = (operation.service(), operation.name());
        let region = config.load::<Region>().map(Region::as_ref);
        let span = tracing::info_span!(
            target: "thundra_aws",
            "aws",
            otel.name = format_args!("{service}.{method}"),
            otel.kind = SpanKind::Client.as_str(),
            { semconv::RPC_SYSTEM } = "aws-api",
            { semconv::RPC_SERVICE } = service,
            { semconv::RPC_METHOD } = method,
            { semconv::CLOUD_REGION } = region,
        );
        let captured = config.load::<CapturedTelemetryAttributes>();
        let names = |name: &str| captured.and_then(|all| all.get(name));
        for (key, value) in request::attributes(service, method, names, region) {
            span.set_attribute(key, value);
        }
        let outbound = thundra_core::outbound(&span)?;
        inject::into(input, &outbound).report(&span, service);
        let xray = outbound.xray.filter(|_| outbound.formats.xray).map(|received| received.to_header());
        Some(Call { span, xray, addressed: false, ended: false })
    }

    /// Prepares an attempt. The X-Ray header is not signed, so it may be written at any time.
    pub(crate) fn attempt(&mut self, http: &mut HttpRequest) {
        if let Some(xray) = &self.xray
            && !http.headers().contains_key(XRAY_HEADER)
        {
            let _ = http.headers_mut().try_insert(XRAY_HEADER, xray.clone());
        }
        if !self.addressed {
            self.addressed = true;
            request::address(http.uri()).into_iter().for_each(|(key, value)| self.span.set_attribute(key, value));
        }
    }

    pub(crate) fn end(&mut self, context: &FinalizerInterceptorContextRef<'_>, attempts: u32) {
        self.ended = true;
        outcome::record(&self.span, context, attempts);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.span.set_attribute(semconv::ERROR_TYPE, "cancelled");
            self.span.set_status(Status::error("cancelled"));
        }
    }
}
