//! Calls of clients without the interceptor, recorded from the metrics of the SDK.
//!
//! The SDK measures the calls of every client: operation, duration and result. The metrics are enough for a span of the calls
//! of a plain `Client::new(&config)`. They have no resource, and no context travels. The first call of such a client
//! therefore prints the code that wraps the client.
//!
//! # Never twice
//!
//! A call with the interceptor is recorded by the [interceptor](super::call) alone. Presigned requests are not recorded,
//! and neither are calls under an OpenTelemetry context that suppresses telemetry. (`THUNDRA_SPANS=debug` also records the
//! spans of the SDK, as those of any library.)
//!
//! # Cost
//!
//! Four small allocations a call, with or without the interceptor. The instruments of the program measure as before.
//!
//! # Limits
//!
//! - A meter provider that the program sets later replaces this one. SDK crates with another version of
//!   `aws-smithy-observability` do not use this one.
//! - A call that is dropped before its request was sent is not recorded.
//! - A call that failed while it was presigned is recorded as one that failed before it was sent.
//! - A traced HTTP client below records the request as well.
//! - Handlers under a plain `lambda_runtime::run` are not covered: tracing begins there while calls may be in progress.

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

/// Installs the meters that listen to calls. Meters that are set already go on measuring.
///
/// Has to run before calls are in progress. A call that begins at the same moment finds no meter, and the SDK panics.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let listen = || {
            let theirs = get_telemetry_provider()?;
            let ours = TelemetryProvider::builder().meter_provider(Arc::new(Listening(theirs)));
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
