//! Meters around the meters of the program. The meters listen to two instruments, and pass every measurement on.

use std::fmt;
use std::sync::Arc;

use aws_smithy_observability::instruments::{
    AsyncInstrumentBuilder, AsyncMeasure, Histogram, InstrumentBuilder, MonotonicCounter, ProvideInstrument,
    UpDownCounter,
};
use aws_smithy_observability::meter::{Meter, ProvideMeter};
use aws_smithy_observability::{Attributes, Context, TelemetryProvider};

use super::call::Measured;

/// Prefix of the meters of SDK crates. The rest is the name of the service.
const METERS: &str = "aws-sdk-";
/// Name of the instrument for the duration of a call. The attributes are the result.
pub(super) const CALL_DURATION: &str = "smithy.client.call.duration";
/// Name of the instrument for the bytes of a request, measured after sending.
pub(super) const REQUEST_SIZE: &str = "smithy.client.call.request.size";

/// The SDK's name of the provider of a program that measures nothing.
const NO_PROVIDER: &str = "noop";

/// A meter provider around the provider of the program.
pub(super) struct Listening {
    program: Arc<TelemetryProvider>,
    /// The meter and the histogram of all calls, if the program measures nothing. The SDK creates five for each call.
    silent: Option<(Meter, Arc<dyn Histogram>)>,
}

impl Listening {
    pub(super) fn around(program: Arc<TelemetryProvider>) -> Self {
        let provider = program.meter_provider();
        let silent = (provider.provider_name() == NO_PROVIDER).then(|| {
            let meter = provider.get_meter(METERS, None);
            let histogram = meter.create_histogram(CALL_DURATION).build();
            (meter, histogram)
        });
        Listening { program, silent }
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listening").field(&self.program.meter_provider()).finish()
    }
}

impl ProvideMeter for Listening {
    /// Returns a meter. The SDK requests a meter at the beginning of each call.
    fn get_meter(&self, scope: &'static str, attributes: Option<&Attributes>) -> Meter {
        let (inner, silent) = match &self.silent {
            Some((meter, histogram)) => (meter.clone(), Some(histogram.clone())),
            None => (self.program.meter_provider().get_meter(scope, attributes), None),
        };
        match scope.strip_prefix(METERS) {
            Some(service) => Meter::new(Arc::new(Instruments { inner, silent, call: Measured::begin(service) })),
            None => inner,
        }
    }

    /// Returns the name of the provider of the program. The SDK sends the name to the service.
    fn provider_name(&self) -> &'static str {
        self.program.meter_provider().provider_name()
    }
}

/// The instruments of a call.
struct Instruments {
    inner: Meter,
    /// The histogram for all names, if the program measures nothing.
    silent: Option<Arc<dyn Histogram>>,
    call: Arc<Measured>,
}

impl fmt::Debug for Instruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instruments").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Builds the requested instrument with the meter of the program.
macro_rules! inner {
    ($requested:ident, $inner:expr) => {{
        let mut inner = $inner;
        if let Some(description) = $requested.get_description() {
            inner = inner.set_description(description.clone());
        }
        if let Some(units) = $requested.get_units() {
            inner = inner.set_units(units.clone());
        }
        inner.build()
    }};
}

/// Implements methods of `ProvideInstrument` by the meter of the program.
macro_rules! pass_on {
    ($($create:ident($builder:ty) -> $instrument:ty;)*) => {$(
        fn $create(&self, requested: $builder) -> $instrument {
            inner!(requested, self.inner.$create(requested.get_name().clone()))
        }
    )*};
    ($($create:ident[$number:ty];)*) => {$(
        fn $create(
            &self,
            requested: AsyncInstrumentBuilder<'_, Arc<dyn AsyncMeasure<Value = $number>>, $number>,
        ) -> Arc<dyn AsyncMeasure<Value = $number>> {
            let callback = requested.get_callback();
            inner!(requested, self.inner.$create(requested.get_name().clone(), move |measure| callback(measure)))
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

    fn create_histogram(&self, requested: InstrumentBuilder<'_, Arc<dyn Histogram>>) -> Arc<dyn Histogram> {
        let inner = match &self.silent {
            Some(silent) => silent.clone(),
            None => inner!(requested, self.inner.create_histogram(requested.get_name().clone())),
        };
        let call = || self.call.clone();
        match requested.get_name().as_ref() {
            CALL_DURATION => Arc::new(CallDuration { inner, call: call() }),
            REQUEST_SIZE => Arc::new(RequestSize { inner, call: call() }),
            _ => inner,
        }
    }
}

/// An instrument in the bag of the SDK, dropped with the call.
#[derive(Debug)]
struct CallDuration {
    inner: Arc<dyn Histogram>,
    call: Arc<Measured>,
}

impl Histogram for CallDuration {
    fn record(&self, value: f64, attributes: Option<&Attributes>, context: Option<&dyn Context>) {
        self.inner.record(value, attributes, context);
        attributes.into_iter().for_each(|outcome| self.call.ended(outcome));
    }
}

impl Drop for CallDuration {
    fn drop(&mut self) {
        self.call.dropped();
    }
}

/// An instrument in the body of the request. A connection may keep the body for longer than the call lasts.
#[derive(Debug)]
struct RequestSize {
    inner: Arc<dyn Histogram>,
    call: Arc<Measured>,
}

impl Histogram for RequestSize {
    fn record(&self, value: f64, attributes: Option<&Attributes>, context: Option<&dyn Context>) {
        self.inner.record(value, attributes, context);
        attributes.into_iter().for_each(|attributes| self.call.sent(attributes));
    }
}
