//! The few members of a response that tell its outcome, read while the runtime serialises the response.
//!
//! A user's `Serialize` may work only once, or panic. The runtime's serialisation is therefore the only run.
//! [`Passing`] forwards each value to the serializer of the runtime, and reads the members among the values. Values
//! inside of other members go to the serializer directly.

use std::cell::{Cell, RefCell};
use std::fmt::Display;

use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// The longest text kept of a member, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The members of a response. Absent members, and members of another type, are `None`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ResponseMembers {
    /// `statusCode`, of an HTTP response.
    pub(super) status_code: Option<u16>,
    /// `Status`, of a durable execution.
    pub(super) status: Option<String>,
    /// `statusCode` in the JSON text of `Result`, the response of a durable execution.
    pub(super) result_status_code: Option<u16>,
    /// `Error.ErrorType`
    pub(super) error_type: Option<String>,
    /// `Error.ErrorMessage`
    pub(super) error_message: Option<String>,
}

/// Serialises a response, and returns its members beside the result.
pub(super) fn serialize_and_read<S: Serializer>(
    body: &impl Serialize,
    serializer: S,
) -> (Result<S::Ok, S::Error>, ResponseMembers) {
    let seen = Seen::default();
    let result = seen.pass(body, Part::Response).serialize(serializer);
    (result, seen.members.into_inner())
}

/// The part of a response serialised so far.
#[derive(Default)]
struct Seen {
    /// The place of the value after the last key of an object.
    next: Cell<Option<Part>>,
    members: RefCell<ResponseMembers>,
}

/// The place of a value in a response.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// The response.
    Response,
    /// A key of the response.
    Key,
    /// `statusCode`
    StatusCode,
    /// `Status`
    Status,
    /// `Result`
    Result,
    /// `Error`
    Error,
    /// A key of `Error`.
    ErrorKey,
    /// `Error.ErrorType`
    ErrorType,
    /// `Error.ErrorMessage`
    ErrorMessage,
}

impl Part {
    /// Returns the place of the keys of an object in this place. `None` for an object without members to read.
    fn key(self) -> Option<Part> {
        match self {
            Part::Response => Some(Part::Key),
            Part::Error => Some(Part::ErrorKey),
            _ => None,
        }
    }

    /// Returns the place of the value after a key in this place. `None` for a value that is not read.
    fn value(self, key: &str) -> Option<Part> {
        match (self, key) {
            (Part::Key, "statusCode") => Some(Part::StatusCode),
            (Part::Key, "Status") => Some(Part::Status),
            (Part::Key, "Result") => Some(Part::Result),
            (Part::Key, "Error") => Some(Part::Error),
            (Part::ErrorKey, "ErrorType") => Some(Part::ErrorType),
            (Part::ErrorKey, "ErrorMessage") => Some(Part::ErrorMessage),
            _ => None,
        }
    }
}

impl Seen {
    fn pass<'a, T: ?Sized>(&'a self, value: &'a T, part: Part) -> Through<'a, T> {
        Through { value, part, seen: self }
    }

    /// Reads a text.
    fn text(&self, part: Part, text: &str) {
        if matches!(part, Part::Key | Part::ErrorKey) {
            return self.next.set(part.value(text));
        }
        let mut members = self.members.borrow_mut();
        let member = match part {
            Part::Result => return members.result_status_code = status_code(text),
            Part::Status => &mut members.status,
            Part::ErrorType => &mut members.error_type,
            Part::ErrorMessage => &mut members.error_message,
            _ => return,
        };
        *member = Some(thundra_core::cut(text, MAX_TEXT_BYTES).to_owned());
    }
}

/// Returns the `statusCode` of a response as JSON.
fn status_code(json: &str) -> Option<u16> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "statusCode")]
        status_code: u16,
    }
    serde_json::from_str::<Response>(json).ok().map(|response| response.status_code)
}

/// A value on its way through [`Passing`].
struct Through<'a, T: ?Sized> {
    value: &'a T,
    part: Part,
    seen: &'a Seen,
}

impl<T: Serialize + ?Sized> Serialize for Through<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Passing { serializer, part: self.part, seen: self.seen })
    }
}

/// A serializer in front of another serializer, to read the members.
struct Passing<'a, S> {
    serializer: S,
    part: Part,
    seen: &'a Seen,
}

/// Forwards values.
macro_rules! pass {
    ($($method:ident($($argument:ident: $ty:ty),*) -> $ok:ident)*) => {$(
        fn $method(self, $($argument: $ty),*) -> Result<S::$ok, S::Error> {
            self.serializer.$method($($argument),*)
        }
    )*};
}

