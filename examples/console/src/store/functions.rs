//! Functions that the SQL of the store calls.

use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::{Error, bucket};
use crate::rows::number_of;

/// Adds the functions to a connection.
pub(super) fn add(connection: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("bucket", 1, flags, |context| Ok(bucket(context.get(0)?)))?;
    connection.create_scalar_function("has_entry", 2, flags, |context| {
        let entry: i64 = context.get(1)?;
        Ok(context.get_raw(0).as_blob().is_ok_and(|entries| has(entries, entry as u64)))
    })?;
    connection.create_scalar_function("number_of", 3, flags, |context| {
        let (of_resource, key): (bool, String) = (context.get(0)?, context.get(2)?);
        let raw = context.get_raw(1).as_blob().unwrap_or_default();
        let attributes = match of_resource {
            true => Resource::decode(raw).unwrap_or_default().attributes,
            false => Span::decode(raw).unwrap_or_default().attributes,
        };
        Ok(number_of(&attributes, &key))
    })?;
    Ok(())
}

/// Returns `true` if a list of attributes has the entry.
pub(crate) fn has(entries: &[u8], entry: u64) -> bool {
    entries.as_chunks::<8>().0.iter().any(|bytes| u64::from_be_bytes(*bytes) == entry)
}
