//! OTLP/JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
//!
//! A view of protobuf bytes by the [schema]. Ids are hexadecimal, other bytes base64, 64-bit integers text, and enums
//! numbers. Fields without a value are left out, as in protobuf. Empty lists are written, since some readers require
//! lists.

use std::fmt::Write;

use base64::Engine;

use super::read::{Content, fields, take_varint};
use super::schema::{self, Field, Kind, Message};
use crate::Signal;

/// The greatest depth of messages; `{}` stands for a deeper message. Messages of this crate are eight deep. The limit
/// protects a small stack, and readers of JSON have similar limits.
const MAX_DEPTH: u32 = 64;

/// Returns the JSON of a request of this signal.
pub(crate) fn request(signal: Signal, protobuf: &[u8]) -> String {
    let mut out = String::with_capacity(protobuf.len() * 2);
    message(&mut out, schema::request(signal), protobuf, 0);
    out
}

/// Writes a message as an object. Its fields may come in any order, and the elements of a list apart from each other.
fn message(out: &mut String, schema: &Message, bytes: &[u8], depth: u32) {
    if depth > MAX_DEPTH {
        return out.push_str("{}");
    }
    let read: Vec<_> = fields(bytes).collect();
    out.push('{');
    let mut separator = "";
    for field in schema {
        let mut values = read.iter().filter(|read| read.number == field.number).map(|read| read.content);
        if field.is_repeated {
            name(out, separator, field);
            list(out, field.kind, values, depth);
        } else {
            // Of a field that should occur once, the last occurrence counts.
            let Some(value) = values.next_back() else { continue };
            name(out, separator, field);
            one(out, field.kind, value, depth);
        }
        separator = ",";
    }
    out.push('}');
}

fn name(out: &mut String, separator: &str, field: &Field) {
    let _ = write!(out, "{separator}\"{}\":", field.name);
}

fn list<'a>(out: &mut String, kind: Kind, values: impl Iterator<Item = Content<'a>>, depth: u32) {
    out.push('[');
    let start = out.len();
    for value in values {
        unpacked(kind, value, |value| {
            if out.len() > start {
                out.push(',');
            }
            one(out, kind, value, depth);
        });
    }
    out.push(']');
}

/// Calls `each` with the numbers of a packed field, or with the value of any other one.
fn unpacked<'a>(kind: Kind, value: Content<'a>, mut each: impl FnMut(Content<'a>)) {
    match (kind, value) {
        (Kind::Fixed | Kind::Double, Content::Bytes(packed)) => {
            let (numbers, _) = packed.as_chunks();
            numbers.iter().for_each(|number| each(Content::Integer(u64::from_le_bytes(*number))));
        }
        (Kind::Varint, Content::Bytes(mut packed)) => {
            while let Some(number) = take_varint(&mut packed) {
                each(Content::Integer(number));
            }
        }
        _ => each(value),
    }
}

fn one(out: &mut String, kind: Kind, value: Content<'_>, depth: u32) {
    let _ = match (kind, value) {
        (Kind::Text, Content::Bytes(bytes)) => text(out, &String::from_utf8_lossy(bytes)),
        (Kind::Id, Content::Bytes(bytes)) => {
            out.push('"');
            bytes.iter().for_each(|byte| {
                let _ = write!(out, "{byte:02x}");
            });
            write!(out, "\"")
        }
        (Kind::Bytes, Content::Bytes(bytes)) => {
            write!(out, "\"{}\"", base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        (Kind::Message(schema), Content::Bytes(bytes)) => {
            message(out, schema, bytes, depth + 1);
            Ok(())
        }
        (Kind::Bool, Content::Integer(number)) => write!(out, "{}", number != 0),
        (Kind::Number, Content::Integer(number)) => write!(out, "{}", number as u32),
        (Kind::Zigzag, Content::Integer(number)) => write!(out, "{}", (number >> 1) as i64 ^ -((number & 1) as i64)),
        (Kind::Signed, Content::Integer(number)) => write!(out, "\"{}\"", number as i64),
        (Kind::Varint | Kind::Fixed, Content::Integer(number)) => write!(out, "\"{number}\""),
        (Kind::Double, Content::Integer(bits)) => double(out, f64::from_bits(bits)),
        // The wire type of another kind.
        _ => write!(out, "null"),
    };
}

fn text(out: &mut String, text: &str) -> std::fmt::Result {
    let quoted = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned());
    out.write_str(&quoted)
}

/// Writes a number. The JSON of protobuf has [texts] for numbers that JSON lacks.
///
/// [texts]: https://protobuf.dev/programming-guides/json/
fn double(out: &mut String, number: f64) -> std::fmt::Result {
    match number {
        number if number.is_finite() => write!(out, "{number:?}"),
        number if number.is_nan() => write!(out, "\"NaN\""),
        number if number > 0.0 => write!(out, "\"Infinity\""),
        _ => write!(out, "\"-Infinity\""),
    }
}

#[cfg(test)]
mod tests;
