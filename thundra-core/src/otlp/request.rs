//! The request that carries records to a collector.
//!
//! `ExportTraceServiceRequest`, `ExportLogsServiceRequest` and `ExportMetricsServiceRequest` differ in the names of
//! their outer fields alone, and not in the numbers: one encoding serves all three.

use super::tag;
use super::write::{bytes, bytes_len, delimited};

/// The name and the version of the instrumentation scope of all records.
const NAME: &str = "thundra";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The length of an `InstrumentationScope` with both.
const SCOPE_LEN: usize = bytes_len(NAME.len()) + bytes_len(VERSION.len());

/// Returns the length of a request with a resource and a run of these lengths.
pub(crate) const fn len(resource: usize, run: usize) -> usize {
    let scope_records = bytes_len(SCOPE_LEN) + run;
    bytes_len(bytes_len(resource) + bytes_len(scope_records))
}

/// Returns a request with the records of a run, for the resource of this encoded body.
pub(crate) fn encode(resource: &[u8], run: &[u8]) -> Vec<u8> {
    let scope_records = bytes_len(SCOPE_LEN) + run.len();
    let resource_records = bytes_len(resource.len()) + bytes_len(scope_records);
    let mut out = Vec::with_capacity(len(resource.len(), run.len()));
    delimited(&mut out, tag::RESOURCE_RECORDS, resource_records);
    delimited(&mut out, tag::RESOURCE, resource.len());
    out.extend_from_slice(resource);
    delimited(&mut out, tag::SCOPE_RECORDS, scope_records);
    delimited(&mut out, tag::SCOPE, SCOPE_LEN);
    bytes(&mut out, tag::SCOPE_NAME, NAME.as_bytes());
    bytes(&mut out, tag::SCOPE_VERSION, VERSION.as_bytes());
    out.extend_from_slice(run);
    out
}
