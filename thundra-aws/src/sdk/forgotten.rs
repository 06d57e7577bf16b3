//! Clients that nobody wrapped: the SDK's own span of an operation, and how it ended.
//!
//! The SDK makes a span of every operation, at DEBUG, and measures every call. Together they tell what a plain
//! `Client::new(&config)` does: which operation, when, below which span, with which outcome. What resource it
//! is about they do not tell, and no context travels: so the first call of such a client says what to write
//! instead.
//!
//! # Never twice
//!
//! With the interceptor the SDK's span [is the call's](super::call), and what is measured is left alone.
//!
//! # What it costs
//!
//! Which spans exist is decided once for each place in the code that makes some. A call of such a client costs
//! one more span, all others nothing.
//!
//! # What it does not see
//!
//! The outcome, where the program has a meter provider of its own, or where the SDK crates bring another
//! version of `aws-smithy-observability` than this one; and of a call that is dropped.

use std::cell::Cell;
use std::sync::Arc;

use aws_smithy_observability::global::{get_telemetry_provider, set_telemetry_provider};
use aws_smithy_observability::instruments::{
    AsyncInstrumentBuilder, AsyncMeasure, Histogram, InstrumentBuilder, MonotonicCounter, ProvideInstrument,
    UpDownCounter,
};
use aws_smithy_observability::meter::{Meter, ProvideMeter};
use aws_smithy_observability::{AttributeValue, Attributes, Context, TelemetryProvider};
use thundra_core::{Config, SpanExt, SpanKind, Status, diagnostics, semconv};
use tracing::Span;

use super::operation;

/// What the SDK calls the time that a call took; its attributes are the outcome.
const CALL_DURATION: &str = "smithy.client.call.duration";
/// The clients inside credential providers, which nobody can wrap.
const OF_CREDENTIALS: [&str; 4] = ["aws_sdk_signin", "aws_sdk_sso", "aws_sdk_ssooidc", "aws_sdk_sts"];
/// The services with a module here.
const OURS: [&str; 6] = ["eventbridge", "kinesis", "lambda", "sfn", "sns", "sqs"];

thread_local! {
    /// Whether the call that ends on this thread has the interceptor.
    static WRAPPED: Cell<bool> = const { Cell::new(false) };
}

/// Has the operations of the SDK recorded, and their outcomes. A meter provider that is set already stays.
pub(crate) fn watched(mut config: Config) -> Config {
    if config.disabled {
        return config;
    }
    config.debug_spans.push(operation::TARGETS);
    if get_telemetry_provider().is_ok_and(|provider| provider.meter_provider().provider_name() == "noop") {
        let ours = TelemetryProvider::builder().meter_provider(Arc::new(Outcomes));
        let _ = set_telemetry_provider(ours.build());
    }
    config
}

/// Says that the call which ends now is recorded by the interceptor. Its measurement follows on this thread,
/// with nothing in between.
pub(crate) fn is_wrapped() {
    let _ = WRAPPED.try_with(|wrapped| wrapped.set(true));
}

/// Writes the outcome of a call on the SDK's span of it.
fn record(outcome: &Attributes) {
    if WRAPPED.try_with(Cell::take).unwrap_or(true) {
        return;
    }
    let span = Span::current();
    let Some(operation) = operation::recorded(&span) else { return };
    operation::adopt(&span, SpanKind::Client);
    let status = match outcome.get("http.status_code") {
        Some(AttributeValue::I64(status)) => Some(*status),
        _ => None,
    };
    if let Some(status) = status {
        span.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, status);
    }
    if let Some(AttributeValue::String(kind)) = outcome.get("error.type") {
        let error_type = match (kind.as_str(), status) {
            // The service's own word for it is not among what is measured.
            ("operation", Some(status)) => status.to_string(),
            ("timeout" | "connector" | "response", _) => kind.clone(),
            _ => "_OTHER".to_owned(),
        };
        span.set_attribute(semconv::ERROR_TYPE, error_type.clone());
        span.set_status(Status::error(error_type));
    }
    remind(operation.sdk);
}

