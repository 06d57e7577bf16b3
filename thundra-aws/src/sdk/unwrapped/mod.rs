//! Calls of clients without the interceptor, recorded from the metrics of the SDK.
//!
//! The SDK measures the calls of every client: operation, duration and result. The metrics are enough for a span of the
//! calls of a plain `Client::new(&config)`. The metrics lack the resource, and no context travels. The first call
//! therefore prints the code for a wrapped client.
//!
//! # Never twice
//!
//! A call with the interceptor is recorded by the [interceptor](super::call) alone. Presigned requests are not
//! recorded, and neither are calls under an OpenTelemetry context with suppressed telemetry. (`THUNDRA_SPANS=debug`
//! also records the spans of the SDK, as of any library.)
//!
//! # Cost
//!
//! Four small allocations a call, with or without the interceptor. The instruments of the program measure as before. A
//! program without a meter provider creates no instrument.
//!
//! # Limits
//!
//! - A meter provider set later by the program replaces the provider of this module. SDK crates with another version of
//!   `aws-smithy-observability` use another provider.
//! - A call dropped before sending is not recorded.
//! - A failure of presigning is recorded as a failure before sending.
//! - A traced HTTP client below records the request as well.
//! - Handlers under a plain `lambda_runtime::run` are not covered, because tracing begins while calls may be in
//!   progress.

mod call;
mod meters;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Once};

use aws_smithy_observability::TelemetryProvider;
use aws_smithy_observability::global::{get_telemetry_provider, set_telemetry_provider};
use thundra_core::diagnostics;

pub(crate) use self::call::is_wrapped;
use self::meters::Listening;

/// Installs the listening meters. The meters of the program go on measuring.
///
/// Has to run before any call. A call at the very moment of installing finds no meter, and the SDK panics.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let listen = || {
            let theirs = get_telemetry_provider()?;
            let ours = TelemetryProvider::builder().meter_provider(Arc::new(Listening::around(theirs)));
            set_telemetry_provider(ours.build())
        };
        // Setting the provider fails while another thread reads it.
        let listening = (0..100).find_map(|_| listen().map_err(|_| std::thread::yield_now()).ok());
        if listening.is_none() {
            diagnostics::once(
                "unwrapped",
                "the meters of the AWS SDK are in use: calls of clients without the interceptor are not recorded",
            );
        }
    });
}
