//! The event of an invocation in a test.

use bytes::Bytes;
use serde_json::Value;

/// The event of an invocation: a JSON value, or JSON in a text or in bytes.
///
/// An event of a type is a value by [`serde_json::to_value`]. A text is JSON, not a JSON string: `json!("ann")` is the
/// event `"ann"`.
pub trait IntoEvent {
    /// Returns the bytes of the event.
    fn into_event(self) -> Bytes;
}

impl IntoEvent for Value {
    fn into_event(self) -> Bytes {
        self.to_string().into()
    }
}

impl IntoEvent for &Value {
    fn into_event(self) -> Bytes {
        self.to_string().into()
    }
}

impl IntoEvent for String {
    fn into_event(self) -> Bytes {
        self.into()
    }
}

impl IntoEvent for &String {
    fn into_event(self) -> Bytes {
        self.clone().into()
    }
}

impl IntoEvent for &str {
    fn into_event(self) -> Bytes {
        self.to_owned().into()
    }
}

impl IntoEvent for Vec<u8> {
    fn into_event(self) -> Bytes {
        self.into()
    }
}

impl IntoEvent for &[u8] {
    fn into_event(self) -> Bytes {
        self.to_owned().into()
    }
}

impl<const N: usize> IntoEvent for &[u8; N] {
    fn into_event(self) -> Bytes {
        self.to_vec().into()
    }
}

impl IntoEvent for Bytes {
    fn into_event(self) -> Bytes {
        self
    }
}
