//! The built-in metrics that are read at each collection: of the process, and of telemetry itself.

mod process;
mod sdk;

use std::sync::Once;

use crate::pipeline::tally;
use crate::points::collection::observe_with;

/// Reads these metrics from now on: for OTLP, and for a [writer](crate::metrics::write_points_with) that wants them.
#[doc(hidden)]
pub fn observe_built_in() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tally::turn_on();
        observe_with(process::observe);
        observe_with(sdk::observe);
    });
}
