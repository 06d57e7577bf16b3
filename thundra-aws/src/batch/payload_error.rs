//! Reads the payload of a record as the user's type, and explains a failure without quoting the payload.

use std::any::type_name;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::BatchEvent;
use super::record::Delivery;
use crate::payload::read_error::without_values;

/// The reason why a payload could not be read. It has the place and the expectation, and never the payload.
#[derive(Debug)]
pub(super) struct PayloadError(String);

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the payload of a record, without the `__context__` that a sender put in.
pub(super) fn read<E: BatchEvent, T: DeserializeOwned>(
    record: E::Record,
    delivery: &Delivery,
) -> Result<T, PayloadError> {
    let error = |why: &str| PayloadError(format!("the payload is no {}: {why}", type_name::<T>()));
    let payload = (E::SOURCE.payload)(&record).ok_or_else(|| error("there is none"))?;
    serde_json::from_slice(&delivery.without_context(payload)).map_err(|cause| error(&describe(&cause)))
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
