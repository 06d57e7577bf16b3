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
//! Four small allocations a call, wrapped or not, and nothing elsewhere. What the program measures by itself is measured
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
