//! One call: the span of an operation, from serialization until its result is known.

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Input};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;
use aws_types::region::Region;
use thundra_core::propagation::{XRAY_HEADER, XRayHeader};
use thundra_core::{NO_ATTRIBUTES, ScopeRef, SpanExt, SpanKind, Status, semconv};
use tracing::Span;

use super::message::limits::{KNOWN, Target};
use super::message::refusal::{self, Sizes};
use super::message::{self, TraceHeader, spans};
use super::receive::Received;
use super::request::Attributes;
use super::response::{self, Attempts};
use super::{error, nested, request};
use crate::settings::{MessageSpans, settings};

/// A call under way. It lies in the SDK's bag, which goes when the caller drops the future.
#[derive(Debug)]
pub(crate) struct Call {
    span: Span,
    operation: Metadata,
    /// The X-Ray header of the invocation. Lambda's own environment has it too, but not where several
    /// invocations share a process.
    xray: Option<XRayHeader>,
    trace_header: TraceHeader,
    /// Sizes of its messages. `None` if they hold nothing of ours.
    sizes: Option<Sizes>,
    /// Whether anybody hears what is said of it.
    recorded: bool,
    addressed: bool,
    received: bool,
    /// How many attempts the service refused because there were too many, and how many there were.
    attempts: Attempts,
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
        let recorded = span.trace_context().is_some();
        let mut about = Attributes::new();
        if recorded {
            about = request::attributes(service, method, |name| named(config, name), region);
            let region = region.map(|region| (semconv::CLOUD_REGION, region.to_owned().into()));
            span.set_attributes(region.into_iter().chain(about.iter().cloned()));
        }
        let outbound = thundra_core::outbound(&span)?;
        let limits = KNOWN.of(|| target(service, config));
        let mut injected = message::into(input, &outbound, limits);
        if recorded && settings().message_spans == MessageSpans::Create {
            // What named the call names other spans then.
            injected.own_context &= spans::create(input, &span, &outbound, &about) == 0;
        }
        injected.report(&span, service);
        let xray = outbound.xray.filter(|_| outbound.formats.xray);
        Some(Call {
            span,
            operation: operation.clone(),
            xray,
            trace_header: injected.trace_header,
            sizes: Some(injected.sizes).filter(Sizes::grew),
            recorded,
            addressed: false,
            received: false,
            attempts: Attempts::default(),
            ended: false,
        })
    }

    /// Prepares an attempt. The X-Ray header is not signed, so it may be written at any time.
    pub(crate) fn attempt(&mut self, http: &mut HttpRequest) {
        if let Some(header) = self.xray_header(http.headers().get(XRAY_HEADER)) {
            let _ = http.headers_mut().try_insert(XRAY_HEADER, header);
        }
        // An HTTP client below that is traced as well makes no second span of it.
        http.add_extension(thundra_http::HasSpan);
        if self.recorded && !self.addressed {
            self.addressed = true;
            let nested = nested::attributes(self.operation.service(), self.operation.name(), http.body().bytes());
            let part = request::part(self.operation.service(), self.operation.name(), http.uri());
            self.span.set_attributes(request::address(http.uri()).into_iter().chain(nested).chain(part));
        }
    }

    /// The X-Ray header to write where there is this one. The caller's own wins, over what the SDK took from Lambda's
    /// environment ours does.
    fn xray_header(&self, present: Option<&str>) -> Option<String> {
        match (&self.trace_header, present) {
            (TraceHeader::Received, None) => self.xray.as_ref().map(XRayHeader::to_header),
            (TraceHeader::Own(own), None) => Some(own.clone()),
            (TraceHeader::Own(own), Some(present)) => {
                XRayHeader::parse(present).is_some_and(|present| self.xray == Some(present)).then(|| own.clone())
            }
            (TraceHeader::Received, Some(_)) | (TraceHeader::Callers, _) => None,
        }
    }

    /// Takes note of how an attempt ended. A second interceptor says so again.
    pub(crate) fn attempted(&mut self, attempt: u32, response: Option<&HttpResponse>) {
        if self.recorded && attempt > self.attempts.made {
            self.attempts.made = attempt;
            self.attempts.throttled += u32::from(response.is_some_and(error::is_throttling));
        }
    }

    /// Takes note of what was received. A second interceptor says so again.
    pub(crate) fn received(&mut self, received: &Received) {
        if std::mem::replace(&mut self.received, true) {
            return;
        }
        self.span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, received.messages);
        received.producers.iter().for_each(|producer| self.span.add_link(producer, NO_ATTRIBUTES));
    }

    /// Learns the limit of the target if it refused a message of this call.
    pub(crate) fn learn(&self, context: &FinalizerInterceptorContextRef<'_>, config: &ConfigBag) {
        if let Some(sizes) = &self.sizes
            && (context.output_or_error().is_some_and(|result| result.is_err()) || sizes.is_batch)
        {
            refusal::learn(&self.span, context, || target(self.operation.service(), config), sizes, message::refused);
        }
    }

    pub(crate) fn end(&mut self, context: &FinalizerInterceptorContextRef<'_>, attempts: u32) {
        self.ended = true;
        self.attempts.made = attempts;
        if self.recorded {
            response::record(&self.span, context, &self.operation, self.attempts);
        }
    }
}

/// Returns a name in the input of the call.
fn named<'a>(config: &'a ConfigBag, name: &str) -> Option<&'a str> {
    config.load::<CapturedTelemetryAttributes>()?.get(name)
}

/// Returns the destination of the messages of the call.
fn target<'a>(service: &'a str, config: &'a ConfigBag) -> Option<Target<'a>> {
    Target::of(service, config.load::<Region>().map(Region::as_ref), |name| named(config, name))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_request_is_the_callers_then_ours_then_the_invocations() {
        const RECEIVED: &str =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0";
        const OWN: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00f067aa0ba902b7;Sampled=0;Lineage=1:a:0";
        // As Lambda's environment has it.
        const OTHER_ORDER: &str =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0;Parent=53995c3f42cd8ad8;Lineage=1:a:0";
        for (received, own, present, expected, why) in [
            (None, None, None, None, "no X-Ray"),
            (Some(RECEIVED), None, None, Some(RECEIVED), "the invocation's"),
            (Some(RECEIVED), None, Some(OTHER_ORDER), None, "the SDK wrote it already"),
            (Some(RECEIVED), Some(OWN), None, Some(OWN), "ours, where it is what counts"),
            (Some(RECEIVED), Some(OWN), Some(OTHER_ORDER), Some(OWN), "over what the SDK wrote"),
            (Some(RECEIVED), Some(OWN), Some("mine"), None, "the caller's own wins"),
            (Some(RECEIVED), Some(OWN), Some(OWN), None, "as in the attempt before"),
            (None, Some(OWN), Some("mine"), None, "that is no header of X-Ray"),
        ] {
            let mut call = Call {
                span: Span::none(),
                operation: Metadata::new("StartExecution", "SFN"),
                xray: received.and_then(XRayHeader::parse),
                trace_header: own.map_or(TraceHeader::Received, |own| TraceHeader::Own(own.to_owned())),
                sizes: None,
                recorded: false,
                addressed: true,
                received: false,
                attempts: Attempts::default(),
                ended: true,
            };
            assert_eq!(call.xray_header(present).as_deref(), expected, "{why}");
            call.trace_header = TraceHeader::Callers;
            assert_eq!(call.xray_header(present), None, "the caller's own stands in the message");
        }
    }
}
