//! Measured calls, and the measurements of the program.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_observability::instruments::{
    AsyncInstrumentBuilder, AsyncMeasure, Histogram, InstrumentBuilder, MonotonicCounter, ProvideInstrument,
    UpDownCounter,
};
use aws_smithy_observability::meter::{Meter, ProvideMeter};
use aws_smithy_observability::{AttributeValue, Attributes, Context, TelemetryProvider};
use thundra_core::testing::{record, tree};

use super::is_wrapped;
use super::meters::{CALL_DURATION, Listening, REQUEST_SIZE};

/// A meter provider of the program, with notes of the requested instruments.
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

    fn create_up_down_counter(&self, asked: InstrumentBuilder<'_, Arc<dyn UpDownCounter>>) -> Arc<dyn UpDownCounter> {
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
    Listening::around(Arc::new(TelemetryProvider::builder().meter_provider(Arc::new(program.clone())).build()))
}

fn attributes(pairs: &[(&'static str, &str)]) -> Attributes {
    let mut attributes = Attributes::new();
    for (key, value) in pairs {
        let number = value.parse().map(AttributeValue::I64);
        attributes.set(*key, number.unwrap_or_else(|_| AttributeValue::String((*value).into())));
    }
    attributes
}

/// Returns the recorded span of a measured call, which is the same beside a program that measures nothing.
fn recorded(call: impl Fn(&dyn Histogram, &dyn Histogram)) -> String {
    let recorded = |ours: Listening| {
        let ((), spans) = record("invocation", || {
            let meter = ours.get_meter("aws-sdk-sqs", None);
            let duration = meter.create_histogram(CALL_DURATION).build();
            call(duration.as_ref(), meter.create_histogram(REQUEST_SIZE).build().as_ref());
        });
        tree(&spans[..spans.len() - 1])
    };
    let beside_meters = recorded(provider(&Program::default()));
    assert_eq!(recorded(Listening::around(Arc::new(TelemetryProvider::noop()))), beside_meters);
    beside_meters
}

const OPERATION: [(&str, &str); 2] = [("rpc.service", "SQS"), ("rpc.method", "SendMessage")];

fn call(outcome: &str, attributes: &str) -> String {
    format!(
        "SQS.SendMessage [client]{outcome} rpc.system=aws-api rpc.service=SQS rpc.method=SendMessage {attributes}\n"
    )
}

#[test]
fn a_measured_call_is_recorded() {
    for (outcome, expected) in [
        (&[("http.status_code", "200")][..], call("", "http.response.status_code=200")),
        (
            &[("http.status_code", "400"), ("error.type", "operation")],
            call(" ✗ 400", "http.response.status_code=400 error.type=400"),
        ),
        (&[("error.type", "connector")], call(" ✗ connector", "error.type=connector")),
        (&[("error.type", "other")], call(" ✗ _OTHER", "error.type=_OTHER")),
        // A presigned request.
        (&[], String::new()),
    ] {
        let outcome = attributes(&[&OPERATION[..], outcome].concat());
        // Once, although the instrument is dropped as well.
        let measured = |duration: &dyn Histogram, size: &dyn Histogram| {
            size.record(1.0, Some(&attributes(&OPERATION)), None);
            duration.record(0.1, Some(&outcome), None);
        };
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
fn a_dropped_call_is_recorded_if_it_was_sent() {
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
fn the_instruments_of_the_program_measure_as_before() {
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

#[test]
fn beside_a_program_that_measures_nothing_all_calls_share_one_instrument() {
    let ours = Listening::around(Arc::new(TelemetryProvider::noop()));
    let other = |meter: Meter, name| meter.create_histogram(name).build();
    let (one, another) =
        (other(ours.get_meter("aws-sdk-sqs", None), "a"), other(ours.get_meter("aws-sdk-sns", None), "b"));
    assert!(Arc::ptr_eq(&one, &another));
    assert_eq!(ours.provider_name(), "noop");
}
