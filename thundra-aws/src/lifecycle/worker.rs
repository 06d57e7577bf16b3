//! Programs outside Lambda that use AWS: workers of queues, servers.

/// Installs everything a program outside Lambda needs, as [`thundra_http::init`] does, and has the calls of AWS
/// clients recorded that nobody wrapped (feature `forgotten`).
///
/// Keep the guard until the program ends: dropping it exports what is left.
///
/// # Examples
///
/// ```no_run
/// let _telemetry = thundra_aws::init();
/// ```
#[must_use = "dropping the guard stops exporting"]
pub fn init() -> thundra_http::Telemetry {
    thundra_http::init_with(super::init::config())
}
