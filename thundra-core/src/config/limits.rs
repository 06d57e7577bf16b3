//! Limits of spans and invocations.

use super::list as v;
use super::reader::Reader;

/// The limits of a span, a log record and an invocation. Data beyond a limit is dropped, and counted on the span or the
/// log record.
///
/// The names and the defaults are those of OpenTelemetry's [span limits] and [log record limits].
///
/// [span limits]: https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits
/// [log record limits]: https://opentelemetry.io/docs/specs/otel/logs/sdk/#logrecord-limits
///
/// # Examples
///
/// A span with more events than the limit counts the dropped ones:
///
/// ```
/// use thundra_core::{Config, Env, testing};
///
/// let config = Config::from_env(&Env::from_pairs([("OTEL_SPAN_EVENT_COUNT_LIMIT", "1")]));
/// assert_eq!(config.limits.events, 1);
/// let (_, spans) = testing::record_with(&config, "import", || (0..3).for_each(|row| tracing::info!(row, "imported")));
/// assert_eq!((spans[0].events.len(), spans[0].dropped_events), (1, 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Attributes of a span. Defaults to 128.
    pub attributes: u32,
    /// Events of a span. Defaults to 128.
    pub events: u32,
    /// Links of a span. Defaults to 128.
    pub links: u32,
    /// Attributes of an event of a span. Defaults to 128.
    pub event_attributes: u32,
    /// Attributes of a link of a span. Defaults to 128.
    pub link_attributes: u32,
    /// Characters of an attribute's text; `None` for no limit, the default.
    pub value_length: Option<usize>,
    /// Attributes of a log record from the fields of its event. Defaults to 128.
    pub log_attributes: u32,
    /// Characters of the text of a log record's attribute; `None` for no limit, the default.
    pub log_value_length: Option<usize>,
    /// Recorded spans of an invocation. Defaults to 10,000.
    pub spans: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            attributes: 128,
            events: 128,
            links: 128,
            event_attributes: 128,
            link_attributes: 128,
            value_length: None,
            log_attributes: 128,
            log_value_length: None,
            spans: 10_000,
        }
    }
}

impl Limits {
    /// Returns the limits for the marks and counts of this crate, recorded even where the attributes of the program
    /// fill the span.
    pub(crate) fn without_attribute_limit(&self) -> Self {
        Limits { attributes: u32::MAX, ..*self }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let default = Limits::default();
        let attributes = reader.number(&v::ATTRIBUTE_COUNT).unwrap_or(default.attributes);
        let length: Option<u64> = reader.number(&v::ATTRIBUTE_VALUE_LENGTH);
        let characters = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        Limits {
            attributes: reader.number(&v::SPAN_ATTRIBUTE_COUNT).unwrap_or(attributes),
            events: reader.number(&v::SPAN_EVENT_COUNT).unwrap_or(default.events),
            links: reader.number(&v::SPAN_LINK_COUNT).unwrap_or(default.links),
            event_attributes: reader.number(&v::EVENT_ATTRIBUTE_COUNT).unwrap_or(default.event_attributes),
            link_attributes: reader.number(&v::LINK_ATTRIBUTE_COUNT).unwrap_or(default.link_attributes),
            value_length: reader.number(&v::SPAN_ATTRIBUTE_VALUE_LENGTH).or(length).map(characters),
            log_attributes: reader.number(&v::LOG_ATTRIBUTE_COUNT).unwrap_or(attributes),
            log_value_length: reader.number(&v::LOG_ATTRIBUTE_VALUE_LENGTH).or(length).map(characters),
            spans: reader.number(&v::MAX_SPANS).unwrap_or(default.spans),
        }
    }
}
