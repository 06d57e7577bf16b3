//! A serializer that forwards each value to another serializer, and reads the members of a response among the values.

use std::fmt::Display;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::seen::{Part, ResponseMembers, Seen};

/// Serialises a response, and returns its members beside the result. `reads_result` is `true` if the text of `Result`
/// is read too.
pub(in crate::lifecycle) fn serialize_and_read<S: Serializer>(
    body: &impl Serialize,
    serializer: S,
    reads_result: bool,
) -> (Result<S::Ok, S::Error>, ResponseMembers) {
    let seen = Seen { reads_result, ..Seen::default() };
    let result = pass(body, Part::Response, &seen).serialize(serializer);
    (result, seen.members.into_inner())
}

/// Puts a value of a response in front of [`Passing`].
pub(super) fn pass<'a, T: ?Sized>(value: &'a T, part: Part, seen: &'a Seen) -> Through<'a, T> {
    Through { value, part, seen }
}

/// A value on its way through [`Passing`].
pub(super) struct Through<'a, T: ?Sized> {
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

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.seen.text(self.part, variant);
        self.serializer.serialize_unit_variant(name, index, variant)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.serializer.collect_str(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.serializer.serialize_some(&pass(value, self.part, self.seen))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.serializer.serialize_newtype_struct(name, &pass(value, self.part, self.seen))
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
            Some(part) => self.object.serialize_field(key, &pass(value, part, self.seen)),
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
        self.object.serialize_key(&pass(key, part, self.seen))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), O::Error> {
        match self.key.and_then(|_| self.seen.next.take()) {
            Some(part) => self.object.serialize_value(&pass(value, part, self.seen)),
            None => self.object.serialize_value(value),
        }
    }

    fn end(self) -> Result<O::Ok, O::Error> {
        self.object.end()
    }
}