/// Forwards numbers, and keeps the status code.
macro_rules! numbers {
    ($($method:ident($ty:ty))*) => {$(
        fn $method(self, value: $ty) -> Result<S::Ok, S::Error> {
            if self.part == Part::StatusCode {
                self.seen.members.borrow_mut().status_code = u16::try_from(value).ok();
            }
            self.serializer.$method(value)
        }
    )*};
}

impl<'a, S: Serializer> Serializer for Passing<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = Object<'a, S::SerializeMap>;
    type SerializeStruct = Object<'a, S::SerializeStruct>;
    type SerializeStructVariant = S::SerializeStructVariant;

    numbers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }

    pass! {
        serialize_bool(value: bool) -> Ok
        serialize_f32(value: f32) -> Ok
        serialize_f64(value: f64) -> Ok
        serialize_char(value: char) -> Ok
        serialize_bytes(value: &[u8]) -> Ok
        serialize_none() -> Ok
        serialize_unit() -> Ok
        serialize_unit_struct(name: &'static str) -> Ok
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> Ok
        serialize_seq(len: Option<usize>) -> SerializeSeq
        serialize_tuple(len: usize) -> SerializeTuple
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeTupleVariant
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeStructVariant
    }

    fn serialize_str(self, value: &str) -> Result<S::Ok, S::Error> {
        self.seen.text(self.part, value);
        self.serializer.serialize_str(value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.serializer.collect_str(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.serializer.serialize_some(&self.seen.pass(value, self.part))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.serializer.serialize_newtype_struct(name, &self.seen.pass(value, self.part))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.serializer.serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(Object { object: self.serializer.serialize_map(len)?, key: self.part.key(), seen: self.seen })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        Ok(Object { object: self.serializer.serialize_struct(name, len)?, key: self.part.key(), seen: self.seen })
    }

    fn is_human_readable(&self) -> bool {
        self.serializer.is_human_readable()
    }
}

/// An object during serialisation.
struct Object<'a, O> {
    object: O,
    /// The place of the keys. `None` for an object without members to read.
    key: Option<Part>,
    seen: &'a Seen,
}

impl<O: SerializeStruct> SerializeStruct for Object<'_, O> {
    type Ok = O::Ok;
    type Error = O::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), O::Error> {
        match self.key.and_then(|part| part.value(key)) {
            Some(part) => self.object.serialize_field(key, &self.seen.pass(value, part)),
            None => self.object.serialize_field(key, value),
        }
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), O::Error> {
        self.object.skip_field(key)
    }

    fn end(self) -> Result<O::Ok, O::Error> {
        self.object.end()
    }
}

