//! Functions that the SQL of the store calls.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use regex_lite::{Regex, RegexBuilder};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use super::blocks::may_have;
use super::{Error, bucket};
use crate::rows::{number_of, text};

/// Adds the functions to a connection.
pub(super) fn add(connection: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("bucket", 1, flags, |context| Ok(bucket(context.get(0)?)))?;
    connection.create_scalar_function("has_entry", 2, flags, |context| {
        let entry: i64 = context.get(1)?;
        Ok(context.get_raw(0).as_blob().is_ok_and(|entries| has(entries, entry as u64)))
    })?;
    connection.create_scalar_function("may_have", 2, flags, |context| {
        let entry: i64 = context.get(1)?;
        // Without a filter, nothing is known.
        Ok(context.get_raw(0).as_blob().map_or(true, |filter| may_have(filter, entry as u64)))
    })?;
    connection.create_scalar_function("number_of", 3, flags, |context| {
        Ok(number_of(&attributes(context)?, &context.get::<String>(2)?))
    })?;
    connection.create_scalar_function("text_of", 3, flags, |context| {
        let key: String = context.get(2)?;
        let pair = attributes(context)?.into_iter().find(|pair| pair.key == key);
        Ok(pair.and_then(|pair| pair.value).map(|value| text(&value)))
    })?;
    connection.create_scalar_function("matches", 2, flags, |context| {
        let pattern = context
            .get_or_create_aux(0, |pattern| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
                Ok(whole(pattern.as_str()?)?)
            })?;
        Ok(context.get_raw(1).as_str().is_ok_and(|text| pattern.is_match(text)))
    })?;
    Ok(())
}

/// Decodes the attributes of a span or, if the first argument is true, of a resource.
fn attributes(context: &Context<'_>) -> rusqlite::Result<Vec<KeyValue>> {
    let raw = context.get_raw(1).as_blob().unwrap_or_default();
    Ok(match context.get(0)? {
        true => Resource::decode(raw).unwrap_or_default().attributes,
        false => Span::decode(raw).unwrap_or_default().attributes,
    })
}

/// Reads a regular expression that a text must match as a whole.
pub(crate) fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    // By itself, so that no parenthesis of it closes ours.
    Regex::new(pattern)?;
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build()
}

/// Returns `true` if a list of attributes has the entry.
pub(crate) fn has(entries: &[u8], entry: u64) -> bool {
    entries.as_chunks::<8>().0.iter().any(|bytes| u64::from_be_bytes(*bytes) == entry)
}
