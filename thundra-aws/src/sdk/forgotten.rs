//! Clients that nobody wrapped: their calls, as the SDK measures them.
//!
//! The SDK measures every call of every client: which operation, since when, with which outcome. That makes a span of
//! what a plain `Client::new(&config)` does. What resource it is about is not measured, and no context travels: so the
//! first call of such a client says what to write instead.
//!
//! # Never twice
//!
//! With the interceptor a call is the [interceptor's](super::call), and what is measured is left alone. So is what is
//! presigned, or made where OpenTelemetry is suppressed. (`THUNDRA_SPANS=debug` records the SDK's own spans besides, as
//! those of any library.)
//!
//! # What it costs
//!
//! Two small allocations a call, wrapped or not, and nothing elsewhere. What the program measures by itself is measured
//! as before.
//!
//! # What it does not see
//!
//! - Calls from when the program sets a meter provider later than this one, and of SDK crates with another version of
//!   `aws-smithy-observability`.
//! - A call that is dropped before its request has left.
//! - That a call failed while it was presigned: it looks like one that failed before it was sent.
//! - That an HTTP client below is traced as well: it tells of the request besides.
//! - Handlers under a plain `lambda_runtime::run`, which begin to be traced when calls may be under way.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::time::SystemTime;

use aws_smithy_observability::global::{get_telemetry_provider, set_telemetry_provider};
use aws_smithy_observability::instruments::{
    AsyncInstrumentBuilder, AsyncMeasure, Histogram, InstrumentBuilder, MonotonicCounter, ProvideInstrument,
    UpDownCounter,
};
use aws_smithy_observability::meter::{Meter, ProvideMeter};
use aws_smithy_observability::{AttributeValue, Attributes, Context, TelemetryProvider};
use thundra_core::{ScopeRef, SpanExt, Status, diagnostics, semconv};
use tracing::Span;

/// How the meters of the SDK crates are named, before the service.
const METERS: &str = "aws-sdk-";
/// What the SDK calls the time that a call took; its attributes are the outcome.
const CALL_DURATION: &str = "smithy.client.call.duration";
/// What the SDK calls the bytes that were sent: measured once they have left.
const REQUEST_SIZE: &str = "smithy.client.call.request.size";
/// The status of the last answer, where there was one.
const STATUS_CODE: &str = "http.status_code";
/// The clients inside credential providers, which nobody can wrap.
const OF_CREDENTIALS: [&str; 4] = ["signin", "sso", "ssooidc", "sts"];
/// The services with a module here.
const OURS: &[&str] = &[
    #[cfg(feature = "eventbridge")]
    "eventbridge",
    #[cfg(feature = "kinesis")]
    "kinesis",
    #[cfg(feature = "lambda")]
    "lambda",
    #[cfg(feature = "sfn")]
    "sfn",
    #[cfg(feature = "sns")]
    "sns",
    #[cfg(feature = "sqs")]
    "sqs",
];

thread_local! {
    /// The call that began last on this thread, until its interceptor is found.
    static BEGUN: Cell<Option<Arc<Measured>>> = const { Cell::new(None) };
}

/// Listens to what the SDK measures. Meters that are set already measure on.
///
/// To be called before calls are under way: one that begins at this very moment finds no meter, and the SDK panics.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let listen = || {
            let theirs = get_telemetry_provider()?;
            let ours = TelemetryProvider::builder().meter_provider(Arc::new(Listening(theirs)));
            set_telemetry_provider(ours.build())
        };
        // It fails while anybody else looks at it.
        let listening = (0..100).find_map(|_| listen().map_err(|_| std::thread::yield_now()).ok());
        if listening.is_none() {
            diagnostics::once("forgotten", "the SDK's meters are in use: clients that are not wrapped are not seen");
        }
    });
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
struct Measured {
    /// The name of its service in that of the SDK crate.
    service: &'static str,
    started: SystemTime,
    /// `rpc.service` and `rpc.method`, from when its request has left.
    operation: OnceLock<(String, String)>,
    /// Whether there is nothing more to say of it.
    settled: AtomicBool,
}

impl Measured {
    fn begin(service: &'static str) -> Arc<Self> {
        let (operation, settled) = (OnceLock::new(), AtomicBool::new(false));
        let call = Arc::new(Measured { service, started: SystemTime::now(), operation, settled });
        let _ = BEGUN.try_with(|begun| begun.set(Some(call.clone())));
        call
    }