impl<O: SerializeMap> SerializeMap for Object<'_, O> {
    type Ok = O::Ok;
    type Error = O::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), O::Error> {
        let Some(part) = self.key else { return self.object.serialize_key(key) };
        self.seen.next.set(None);
        self.object.serialize_key(&self.seen.pass(key, part))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), O::Error> {
        match self.key.and_then(|_| self.seen.next.take()) {
            Some(part) => self.object.serialize_value(&self.seen.pass(value, part)),
            None => self.object.serialize_value(value),
        }
    }

    fn end(self) -> Result<O::Ok, O::Error> {
        self.object.end()
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::payload;

    /// Returns the members read from a response, after a check for unchanged response text.
    fn members(response: &impl Serialize) -> ResponseMembers {
        let seen = Seen::default();
        let passed = serde_json::to_string(&seen.pass(response, Part::Response)).map_err(|error| error.to_string());
        assert_eq!(passed, serde_json::to_string(response).map_err(|error| error.to_string()));
        seen.members.into_inner()
    }

    /// Returns the status code read from a response.
    fn of(response: &impl Serialize) -> Option<u16> {
        members(response).status_code
    }

    #[test]
    fn the_outcome_of_a_durable_execution_is_found() {
        #[derive(serde::Serialize)]
        struct Envelope {
            #[serde(rename = "Status")]
            status: &'static str,
            #[serde(rename = "Error")]
            error: Option<Failure>,
        }
        #[derive(serde::Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Failure {
            error_type: &'static str,
            error_message: &'static str,
        }
        let typed = |error| members(&Envelope { status: "FAILED", error });
        for (members, expected, why) in [
            (
                members(&json!({"Error": {"ErrorType": "StepError", "ErrorMessage": "no"}, "Status": "FAILED"})),
                [Some("FAILED"), Some("StepError"), Some("no")],
                "a map",
            ),
            (
                typed(Some(Failure { error_type: "StepError", error_message: "no" })),
                [Some("FAILED"), Some("StepError"), Some("no")],
                "a struct",
            ),
            (typed(None), [Some("FAILED"), None, None], "no error"),
            (members(&json!({"Status": "PENDING"})), [Some("PENDING"), None, None], "a suspension"),
            (
                members(&json!({"Result": "{\"Status\":\"FAILED\"}", "Status": "SUCCEEDED"})),
                [Some("SUCCEEDED"), None, None],
                "a result with the same words",
            ),
            (
                members(&json!({"Error": {"Status": "x", "Error": {"ErrorType": "y"}}, "ErrorType": "z"})),
                [None; 3],
                "members in other places",
            ),
            (
                members(&json!({"Status": {"Status": "x"}, "Error": ["ErrorType", {"ErrorType": "y"}]})),
                [None; 3],
                "members of other types",
            ),
        ] {
            assert_eq!(members.result_status_code, None, "{why}");
            let found = [members.status, members.error_type, members.error_message];
            assert_eq!(found.each_ref().map(Option::as_deref), expected, "{why}");
        }
    }

    #[test]
    fn the_response_of_a_durable_execution_has_a_status_code() {
        for (result, code, why) in [
            (json!(r#"{"statusCode":503,"body":"x"}"#), Some(503), "a response"),
            (json!(r#"{"body":{"statusCode":503}}"#), None, "of another object"),
            (json!(r#"{"statusCode":"503"}"#), None, "a text"),
            (json!("statusCode"), None, "no JSON"),
            (json!({"statusCode": 503}), None, "no text"),
            (json!(null), None, "nothing"),
        ] {
            assert_eq!(members(&json!({"Result": result, "Status": "SUCCEEDED"})).result_status_code, code, "{why}");
        }
    }

    #[test]
    fn the_status_is_found_wherever_it_stands() {
        let mut v1 = ApiGatewayProxyResponse::default();
        v1.status_code = 404;
        let mut v2 = ApiGatewayV2httpResponse::default();
        v2.status_code = 201;
        assert_eq!((of(&v1), of(&v2)), (Some(404), Some(201)));
        assert_eq!(of(&Some(v2)), Some(201));
        for (response, code, why) in [
            (json!({ "body": "x", "statusCode": 503 }), Some(503), "a map"),
            (json!({ "statusCode": 200, "body": { "statusCode": 503 } }), Some(200), "beside another object's"),
            (json!({ "body": { "statusCode": 503 } }), None, "of another object"),
            (json!({ "statusCode": "503" }), None, "no number"),
            (json!({ "statusCode": -1 }), None, "no status"),
            (json!({ "statusCode": { "statusCode": 503 } }), None, "no number either"),
            (json!([{ "statusCode": 503 }]), None, "no object"),
            (json!("statusCode"), None, "no object"),
            (json!(null), None, "nothing"),
        ] {
            assert_eq!(of(&response), code, "{why}");
        }
    }

    #[test]
    fn every_kind_of_value_passes_as_it_is() {
        #[derive(serde::Serialize)]
        struct Unit;
        #[derive(serde::Serialize)]
        struct Newtype<T>(T);
        #[derive(serde::Serialize)]
        enum Variants {
            Unit,
            Newtype(u8),
            Tuple(u8, i128),
            Struct { a: Option<u8> },
        }
        #[derive(serde::Serialize)]
        struct Response<T> {
            #[serde(skip_serializing_if = "Option::is_none")]
            none: Option<u8>,
            #[serde(rename = "statusCode")]
            status: T,
            rest: (bool, char, f32, f64, u128, &'static [u8]),
        }
        fn response<T>(status: T) -> Response<T> {
            Response { none: None, status, rest: (true, 'é', 0.5, f64::NAN, u128::MAX, b"bytes") }
        }
        assert_eq!(of(&response(503_u16)), Some(503));
        assert_eq!(of(&Newtype(response(Newtype(Some(503_i128))))), Some(503));
        assert_eq!(of(&response(Unit)), None);
        for variant in [Variants::Unit, Variants::Newtype(1), Variants::Tuple(1, -2), Variants::Struct { a: Some(1) }] {
            assert_eq!(of(&response(&variant)), None);
            assert_eq!(of(&variant), None);
        }
        assert_eq!(of(&std::collections::HashMap::from([(1_u8, 'a')])), None, "keys that are no text");
        assert_eq!(of(&std::collections::HashMap::from([((), 'a')])), None, "keys that JSON has not");
    }

    proptest! {
        #[test]
        fn any_json_passes_as_it_is(value in payload::tests::json()) {
            of(&value);
        }
    }
}
