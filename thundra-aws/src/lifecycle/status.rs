//! The `statusCode` of a response, read without serialising the rest of it.

use std::fmt::{self, Display};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

/// The member `statusCode` of a value that serialises as an object; `None` when it has none.
pub(super) fn of<T: Serialize>(response: &T) -> Option<u16> {
    match response.serialize(Look) {
        Err(Stop::Found(code)) => Some(code),
        Ok(()) | Err(Stop::Other) => None,
    }
}

/// Why serialising ended: nearly always because what was looked for is found.
#[derive(Debug)]
enum Stop {
    Found(u16),
    Other,
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: Display>(_: T) -> Self {
        Stop::Other
    }
}

/// Looks into an object for `statusCode`.
struct Look;

/// An object; the key that was seen last, if it is the one.
struct Object {
    at_status: bool,
}

impl SerializeStruct for Object {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        if key == "statusCode" { Err(Code::of(value)) } else { Ok(()) }
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SerializeMap for Object {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Stop> {
        self.at_status = matches!(key.serialize(Key), Err(Stop::Found(_)));
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Stop> {
        if self.at_status { Err(Code::of(value)) } else { Ok(()) }
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Reads a number.
struct Code;

impl Code {
    fn of<T: ?Sized + Serialize>(value: &T) -> Stop {
        value.serialize(Code).err().unwrap_or(Stop::Other)
    }
}

/// Asks a key whether it is `statusCode`.
struct Key;

/// Everything of a serializer that ends the look.
macro_rules! stop {
    ($($method:ident($ty:ty))*) => {$(
        fn $method(self, _: $ty) -> Result<(), Stop> { Err(Stop::Other) }
    )*};
    (compound) => {
        type SerializeSeq = Impossible<(), Stop>;
        type SerializeTuple = Impossible<(), Stop>;
        type SerializeTupleStruct = Impossible<(), Stop>;
        type SerializeTupleVariant = Impossible<(), Stop>;
        type SerializeStructVariant = Impossible<(), Stop>;
        fn serialize_none(self) -> Result<(), Stop> { Err(Stop::Other) }
        fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Stop> { value.serialize(self) }
        fn serialize_unit(self) -> Result<(), Stop> { Err(Stop::Other) }
        fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> { Err(Stop::Other) }
        fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Stop> { Err(Stop::Other) }
        fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Stop> { value.serialize(self) }
        fn serialize_newtype_variant<T: ?Sized + Serialize>(self, _: &'static str, _: u32, _: &'static str, _: &T) -> Result<(), Stop> { Err(Stop::Other) }
        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Stop> { Err(Stop::Other) }
        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Stop> { Err(Stop::Other) }
        fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Stop> { Err(Stop::Other) }
        fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self::SerializeTupleVariant, Stop> { Err(Stop::Other) }
        fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self::SerializeStructVariant, Stop> { Err(Stop::Other) }
    };
}

impl Serializer for Look {
    type Ok = ();
    type Error = Stop;
    type SerializeMap = Object;
    type SerializeStruct = Object;

    stop! { compound }
    stop! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_u8(u8)
        serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_f32(f32) serialize_f64(f64)
        serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object, Stop> {
        Ok(Object { at_status: false })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object, Stop> {
        Ok(Object { at_status: false })
    }
}

impl Serializer for Key {
    type Ok = ();
    type Error = Stop;
    type SerializeMap = Impossible<(), Stop>;
    type SerializeStruct = Impossible<(), Stop>;

    stop! { compound }
    stop! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_u8(u8)
        serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_f32(f32) serialize_f64(f64)
        serialize_char(char) serialize_bytes(&[u8])
    }

    fn serialize_str(self, key: &str) -> Result<(), Stop> {
        Err(if key == "statusCode" { Stop::Found(0) } else { Stop::Other })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Stop> {
        Err(Stop::Other)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Stop> {
        Err(Stop::Other)
    }
}

/// Reads whole numbers of every width.
macro_rules! numbers {
    ($($method:ident($ty:ty))*) => {$(
        fn $method(self, value: $ty) -> Result<(), Stop> {
            Err(u16::try_from(value).map_or(Stop::Other, Stop::Found))
        }
    )*};
}

impl Serializer for Code {
    type Ok = ();
    type Error = Stop;
    type SerializeMap = Impossible<(), Stop>;
    type SerializeStruct = Impossible<(), Stop>;

    stop! { compound }
    stop! { serialize_bool(bool) serialize_f32(f32) serialize_f64(f64) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8]) }
    numbers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Stop> {
        Err(Stop::Other)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Stop> {
        Err(Stop::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
    use serde_json::json;

    #[test]
    fn the_status_is_found_wherever_it_stands() {
        let mut v1 = ApiGatewayProxyResponse::default();
        v1.status_code = 404;
        let mut v2 = ApiGatewayV2httpResponse::default();
        v2.status_code = 201;
        assert_eq!((of(&v1), of(&v2)), (Some(404), Some(201)));
        for (response, code, why) in [
            (json!({ "body": "x", "statusCode": 503 }), Some(503), "a map"),
            (json!({ "body": { "statusCode": 503 } }), None, "of another object"),
            (json!({ "statusCode": "503" }), None, "no number"),
            (json!({ "statusCode": -1 }), None, "no status"),
            (json!([{ "statusCode": 503 }]), None, "no object"),
            (json!("statusCode"), None, "no object"),
            (json!(null), None, "nothing"),
        ] {
            assert_eq!(of(&response), code, "{why}");
        }
    }
}