    fn sent(&self, attributes: &Attributes) {
        if let Some(operation) = operation(attributes) {
            let _ = self.operation.set(operation);
        }
    }

    /// Records a call that was measured to its end. What is presigned has neither an answer nor an error.
    fn ended(&self, outcome: &Attributes) {
        let status = match outcome.get(STATUS_CODE) {
            Some(AttributeValue::I64(status)) => Some(*status),
            _ => None,
        };
        let error_type = match outcome.get(semconv::ERROR_TYPE) {
            // The service's own word for it is not among what is measured.
            Some(AttributeValue::String(kind)) => Some(match (kind.as_str(), status) {
                ("operation", Some(status)) => status.to_string(),
                ("timeout" | "connector" | "response", _) => kind.clone(),
                _ => "_OTHER".to_owned(),
            }),
            _ => None,
        };
        if self.settled.swap(true, Ordering::Relaxed) || (status.is_none() && error_type.is_none()) {
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
    fn dropped(&self) {
        if !self.settled.swap(true, Ordering::Relaxed)
            && let Some(span) = self.operation.get().and_then(|operation| self.span(operation))
        {
            fail(&span, "cancelled");
            self.remind();
        }
    }

    /// Its span, below the current one. `None` where nobody listens.
    fn span(&self, (service, method): &(String, String)) -> Option<Span> {
        if ScopeRef::current().is_none() || thundra_core::is_telemetry_suppressed() {
            return None;
        }
        let span = super::call::span(service, method);
        span.set_start_time(self.started);
        Some(span)
    }

    /// Names what to write instead, once for each service.
    fn remind(&self) {
        let service = self.service;
        if OF_CREDENTIALS.contains(&service) {
            return;
        }
        let client = match OURS.contains(&service) {
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
    let text = |key| match attributes.get(key) {
        Some(AttributeValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    Some((text(semconv::RPC_SERVICE)?, text(semconv::RPC_METHOD)?))
}

/// The meters of before, heard along.
struct Listening(Arc<TelemetryProvider>);

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listening").field(&self.0.meter_provider()).finish()
    }
}

impl ProvideMeter for Listening {
    /// The SDK asks for one whenever it begins a call.
    fn get_meter(&self, scope: &'static str, attributes: Option<&Attributes>) -> Meter {
        let theirs = self.0.meter_provider().get_meter(scope, attributes);
        match scope.strip_prefix(METERS) {
            Some(service) => Meter::new(Arc::new(Instruments { theirs, call: Measured::begin(service) })),
            None => theirs,
        }
    }

    /// The SDK tells the service which one is set.
    fn provider_name(&self) -> &'static str {
        self.0.meter_provider().provider_name()
    }
}

/// The instruments of one call: theirs, two of which are heard along.
struct Instruments {
    theirs: Meter,
    call: Arc<Measured>,
}

impl fmt::Debug for Instruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instruments").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Builds the instrument that was asked for, with their meter.
macro_rules! theirs {
    ($asked:ident, $theirs:expr) => {{
        let mut theirs = $theirs;
        if let Some(description) = $asked.get_description() {
            theirs = theirs.set_description(description.clone());
        }
        if let Some(units) = $asked.get_units() {
            theirs = theirs.set_units(units.clone());
        }
        theirs.build()
    }};
}

/// Instruments that are theirs alone. The types are those of the trait.
macro_rules! pass_on {
    ($($create:ident($builder:ty) -> $instrument:ty;)*) => {$(
        fn $create(&self, asked: $builder) -> $instrument {
            theirs!(asked, self.theirs.$create(asked.get_name().clone()))
        }
    )*};
    ($($create:ident[$number:ty];)*) => {$(
        fn $create(
            &self,
            asked: AsyncInstrumentBuilder<'_, Arc<dyn AsyncMeasure<Value = $number>>, $number>,
        ) -> Arc<dyn AsyncMeasure<Value = $number>> {
            let callback = asked.get_callback();
            theirs!(asked, self.theirs.$create(asked.get_name().clone(), move |measure| callback(measure)))
        }
    )*};
}

impl ProvideInstrument for Instruments {
    pass_on! {
        create_gauge[f64];
        create_async_up_down_counter[i64];
        create_async_monotonic_counter[u64];
    }
    pass_on! {
        create_up_down_counter(InstrumentBuilder<'_, Arc<dyn UpDownCounter>>) -> Arc<dyn UpDownCounter>;
        create_monotonic_counter(InstrumentBuilder<'_, Arc<dyn MonotonicCounter>>) -> Arc<dyn MonotonicCounter>;
    }

    fn create_histogram(&self, asked: InstrumentBuilder<'_, Arc<dyn Histogram>>) -> Arc<dyn Histogram> {
        let theirs = theirs!(asked, self.theirs.create_histogram(asked.get_name().clone()));
        let call = self.call.clone();
        match asked.get_name().as_ref() {
            CALL_DURATION => Arc::new(CallDuration { theirs, call }),
            REQUEST_SIZE => Arc::new(RequestSize { theirs, call }),
            _ => theirs,
        }
    }
}

/// It lies in the SDK's bag, which goes with the call.
#[derive(Debug)]
struct CallDuration {
    theirs: Arc<dyn Histogram>,
    call: Arc<Measured>,
}

impl Histogram for CallDuration {
    fn record(&self, value: f64, attributes: Option<&Attributes>, context: Option<&dyn Context>) {
        self.theirs.record(value, attributes, context);
        attributes.into_iter().for_each(|outcome| self.call.ended(outcome));
    }
}

impl Drop for CallDuration {
    fn drop(&mut self) {
        self.call.dropped();
    }
}

/// It lies in the body of the request, which a connection may keep for longer than the call lasts.
#[derive(Debug)]
struct RequestSize {
    theirs: Arc<dyn Histogram>,
    call: Arc<Measured>,
}

impl Histogram for RequestSize {
    fn record(&self, value: f64, attributes: Option<&Attributes>, context: Option<&dyn Context>) {
        self.theirs.record(value, attributes, context);
        attributes.into_iter().for_each(|attributes| self.call.sent(attributes));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use thundra_core::testing::{record, tree};

    use super::*;

    /// A meter provider of the program's own, and what it was asked for.
    #[derive(Clone, Debug, Default)]
    struct Program(Arc<Mutex<Vec<String>>>);

    impl Program {
        fn note(&self, line: String) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }

        fn noted(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    impl ProvideMeter for Program {
        fn get_meter(&self, _: &'static str, _: Option<&Attributes>) -> Meter {
            Meter::new(Arc::new(self.clone()))
        }

        fn provider_name(&self) -> &'static str {
            "program"
        }
    }

    impl Histogram for Program {
        fn record(&self, value: f64, attributes: Option<&Attributes>, _: Option<&dyn Context>) {
            self.note(format!("{value} {}", attributes.is_some()));
        }
    }

    macro_rules! noted {
        ($($create:ident[$number:ty];)*) => {$(
            fn $create(
                &self,
                asked: AsyncInstrumentBuilder<'_, Arc<dyn AsyncMeasure<Value = $number>>, $number>,
            ) -> Arc<dyn AsyncMeasure<Value = $number>> {
                self.note(format!("{} {:?} {:?}", asked.get_name(), asked.get_description(), asked.get_units()));
                let nothing = TelemetryProvider::noop().meter_provider().get_meter("", None);
                let measure = nothing.$create("", |_| {}).build();
                asked.get_callback()(measure.as_ref());
                measure
            }
        )*};
    }

    impl ProvideInstrument for Program {
        noted! {
            create_gauge[f64];
            create_async_up_down_counter[i64];
            create_async_monotonic_counter[u64];
        }

        fn create_up_down_counter(
            &self,
            asked: InstrumentBuilder<'_, Arc<dyn UpDownCounter>>,
        ) -> Arc<dyn UpDownCounter> {
            self.note(format!("{} {:?} {:?}", asked.get_name(), asked.get_description(), asked.get_units()));
            TelemetryProvider::noop().meter_provider().get_meter("", None).create_up_down_counter("").build()
        }

        fn create_monotonic_counter(
            &self,
            asked: InstrumentBuilder<'_, Arc<dyn MonotonicCounter>>,
        ) -> Arc<dyn MonotonicCounter> {
            self.note(format!("{} {:?} {:?}", asked.get_name(), asked.get_description(), asked.get_units()));
            TelemetryProvider::noop().meter_provider().get_meter("", None).create_monotonic_counter("").build()
        }

        fn create_histogram(&self, asked: InstrumentBuilder<'_, Arc<dyn Histogram>>) -> Arc<dyn Histogram> {
            self.note(format!("{} {:?} {:?}", asked.get_name(), asked.get_description(), asked.get_units()));
            Arc::new(self.clone())
        }
    }

    fn provider(program: &Program) -> Listening {
        Listening(Arc::new(TelemetryProvider::builder().meter_provider(Arc::new(program.clone())).build()))
    }

    fn attributes(pairs: &[(&'static str, &str)]) -> Attributes {
        let mut attributes = Attributes::new();
        for (key, value) in pairs {
            let number = value.parse().map(AttributeValue::I64);
            attributes.set(*key, number.unwrap_or_else(|_| AttributeValue::String((*value).into())));
        }
        attributes
    }

    /// What is recorded of a call that is measured like this.
    fn recorded(call: impl FnOnce(&dyn Histogram, &dyn Histogram)) -> String {
        let ((), spans) = record("invocation", || {
            let meter = provider(&Program::default()).get_meter("aws-sdk-sqs", None);
            let duration = meter.create_histogram(CALL_DURATION).build();
            call(duration.as_ref(), meter.create_histogram(REQUEST_SIZE).build().as_ref());
        });
        tree(&spans[..spans.len() - 1])
    }

    const OPERATION: [(&str, &str); 2] = [("rpc.service", "SQS"), ("rpc.method", "SendMessage")];

    fn call(outcome: &str, attributes: &str) -> String {
        format!(
            "SQS.SendMessage [client]{outcome} rpc.system=aws-api rpc.service=SQS rpc.method=SendMessage {attributes}\n"
        )
    }

    #[test]
    fn a_call_is_known_by_what_is_measured() {
        for (outcome, expected) in [
            (&[("http.status_code", "200")][..], call("", "http.response.status_code=200")),
            (
                &[("http.status_code", "400"), ("error.type", "operation")],
                call(" ✗ 400", "http.response.status_code=400 error.type=400"),
            ),
            (&[("error.type", "connector")], call(" ✗ connector", "error.type=connector")),
            (&[("error.type", "other")], call(" ✗ _OTHER", "error.type=_OTHER")),
            // What is presigned.
            (&[], String::new()),
        ] {
            let outcome = attributes(&[&OPERATION[..], outcome].concat());
            let measured = |duration: &dyn Histogram, _: &dyn Histogram| duration.record(0.1, Some(&outcome), None);
            assert_eq!(recorded(measured), expected);
            let wrapped = |duration: &dyn Histogram, size: &dyn Histogram| {
                is_wrapped();
                size.record(1.0, Some(&attributes(&OPERATION)), None);
                duration.record(0.1, Some(&outcome), None);
            };
            assert_eq!(recorded(wrapped), "");
        }
    }

    #[test]
    fn a_call_that_was_dropped_is_known_once_it_was_sent() {
        let sent = |_: &dyn Histogram, size: &dyn Histogram| size.record(1.0, Some(&attributes(&OPERATION)), None);
        assert_eq!(recorded(sent), call(" ✗ cancelled", "error.type=cancelled"));
        assert_eq!(recorded(|_, _| {}), "");
        let wrapped = |duration: &dyn Histogram, size: &dyn Histogram| {
            is_wrapped();
            sent(duration, size);
        };
        assert_eq!(recorded(wrapped), "");
    }

    #[test]
    fn what_the_program_measures_is_measured_as_before() {
        let program = Program::default();
        let ours = provider(&program);
        assert_eq!(ours.provider_name(), "program");
        let meter = ours.get_meter("aws-sdk-sqs", None);
        for name in [CALL_DURATION, REQUEST_SIZE, "another"] {
            let histogram = meter.create_histogram(name).set_units("s").set_description("d").build();
            histogram.record(2.0, Some(&Attributes::new()), None);
            assert_eq!(program.noted(), [format!("{name} Some(\"d\") Some(\"s\")"), "2 true".to_owned()]);
        }
        let called = Arc::new(Mutex::new(0));
        let calls = called.clone();
        meter.create_gauge("g", move |_| *calls.lock().unwrap() += 1).set_units("s").build();
        meter.create_async_up_down_counter("u", |_| {}).build();
        meter.create_async_monotonic_counter("m", |_| {}).build();
        meter.create_up_down_counter("ud").set_description("d").build();
        meter.create_monotonic_counter("mc").build();
        let expected = ["g None Some(\"s\")", "u None None", "m None None", "ud Some(\"d\") None", "mc None None"];
        assert_eq!((program.noted(), *called.lock().unwrap()), (expected.map(str::to_owned).to_vec(), 1));
    }
}
