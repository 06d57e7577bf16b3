//! OTLP/JSON as protobuf: proto3's JSON mapping, with OTLP's hexadecimal ids.
//!
//! A receiver must ignore members that it does not know. OTLP has numbers for enumerations; their names are read too,
//! as proto3's own mapping writes them.

mod schema;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::encoding::{self, WireType};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use thundra_core::Signal;

use self::schema::{Field, Kind, Message};

/// Base64, with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns the request of a signal as protobuf.
pub(super) fn protobuf(signal: Signal, json: &[u8]) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(json.len() / 2);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Fields { message: schema::of(signal), bytes: &mut bytes }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(bytes)
}

/// Writes the fields of a message.
struct Fields<'a> {
    message: &'static Message,
    bytes: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.message.field(&name) {
                Some(field) => members.next_value_seed(FieldValue { field, bytes: self.bytes })?,
                None => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

/// Writes the value of a field, or each value of a list.
struct FieldValue<'a> {
    field: &'static Field,
    bytes: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for FieldValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldValue<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a value of {}", self.field.name)
    }

    /// `null` is the default.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        let Kind::Bool = self.field.kind else { return Err(E::invalid_type(Unexpected::Bool(flag), &self)) };
        encoding::bool::encode(self.field.number, &flag, self.bytes);
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, number: i64) -> Result<(), E> {
        let written = self.number(number as f64, Some(number.into()));
        written.ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(mut self, number: u64) -> Result<(), E> {
        let written = self.number(number as f64, Some(number.into()));
        written.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        let written = self.number(number, whole(number));
        written.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.text(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(FieldValue { field: self.field, bytes: &mut *self.bytes })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let Kind::Message(message) = self.field.kind else {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        };
        let mut bytes = Vec::new();
        Fields { message, bytes: &mut bytes }.visit_map(members)?;
        encoding::encode_key(self.field.number, WireType::LengthDelimited, self.bytes);
        encoding::encode_varint(bytes.len() as u64, self.bytes);
        self.bytes.append(&mut bytes);
        Ok(())
    }
}

impl FieldValue<'_> {
    /// Writes a text; a number may be one too. Returns `None` if the field has another type.
    fn text(&mut self, text: &str) -> Option<()> {
        let number = self.field.number;
        match self.field.kind {
            Kind::Text => encoding::string::encode(number, &text.to_owned(), self.bytes),
            Kind::Id => encoding::bytes::encode(number, &unhex(text)?, self.bytes),
            // Both alphabets are allowed.
            Kind::Bytes => {
                let bytes = BASE64.decode(text.replace('-', "+").replace('_', "/")).ok()?;
                encoding::bytes::encode(number, &bytes, self.bytes);
            }
            Kind::Enum(number_of) if number_of(text).is_some() => {
                return self.number(0.0, number_of(text).map(i128::from));
            }
            _ => {
                let float = text.parse().ok()?;
                return self.number(float, text.parse().ok().or_else(|| whole(float)));
            }
        }
        Some(())
    }

    /// Writes a number, given as a float and, if it is whole, as an integer. Returns `None` if the field has another
    /// type, or no room for it.
    fn number(&mut self, float: f64, integer: Option<i128>) -> Option<()> {
        let (number, bytes) = (self.field.number, &mut *self.bytes);
        match self.field.kind {
            Kind::Double => encoding::double::encode(number, &float, bytes),
            Kind::Enum(_) => encoding::int32::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Sint32 => encoding::sint32::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Uint32 => encoding::uint32::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Fixed32 => encoding::fixed32::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Int64 => encoding::int64::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Uint64 => encoding::uint64::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Fixed64 => encoding::fixed64::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Sfixed64 => encoding::sfixed64::encode(number, &integer?.try_into().ok()?, bytes),
            Kind::Bool | Kind::Text | Kind::Bytes | Kind::Id | Kind::Message(_) => return None,
        }
        Some(())
    }
}

/// Returns a number without a fraction as an integer; `None` for any other.
fn whole(number: f64) -> Option<i128> {
    (number.fract() == 0.0).then_some(number as i128)
}

/// Reads hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok()).collect()
}
