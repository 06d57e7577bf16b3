//! The input of the work on a record: the JSON payload as a type of the user, as text, as bytes, or the record.
//!
//! A failure is explained without a quote of the payload.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use thundra_core::exception::Exception;

use super::BatchEvent;
use super::record::Delivery;
use crate::payload::read_error::without_values;

/// The input of the work on a record. Sealed: no other crate can name the reader.
pub trait Payload<E: BatchEvent> {
    /// The argument of the closure.
    type Item;

    #[doc(hidden)]
    const READER: Reader<E, Self::Item>;
}

/// Reads a record. The field is private, so no other crate can implement [`Payload`].
pub struct Reader<E: BatchEvent, T>(pub(super) fn(E::Record, &Delivery) -> Result<T, PayloadError>);

impl<E: BatchEvent, T> fmt::Debug for Reader<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// The JSON payload as a `T`: see [`each`](super::each).
#[derive(Debug)]
pub struct Json<T>(PhantomData<fn() -> T>);

/// The record: see [`each_record`](super::each_record).
#[derive(Debug)]
pub struct Record(());

/// The bytes of the payload: see [`each_bytes`](super::each_bytes).
#[derive(Debug)]
pub struct Bytes(());

/// The payload as text: see [`each_text`](super::each_text).
#[derive(Debug)]
pub struct Text(());

impl<E: BatchEvent, T: DeserializeOwned> Payload<E> for Json<T> {
    type Item = T;

    const READER: Reader<E, T> = Reader(|record, delivery| {
        let error = |why: &str| PayloadError(format!("the payload is no {}: {why}", type_name::<T>()));
        let payload = (E::SOURCE.payload)(&record).map_err(error)?;
        // A type that takes `null` takes a record without a payload too.
        let payload = payload.map_or(Cow::Borrowed(&b"null"[..]), |payload| delivery.without_context(payload));
        serde_json::from_slice(&payload).map_err(|cause| error(&describe(&cause)))
    });
}

impl<E: BatchEvent> Payload<E> for Record {
    type Item = E::Record;

    const READER: Reader<E, E::Record> = Reader(|record, _| Ok(record));
}

impl<E: BatchEvent> Payload<E> for Bytes {
    type Item = Vec<u8>;

    const READER: Reader<E, Vec<u8>> = Reader(bytes::<E>);
}

impl<E: BatchEvent> Payload<E> for Text {
    type Item = String;

    const READER: Reader<E, String> = Reader(|record, delivery| {
        let text = String::from_utf8(bytes::<E>(record, delivery)?);
        text.map_err(|error| PayloadError(format!("the payload is no text: {}", error.utf8_error())))
    });
}

fn bytes<E: BatchEvent>(record: E::Record, delivery: &Delivery) -> Result<Vec<u8>, PayloadError> {
    let payload = (E::SOURCE.payload)(&record).and_then(|payload| payload.ok_or(NONE));
    let payload = payload.map_err(|why| PayloadError(format!("the payload is not there: {why}")))?;
    Ok(delivery.without_context(payload).into_owned())
}

/// The reason for a record without a payload.
pub(super) const NONE: &str = "the record has none";

/// The reason why a payload could not be read, with the place and the expectation, and never with the payload.
#[derive(Debug)]
pub(super) struct PayloadError(String);

impl PayloadError {
    /// Returns the failure of the record.
    pub(super) fn into_exception(self) -> Exception {
        Exception::new("unreadable", self.0)
    }
}

fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // Messages about syntax quote nothing.
    if error.classify() != Category::Data {
        return text;
    }
    let at = || format!("invalid data at line {} column {}", error.line(), error.column());
    without_values(&text).unwrap_or_else(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Order {
        id: u32,
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    enum Kind {
        New,
        Old,
    }

    #[test]
    fn the_payload_is_not_quoted() {
        for (json, why) in [
            (r#"{"id":"s3cret"}"#, "invalid type, expected u32 at line 1 column 14"),
            (r#"{"id":"s3cret, expected by nobody"}"#, "invalid type, expected u32 at line 1 column 34"),
            (r#"{"id":1,"kind":"s3cret"}"#, "unknown variant, expected `New` or `Old` at line 1 column 23"),
            (r#"{"id":1,"s3cret":1}"#, "unknown field, expected `id` or `kind` at line 1 column 16"),
            (r#"{"id":-1}"#, "invalid value, expected u32 at line 1 column 8"),
            ("{}", "missing field `id` at line 1 column 2"),
            ("s3cret", "expected value at line 1 column 1"),
            (r#"{"id":1"#, "EOF while parsing an object at line 1 column 7"),
        ] {
            assert_eq!(describe(&serde_json::from_str::<Order>(json).unwrap_err()), why, "{json}");
        }
    }
}
