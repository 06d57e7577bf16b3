//! A call: the span of an operation, from before serialization to the result.

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Input};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use thundra_core::propagation::{XRAY_HEADER, XRayHeader};
use thundra_core::{NO_ATTRIBUTES, ScopeRef, SpanExt, SpanKind, Status, semconv};
use tracing::Span;

use super::message::Injected;
use super::message::limits::LEARNED;
use super::message::refusal::{self, Sizes};
use super::message::spans;
use super::message::trace_header::TraceHeader;
use super::response::{self, Attempts, Received};
use super::services::{Operation, Request, Service};
use super::{endpoint, error};
use crate::attributes::Attributes;
use crate::hops::Written;
use crate::settings::{MessageSpans, settings};

/// The call of the SDK's configuration bag; `None` after its end. The SDK drops the bag with the future of the call.
#[derive(Debug)]
pub(crate) struct Ongoing(Option<Call>);

impl Storable for Ongoing {
    type Storer = StoreReplace<Self>;
}

impl Ongoing {
    pub(crate) fn new(call: Call) -> Self {
        Ongoing(Some(call))
    }

    /// Takes the call at its end.
    pub(crate) fn take(&mut self) -> Option<Call> {
        self.0.take()
    }

    /// Returns the call in progress.
    pub(crate) fn call(&mut self) -> Option<&mut Call> {
        self.0.as_mut()
    }
}

/// A call in progress.
#[derive(Debug)]
pub(crate) struct Call {
    span: Span,
    service: &'static Service,
    operation: Metadata,
    /// X-Ray header of the invocation. Lambda's environment has the same header, unless several invocations share a
    /// process.
    xray: Option<XRayHeader>,
    trace_header: TraceHeader,
    /// Sizes of the messages. `None` if no message holds a part of our context.
    sizes: Option<Sizes>,
    /// The destination of the messages, if only the input tells.
    destination: Option<String>,
    /// `true` if the messages of the batch are counted already.
    counted: bool,
    /// `true` if the span is recorded.
    recorded: bool,
    /// `true` once the attributes of the serialized request are recorded.
    addressed: bool,
    /// `true` once received messages are recorded.
    received: bool,
    attempts: Attempts,
    /// The scope of the call.
    scope: ScopeRef,
    /// The objects and items written by the call.
    written: Option<Written>,
    ended: bool,
}

impl Call {
    /// Opens the span, and injects the context of the span into the input. Returns `None` outside a scope.
    pub(crate) fn start(service: &'static Service, input: &mut Input, config: &ConfigBag) -> Option<Self> {
        let scope = ScopeRef::current()?;
        let metadata = config.load::<Metadata>()?;
        let span = span(metadata.service(), metadata.name());
        let recorded = span.trace_context().is_some();
        let operation = Operation::new(metadata.name(), service, service.name_in(input), config);
        if recorded {
            span.describe_new(|to| {
                if let Some(region) = operation.region {
                    to.text(semconv::CLOUD_REGION, region);
                }
                (service.attributes)(&operation, to);
            });
        }
        let outbound = thundra_core::outbound(&span)?;
        let written = service.writes.as_ref().and_then(|writes| (writes.named)(&operation));
        let mut injected = Injected::default();
        if let Some(messages) = &service.messages {
            let limits = LEARNED.of(|| service.target(&operation));
            injected = (messages.inject)(input, &outbound, limits).unwrap_or_default();
            if recorded && settings().message_spans == MessageSpans::Create {
                // The messages that named the call as their sender name spans of their own then.
                let mut attributes = Attributes::new();
                let operation = Operation::new(metadata.name(), service, service.name_in(input), config);
                (service.attributes)(&operation, &mut attributes);
                let created = spans::create(input, messages.each_in_batch, &span, &outbound, &attributes);
                injected.own_context &= created == 0;
            }
        }
        injected.report(&span, metadata.service());
        let sizes = Some(injected.sizes).filter(Sizes::grew);
        let destination = sizes.as_ref().and_then(|_| service.name_in(input)).map(str::to_owned);
        let xray = outbound.xray.filter(|_| outbound.formats.xray);
        Some(Call {
            span,
            service,
            operation: metadata.clone(),
            xray,
            trace_header: injected.trace_header,
            counted: injected.batch.is_some(),
            sizes,
            destination,
            recorded,
            addressed: false,
            received: false,
            attempts: Attempts::default(),
            scope,
            written,
            ended: false,
        })
    }

