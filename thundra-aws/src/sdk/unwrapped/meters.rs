//! The meters that the SDK is given: those of before, two instruments of which are heard along.

use std::fmt;
use std::sync::Arc;

use aws_smithy_observability::instruments::{
    AsyncInstrumentBuilder, AsyncMeasure, Histogram, InstrumentBuilder, MonotonicCounter, ProvideInstrument,
    UpDownCounter,
};
use aws_smithy_observability::meter::{Meter, ProvideMeter};
use aws_smithy_observability::{Attributes, Context, TelemetryProvider};

use super::call::Measured;

/// How the meters of the SDK crates are named, before the service.
const METERS: &str = "aws-sdk-";
/// What the SDK calls the time that a call took; its attributes are the outcome.
pub(super) const CALL_DURATION: &str = "smithy.client.call.duration";
/// What the SDK calls the bytes that were sent: measured once they have left.
pub(super) const REQUEST_SIZE: &str = "smithy.client.call.request.size";

/// The meters of before, heard along.
pub(super) struct Listening(pub(super) Arc<TelemetryProvider>);

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
