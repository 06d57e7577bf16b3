//! An invocation of Lambda, told by its root span.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use thundra_core::semconv;

use super::attributes::number_of;
use super::span::{SpanRow, is_cold, owned};

/// An invocation.
#[derive(Debug, Default)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) cold: bool,
    /// Billed nanoseconds, estimated.
    pub(crate) billed: i64,
    /// Bytes.
    pub(crate) memory_size: Option<i64>,
    pub(crate) memory_used: Option<i64>,
    pub(crate) gb_s: Option<f64>,
    pub(crate) status: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) trigger: Option<String>,
    pub(crate) deadline_used: Option<f64>,
    pub(crate) arch: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) route: Option<String>,
}

/// A gigabyte, as Lambda bills it.
pub(crate) const GB: f64 = (1u64 << 30) as f64;

/// A petabyte, and the milliseconds of a hundred years: what says more is no measurement.
const MAX_BYTES: f64 = 1e15;
const MAX_MS: f64 = 3.2e12;

impl Invocation {
    /// Reads an invocation; `None` for another root.
    pub(crate) fn of(row: &SpanRow, attributes: &[KeyValue], resource: &[KeyValue]) -> Option<Self> {
        let request_id = owned(attributes, semconv::FAAS_INVOCATION_ID)?;
        let any = |key: &str| owned(attributes, key).or_else(|| owned(resource, key));
        let number = |key: &str| number_of(attributes, key).or_else(|| number_of(resource, key));
        let memory_size = number(semconv::FAAS_MAX_MEMORY).filter(|bytes| (0.0..MAX_BYTES).contains(bytes));
        let estimated =
            number_of(attributes, semconv::THUNDRA_BILLED_ESTIMATED_MS).filter(|time| (0.0..MAX_MS).contains(time));
        // Lambda bills whole milliseconds.
        let billed_ms = estimated.unwrap_or_else(|| (row.duration as f64 / 1e6).ceil());
        let used = number_of(attributes, semconv::THUNDRA_MEMORY_PEAK_BYTES).map(|bytes| bytes as i64);
        let estimated_gb_s = number_of(attributes, semconv::THUNDRA_BILLED_ESTIMATED_GB_S)
            .filter(|gb_s| (0.0..MAX_BYTES / GB * MAX_MS / 1e3).contains(gb_s));
        let error = owned(attributes, semconv::ERROR_TYPE);
        let is_timeout = row.flags & super::flag::UNFINISHED != 0
            || error.as_deref().is_some_and(|error| error.to_ascii_lowercase().contains("timeout"));
        Some(Invocation {
            request_id,
            cold: is_cold(attributes),
            billed: (billed_ms * 1e6) as i64,
            memory_size: memory_size.map(|bytes| bytes as i64),
            memory_used: used,
            gb_s: estimated_gb_s.or_else(|| Some(memory_size? / GB * billed_ms / 1e3)),
            status: if is_timeout {
                "timeout"
            } else if row.status == 2 {
                "error"
            } else {
                "ok"
            },
            error,
            trigger: owned(attributes, semconv::FAAS_TRIGGER),
            deadline_used: number_of(attributes, semconv::THUNDRA_DEADLINE_USED_RATIO),
            arch: any("host.arch"),
            version: any(semconv::FAAS_VERSION),
            instance: any(semconv::FAAS_INSTANCE),
            tenant: owned(attributes, semconv::TENANT_ID),
            route: owned(attributes, semconv::HTTP_ROUTE),
        })
    }

    /// Returns `true` for a function on Graviton.
    pub(crate) fn is_arm(&self) -> bool {
        self.arch.as_deref().is_some_and(|arch| arch.starts_with("arm") || arch.starts_with("aarch"))
    }
}
