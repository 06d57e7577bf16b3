//! Payloads that `THUNDRA_INJECT_PAYLOAD` excludes.

use crate::sdk::message::Skipped;
use crate::settings::settings;

/// Returns the reason why the payloads of this service and target may not be written, if they may not.
pub(crate) fn excluded(service: &str, target: &str) -> Option<Skipped> {
    (!settings().inject_payload.allow(service, target)).then_some(Skipped::Excluded)
}
