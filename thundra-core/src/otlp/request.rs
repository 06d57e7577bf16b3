//! The request that carries records to a collector.
//!
//! `ExportTraceServiceRequest`, `ExportLogsServiceRequest` and `ExportMetricsServiceRequest` differ in the names of their
//! outer fields alone, and not in the numbers: one encoding serves all three.

use super::tag;
use super::write::{bytes, bytes_len, nested, varint};

/// The instrumentation scope of all records.
const SCOPE_NAME: &str = "thundra";

/// Returns a request with the records of a run, for the resource of this encoded body.
pub(crate) fn encode(resource: &[u8], run: &[u8]) -> Vec<u8> {
    let mut scope = Vec::with_capacity(64);
    nested(&mut scope, tag::SCOPE, |out| {
        bytes(out, tag::SCOPE_NAME, SCOPE_NAME.as_bytes());
        bytes(out, tag::SCOPE_VERSION, env!("CARGO_PKG_VERSION").as_bytes());
    });
    let scope_records = scope.len() + run.len();
    let resource_records = bytes_len(resource.len()) + bytes_len(scope_records);
    let mut out = Vec::with_capacity(bytes_len(resource_records));
    out.push(tag::RESOURCE_RECORDS);
    varint(&mut out, resource_records as u64);
    bytes(&mut out, tag::RESOURCE, resource);
    out.push(tag::SCOPE_RECORDS);
    varint(&mut out, scope_records as u64);
    out.extend_from_slice(&scope);
    out.extend_from_slice(run);
    out
}
