//! One call: the span of an operation, from serialization until its result is known.

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Input};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;
use aws_types::region::Region;
use thundra_core::propagation::XRAY_HEADER;
use thundra_core::{MessageSpans, ScopeRef, SpanExt, SpanKind, Status, semconv};
use tracing::Span;

use super::outcome::{self, Attempts};
use super::receive::Received;
use super::{create, error, inject, nested, request};

/// A call under way. It lies in the SDK's bag, which goes when the caller drops the future.
#[derive(Debug)]
pub(crate) struct Call {
    span: Span,
    operation: Metadata,
    /// The X-Ray header of the invocation. Lambda's own environment has it too, but not where several
    /// invocations share a process.
    xray: Option<String>,
    addressed: bool,
    /// How many attempts the service refused because there were too many.
    throttled: u32,
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
        let span = span(service, method);
        let captured = config.load::<CapturedTelemetryAttributes>();
        let names = |name: &str| captured.and_then(|all| all.get(name));
        let about = request::attributes(service, method, names, region);
        let region = region.map(|region| (semconv::CLOUD_REGION, region.to_owned().into()));
        span.set_attributes(region.into_iter().chain(about.iter().cloned()));
        let outbound = thundra_core::outbound(&span)?;
        let mut injected = inject::into(input, &outbound);
        if thundra_core::config().message_spans == MessageSpans::Create {
            // What named the call names other spans then.
            injected.own_context &= create::spans(input, &span, &outbound, &about) == 0;
        }
        injected.report(&span, service);
        let xray = outbound.xray.filter(|_| outbound.formats.xray).map(|received| received.to_header());
        Some(Call { span, operation: operation.clone(), xray, addressed: false, throttled: 0, ended: false })
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
            let nested = nested::attributes(self.operation.service(), self.operation.name(), http.body().bytes());
            let part = request::part(self.operation.service(), self.operation.name(), http.uri());
            self.span.set_attributes(request::address(http.uri()).into_iter().chain(nested).chain(part));
        }
    }

    pub(crate) fn attempted(&mut self, response: Option<&HttpResponse>) {
        self.throttled += u32::from(response.is_some_and(error::is_throttling));
    }

    pub(crate) fn received(&self, received: &Received) {
        self.span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, received.messages);
        received.producers.iter().for_each(|producer| self.span.add_link(producer));
    }

    pub(crate) fn end(&mut self, context: &FinalizerInterceptorContextRef<'_>, attempts: u32) {
        self.ended = true;
        let attempts = Attempts { made: attempts, throttled: self.throttled };
        outcome::record(&self.span, context, &self.operation, attempts);
    }
}

/// The span of an operation, below the current one.
pub(crate) fn span(service: &str, method: &str) -> Span {
    tracing::info_span!(
        target: "thundra_aws",
        "aws",
        otel.name = format_args!("{service}.{method}"),
        otel.kind = SpanKind::Client.as_str(),
        { semconv::RPC_SYSTEM } = "aws-api",
        { semconv::RPC_SERVICE } = service,
        { semconv::RPC_METHOD } = method,
    )
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.span.set_attribute(semconv::ERROR_TYPE, "cancelled");
            self.span.set_status(Status::error("cancelled"));
        }
    }
}
