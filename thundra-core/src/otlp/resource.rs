//! The resource of a program, encoded once.

use super::{tag, write};
use crate::Value;

/// Returns the body of an OTLP `Resource` message.
pub(crate) fn encode(attributes: &[(String, Value)]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(512);
    for (key, value) in attributes {
        write::attribute(&mut encoded, tag::RESOURCE_ATTRIBUTE, key, value);
    }
    encoded
}