    /// Prepares an attempt. The X-Ray header is not signed, and may be written at any time.
    pub(crate) fn attempt(&mut self, http: &mut HttpRequest) {
        if self.may_write_xray()
            && let Some(header) = self.xray_header(http.headers().get(XRAY_HEADER))
        {
            let _ = http.headers_mut().try_insert(XRAY_HEADER, header);
        }
        // A traced HTTP client below makes no second span.
        http.add_extension(thundra_http::HasSpan);
        if self.recorded && !self.addressed {
            self.addressed = true;
            let body = http.body().bytes().unwrap_or_default();
            let request = Request { operation: self.operation.name(), uri: http.uri(), body };
            let count =
                if self.counted { None } else { (self.service.batch_size)(&request).filter(|count| *count > 0) };
            if let (Some(writes), Some(written)) = (&self.service.writes, &mut self.written) {
                (writes.requested)(&request, written);
            }
            let attributes = (self.service.request)(&request);
            self.span.describe_new(|to| {
                endpoint::describe(http.uri(), to);
                attributes.iter().for_each(|(key, value)| to.value(key, value));
                if let Some(count) = count {
                    to.value(semconv::MESSAGING_BATCH_MESSAGE_COUNT, &count.into());
                }
            });
        }
    }

    /// Returns `false` if no header of the request could matter.
    fn may_write_xray(&self) -> bool {
        match &self.trace_header {
            TraceHeader::Received => self.xray.is_some(),
            TraceHeader::Own(_) => true,
            TraceHeader::Callers => false,
        }
    }

    /// Returns the X-Ray header to write into a request with the header `present`. A header of the caller wins. A
    /// header of the SDK, taken from Lambda's environment, loses.
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

    /// Counts an attempt. Has no effect if a second interceptor counts the same attempt.
    pub(crate) fn attempted(&mut self, attempt: u32, response: Option<&HttpResponse>) {
        if self.recorded && attempt > self.attempts.made {
            self.attempts.made = attempt;
            self.attempts.throttled += u32::from(response.is_some_and(error::is_throttling));
        }
    }

    /// Records received messages. Has no effect if a second interceptor records the same messages.
    pub(crate) fn received(&mut self, received: &Received) {
        if std::mem::replace(&mut self.received, true) {
            return;
        }
        self.span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, received.messages);
        received.producers.iter().for_each(|producer| self.span.add_link(producer, NO_ATTRIBUTES));
    }

    /// Learns the limit of the target after a refused message.
    pub(crate) fn learn(&self, context: &FinalizerInterceptorContextRef<'_>, config: &ConfigBag) {
        if let Some(sizes) = &self.sizes
            && let Some(messages) = &self.service.messages
            && (context.output_or_error().is_some_and(|result| result.is_err()) || sizes.is_batch)
        {
            let destination = self.destination.as_deref();
            let operation = Operation::new(self.operation.name(), self.service, destination, config);
            refusal::learn(&self.span, context, || self.service.target(&operation), sizes, messages.refused);
        }
    }

    /// Records the result.
    pub(crate) fn end(&mut self, context: &FinalizerInterceptorContextRef<'_>, attempts: u32) {
        self.ended = true;
        self.attempts.made = attempts;
        if let (Some(Ok(_)), Some(response)) = (context.output_or_error(), context.response()) {
            self.wrote(response);
        }
        if self.recorded {
            response::record(&self.span, context, self.attempts, |output, response| {
                self.service.read(self.operation.name(), output, response)
            });
        }
    }
}

impl Call {
    /// Records the writes of a successful call.
    fn wrote(&mut self, response: &HttpResponse) {
        let (Some(writes), Some(mut written)) = (&self.service.writes, self.written.take()) else { return };
        if self.recorded {
            (writes.confirmed)(response, &mut written);
            written.record(&self.span);
        }
        // A loop costs as much without sampling.
        written.report_loops(self.scope, &self.span, self.operation.name());
    }
}

/// Creates the span of an operation, below the current span.
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
    use thundra_core::Scope;

    use super::*;
    use crate::sdk::services;

    #[test]
    fn the_callers_header_wins_over_ours_and_ours_over_the_invocations() {
        const RECEIVED: &str =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0";
        const OWN: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00f067aa0ba902b7;Sampled=0;Lineage=1:a:0";
        // The value in Lambda's environment.
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
                service: services::find("SFN"),
                operation: Metadata::new("StartExecution", "SFN"),
                xray: received.and_then(XRayHeader::parse),
                trace_header: own.map_or(TraceHeader::Received, |own| TraceHeader::Own(own.to_owned())),
                sizes: None,
                destination: None,
                counted: false,
                recorded: false,
                addressed: true,
                received: false,
                attempts: Attempts::default(),
                scope: *Scope::builder("invocation").begin(),
                written: None,
                ended: true,
            };
            assert_eq!(call.xray_header(present).as_deref(), expected, "{why}");
            call.trace_header = TraceHeader::Callers;
            assert_eq!(call.xray_header(present), None, "the caller's own stands in the message");
        }
    }
}
