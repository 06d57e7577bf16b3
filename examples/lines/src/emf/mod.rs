//! Documents of CloudWatch's embedded metric format as OTLP metrics.
//!
//! A document does not name the kind of an instrument, and the kind must not change from document to document. The unit
//! therefore decides: a metric of the unit `Count` is a sum, and any other metric a histogram, even of a single value.
//! CloudWatch stores each metric as a distribution. A histogram keeps the same figures: number, sum, minimum and
//! maximum. Sums and histograms are deltas, because a document holds the measurements since the previous document.
//!
//! The namespace becomes the name of the scope, and dimensions become attributes. The other members of a document are
//! ids and other unbounded values: as attributes of metrics, each value would start a time series. The other members
//! therefore stay in the log.

mod document;
mod measured;
mod series;
#[cfg(test)]
mod tests;
mod units;

use serde::{Deserialize, Deserializer};

pub use document::Document;
pub use series::join_series;

/// Reads `null` as the default. Writers in languages with null references write `null` for unset members.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
