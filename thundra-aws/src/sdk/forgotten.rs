//! Clients that nobody wrapped: the SDK's own span of an operation, and how it ended.
//!
//! The SDK makes a span of every operation, at DEBUG, and measures every call. Together they tell what a plain
//! `Client::new(&config)` does: which operation, when, below which span, with which outcome. What resource it
//! is about they do not tell, and no context travels: so the first call of such a client says what to write
//! instead.
//!
//! # Never twice
//!
//! With the interceptor the SDK's span [is the call's](super::call), and what is measured is left alone. So is what
//! is presigned or made where OpenTelemetry is suppressed: its span stays what the SDK made it, an internal one.
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

use super::operation::{self, Operation};

/// What the SDK calls the time that a call took; its attributes are the outcome.
const CALL_DURATION: &str = "smithy.client.call.duration";
/// The status of the last answer, where there was one.
const STATUS_CODE: &str = "http.status_code";
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

/// Says that the client whose call ends now has the interceptor, whether that records it or not. Its measurement follows on this thread,
/// with nothing in between.
pub(crate) fn is_wrapped() {
    let _ = WRAPPED.try_with(|wrapped| wrapped.set(true));
}

/// Writes the outcome of a call on the SDK's span of it.
fn record(outcome: &Attributes) {
    if WRAPPED.try_with(Cell::take).unwrap_or(true) || !was_sent(outcome) || thundra_core::is_telemetry_suppressed() {
        return;
    }
    let span = Span::current();
    let Some(operation) = operation::recorded(&span).filter(|operation| is_of(operation, outcome)) else { return };
    operation::adopt(&span, SpanKind::Client);
    let status = match outcome.get(STATUS_CODE) {
        Some(AttributeValue::I64(status)) => Some(*status),
        _ => None,
    };
    if let Some(status) = status {
        span.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, status);
    }
    if let Some(AttributeValue::String(kind)) = outcome.get(semconv::ERROR_TYPE) {
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

/// Whether there was an answer, or an error instead: what is presigned has neither.
fn was_sent(outcome: &Attributes) -> bool {
    outcome.get(STATUS_CODE).or_else(|| outcome.get(semconv::ERROR_TYPE)).is_some()
}

/// Whether this is how the operation ended, and not how a provider's request for its credentials did: such
/// requests are made within its span, and measured as well.
fn is_of(operation: &Operation, outcome: &Attributes) -> bool {
    let has = |key, part| matches!(outcome.get(key), Some(AttributeValue::String(value)) if value == part);
    let parts = operation.name.split_once('.');
    parts.is_some_and(|(service, method)| has(semconv::RPC_SERVICE, service) && has(semconv::RPC_METHOD, method))
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use thundra_core::{Env, Scope, SpanData};

    use super::*;

    /// The span of an operation while which this is measured.
    fn measured(outcomes: &[&[(&'static str, &str)]]) -> SpanData {
        let mut config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
        config.debug_spans.push(operation::TARGETS);
        tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
            let scope = Scope::builder("invocation").begin_with(&config);
            let call = async {
                tracing::debug_span!(target: "aws_sdk_sqs::operation::send_message", "SQS.SendMessage").in_scope(
                    || {
                        for outcome in outcomes {
                            let mut attributes = Attributes::new();
                            for (key, value) in *outcome {
                                let number = value.parse().map(AttributeValue::I64);
                                attributes
                                    .set(*key, number.unwrap_or_else(|_| AttributeValue::String((*value).into())));
                            }
                            Histogram::record(&Outcomes, 0.1, Some(&attributes), None);
                        }
                    },
                );
            };
            scope.run(call).now_or_never().unwrap();
            scope.finish().spans().find(|span| span.name == "SQS.SendMessage").unwrap()
        })
    }

    const OURS: [(&str, &str); 2] = [("rpc.service", "SQS"), ("rpc.method", "SendMessage")];

    #[test]
    fn the_outcome_of_a_request_for_credentials_is_not_the_operations() {
        let credentials = [
            &[("rpc.service", "Imds"), ("rpc.method", "get"), ("http.status_code", "404")][..],
            &[("rpc.service", "HttpCredentialProvider"), ("rpc.method", "SendMessage"), ("error.type", "connector")],
            &[("rpc.service", "SQS"), ("rpc.method", "getToken"), ("error.type", "timeout")],
            &[("error.type", "timeout")],
        ];
        let span = measured(&credentials);
        assert_eq!((span.kind, &span.status), (SpanKind::Internal, &Status::Unset));
        assert_eq!((span.attribute("error.type"), span.attribute("http.response.status_code")), (None, None));
        let good = [OURS[0], OURS[1], ("http.status_code", "200")];
        let span = measured(&[&credentials[..], &[&good]].concat());
        assert_eq!((span.kind, &span.status, span.attribute("error.type")), (SpanKind::Client, &Status::Unset, None));
        assert_eq!(span.attribute("http.response.status_code").unwrap().to_string(), "200");
    }

    #[test]
    fn what_was_not_sent_is_no_call() {
        assert_eq!(measured(&[&OURS]).kind, SpanKind::Internal);
        assert_eq!(measured(&[&[OURS[0], OURS[1], ("error.type", "connector")]]).kind, SpanKind::Client);
    }
}
