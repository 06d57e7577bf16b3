//! The `statusCode` of a response, read while the runtime serialises the response.
//!
//! A user's `Serialize` may work only once, or panic. The runtime's serialisation is therefore the only run.
//! [`Passing`] forwards each value to the serializer of the runtime, and reads the status among the values.

use std::cell::Cell;
use std::fmt::Display;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use thundra_core::{ScopeFlags, ScopeRef, Status, semconv};

/// Records the status of a response on its invocation.
pub(super) fn report_status(invocation: ScopeRef, code: u16) {
    invocation.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, code);
    if code >= 500 {
        invocation.set_flags(ScopeFlags::HTTP_ERROR);
        invocation.set_attribute(semconv::ERROR_TYPE, code.to_string());
        invocation.set_status(Status::error(""));
    }
}

/// Serialises a response, and records its status on the span of the request.
pub(super) fn serialize_and_report_status<S: Serializer>(
    body: &impl Serialize,
    serializer: S,
    request: ScopeRef,
) -> Result<S::Ok, S::Error> {
    let seen = Seen::default();
    let result = seen.pass(body, Part::Response).serialize(serializer);
    if let Some(code) = seen.code.get() {
        report_status(request, code);
    }
    result
}

/// The part of a response serialised so far.
#[derive(Default)]
struct Seen {
    /// `true` if the last key of the object was `statusCode`.
    at_status: Cell<bool>,
    code: Cell<Option<u16>>,
}

/// The place of a value in a response.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// The response: the object with the status.
    Response,
    /// A key of the object.
    Key,
    /// The status.
    Status,
}

impl Seen {
    fn pass<'a, T: ?Sized>(&'a self, value: &'a T, part: Part) -> Through<'a, T> {
        Through { value, part, seen: self }
    }
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

/// A serializer in front of another serializer, to read the keys of the response and the status.
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

/// Forwards numbers, and keeps the status.
macro_rules! numbers {
    ($($method:ident($ty:ty))*) => {$(
        fn $method(self, value: $ty) -> Result<S::Ok, S::Error> {
            if self.part == Part::Status {
                self.seen.code.set(u16::try_from(value).ok());
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
        if self.part == Part::Key {
            self.seen.at_status.set(value == STATUS_CODE);
        }
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
        let seen = (self.part == Part::Response).then_some(self.seen);
        Ok(Object { object: self.serializer.serialize_map(len)?, seen })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        let seen = (self.part == Part::Response).then_some(self.seen);
        Ok(Object { object: self.serializer.serialize_struct(name, len)?, seen })
    }

    fn is_human_readable(&self) -> bool {
        self.serializer.is_human_readable()
    }
}

const STATUS_CODE: &str = "statusCode";

/// An object during serialisation.
struct Object<'a, O> {
    object: O,
    /// `None` for an object inside the response.
    seen: Option<&'a Seen>,
}

impl<O: SerializeStruct> SerializeStruct for Object<'_, O> {
    type Ok = O::Ok;
    type Error = O::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), O::Error> {
        match self.seen.filter(|_| key == STATUS_CODE) {
            Some(seen) => self.object.serialize_field(key, &seen.pass(value, Part::Status)),
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
        let Some(seen) = self.seen else { return self.object.serialize_key(key) };
        seen.at_status.set(false);
        self.object.serialize_key(&seen.pass(key, Part::Key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), O::Error> {
        match self.seen.filter(|seen| seen.at_status.get()) {
            Some(seen) => self.object.serialize_value(&seen.pass(value, Part::Status)),
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

    /// Returns the status read from a response, after a check for unchanged response text.
    fn of(response: &impl Serialize) -> Option<u16> {
        let seen = Seen::default();
        let passed = serde_json::to_string(&seen.pass(response, Part::Response)).map_err(|error| error.to_string());
        assert_eq!(passed, serde_json::to_string(response).map_err(|error| error.to_string()));
        seen.code.get()
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
