//! The built-in metrics read at each collection: metrics of the process, and metrics of telemetry.

mod process;
mod sdk;

use std::sync::Once;

use crate::pipeline::tally;
use crate::points::collection::observe_with;

/// Reads the built-in metrics from now on, for OTLP and for a [writer](crate::metrics::write_points_with).
#[doc(hidden)]
pub fn observe_built_in() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tally::turn_on();
        observe_with(process::observe);
        observe_with(sdk::observe);
    });
}