/// Names what to write instead, once for each service.
fn remind(sdk: &str) {
    if OF_CREDENTIALS.contains(&sdk) {
        return;
    }
    let client = match sdk.strip_prefix(operation::TARGETS).filter(|name| OURS.contains(name)) {
        Some(name) => format!("thundra_aws::{name}::client(&config)"),
        None => format!("thundra_aws::client!({sdk}, &config)"),
    };
    diagnostics::once(
        &format!("forgotten.{sdk}"),
        format_args!(
            "a client of {sdk} is not wrapped: its calls are recorded, but carry no ids; {client} makes one that is"
        ),
    );
}

/// A meter that hears of outcomes, and of nothing else.
#[derive(Debug)]
struct Outcomes;

impl ProvideMeter for Outcomes {
    fn get_meter(&self, _: &'static str, _: Option<&Attributes>) -> Meter {
        Meter::new(Arc::new(Outcomes))
    }

    fn provider_name(&self) -> &'static str {
        "thundra"
    }
}

impl ProvideInstrument for Outcomes {
    fn create_gauge(
        &self,
        _: AsyncInstrumentBuilder<'_, Arc<dyn AsyncMeasure<Value = f64>>, f64>,
    ) -> Arc<dyn AsyncMeasure<Value = f64>> {
        Arc::new(Nothing(0.0))
    }

    fn create_up_down_counter(&self, _: InstrumentBuilder<'_, Arc<dyn UpDownCounter>>) -> Arc<dyn UpDownCounter> {
        Arc::new(Nothing(()))
    }

    fn create_async_up_down_counter(
        &self,
        _: AsyncInstrumentBuilder<'_, Arc<dyn AsyncMeasure<Value = i64>>, i64>,
    ) -> Arc<dyn AsyncMeasure<Value = i64>> {
        Arc::new(Nothing(0))
    }

    fn create_monotonic_counter(
        &self,
        _: InstrumentBuilder<'_, Arc<dyn MonotonicCounter>>,
    ) -> Arc<dyn MonotonicCounter> {
        Arc::new(Nothing(()))
    }

    fn create_async_monotonic_counter(
        &self,
        _: AsyncInstrumentBuilder<'_, Arc<dyn AsyncMeasure<Value = u64>>, u64>,
    ) -> Arc<dyn AsyncMeasure<Value = u64>> {
        Arc::new(Nothing(0))
    }

    fn create_histogram(&self, builder: InstrumentBuilder<'_, Arc<dyn Histogram>>) -> Arc<dyn Histogram> {
        if builder.get_name() == CALL_DURATION { Arc::new(Outcomes) } else { Arc::new(Nothing(())) }
    }
}

impl Histogram for Outcomes {
    fn record(&self, _: f64, attributes: Option<&Attributes>, _: Option<&dyn Context>) {
        attributes.into_iter().for_each(record);
    }
}

/// An instrument of numbers of some type that hears of nothing.
#[derive(Debug)]
struct Nothing<T>(T);

impl<T: std::fmt::Debug + Send + Sync> AsyncMeasure for Nothing<T> {
    type Value = T;

    fn record(&self, _: T, _: Option<&Attributes>, _: Option<&dyn Context>) {}

    fn stop(&self) {}
}

impl Histogram for Nothing<()> {
    fn record(&self, _: f64, _: Option<&Attributes>, _: Option<&dyn Context>) {}
}

impl MonotonicCounter for Nothing<()> {
    fn add(&self, _: u64, _: Option<&Attributes>, _: Option<&dyn Context>) {}
}

impl UpDownCounter for Nothing<()> {
    fn add(&self, _: i64, _: Option<&Attributes>, _: Option<&dyn Context>) {}
}
