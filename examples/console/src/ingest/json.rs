//! OTLP/JSON as protobuf: proto3's JSON mapping, with OTLP's hexadecimal ids.
//!
//! A receiver must ignore members that it does not know. OTLP has numbers for enumerations; their names are read too, as
//! proto3's own mapping writes them.

mod schema;

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

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
    use prost::Message as _;
    use serde_json::json;

    use super::*;

    fn span(members: &str) -> Option<opentelemetry_proto::tonic::trace::v1::Span> {
        let json = format!(r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{{{members}}}]}}]}}]}}"#);
        let bytes = protobuf(Signal::Traces, json.as_bytes()).ok()?;
        let mut request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
        request.resource_spans[0].scope_spans[0].spans.pop()
    }

    #[test]
    fn every_form_of_a_member_is_read() {
        for (members, kind, why) in [
            (r#""kind": 2"#, 2, "a number"),
            (r#""kind": 2.0"#, 2, "a number with a fraction"),
            (r#""kind": "2""#, 2, "a number as text"),
            (r#""kind": "SPAN_KIND_SERVER""#, 2, "a name"),
            (r#""kind": null"#, 0, "the default"),
            (r#""k\u0069nd": 3"#, 3, "an escaped name"),
            (r#""new": {"kind": [1, {}]}, "kind": 4, "newer": null"#, 4, "unknown members"),
        ] {
            assert_eq!(span(members).map(|span| span.kind), Some(kind), "{why}");
        }
        for members in [
            r#""kind": true"#,
            r#""kind": "SERVER""#,
            r#""kind": 1.5"#,
            r#""kind": 1e300"#,
            r#""name": 1"#,
            r#""name": {}"#,
            r#""status": 1"#,
            r#""traceId": "0g""#,
            r#""traceId": "123""#,
            r#""startTimeUnixNano": -1"#,
            r#""startTimeUnixNano": "NaN""#,
        ] {
            assert_eq!(span(members), None, "{members}");
        }
        let ids = span(r#""traceId": "0AfF", "startTimeUnixNano": "18446744073709551615""#).unwrap();
        assert_eq!((ids.trace_id, ids.start_time_unix_nano), (vec![0x0a, 0xff], u64::MAX));
    }

    #[test]
    fn every_type_of_a_value_is_read() {
        let value = |json: &str| {
            let span = span(&format!(r#""attributes": [{{"key": "a", "value": {json}}}]"#))?;
            span.attributes.into_iter().next()?.value?.value
        };
        for (json, expected) in [
            (r#"{"stringValue": ""}"#, Some(Value::StringValue(String::new()))),
            (r#"{"boolValue": false}"#, Some(Value::BoolValue(false))),
            (r#"{"intValue": "-9223372036854775808"}"#, Some(Value::IntValue(i64::MIN))),
            (r#"{"doubleValue": "Infinity"}"#, Some(Value::DoubleValue(f64::INFINITY))),
            (r#"{"doubleValue": "-Infinity"}"#, Some(Value::DoubleValue(f64::NEG_INFINITY))),
            (r#"{"doubleValue": "1.5"}"#, Some(Value::DoubleValue(1.5))),
            (r#"{"doubleValue": 3}"#, Some(Value::DoubleValue(3.0))),
            (r#"{"bytesValue": "-_8="}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
            (r#"{"bytesValue": "+/8"}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
            (r#"{"arrayValue": {}}"#, Some(Value::ArrayValue(Default::default()))),
            (r#"{"newValue": [1]}"#, None),
            (r#"{}"#, None),
        ] {
            assert_eq!(value(json), expected, "{json}");
        }
        assert!(matches!(value(r#"{"doubleValue": "NaN"}"#), Some(Value::DoubleValue(number)) if number.is_nan()));
    }

    #[test]
    fn points_with_odd_numbers_are_read() {
        let request = json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [{ "name": "load", "new": 1, "gauge": {
            "dataPoints": [{ "asDouble": "NaN" }, { "asInt": "-3" }, { "asDouble": 1 }] } }] }] }] });
        let bytes = protobuf(Signal::Metrics, request.to_string().as_bytes()).unwrap();
        let request = ExportMetricsServiceRequest::decode(bytes.as_slice()).unwrap();
        let Some(metric::Data::Gauge(gauge)) = &request.resource_metrics[0].scope_metrics[0].metrics[0].data else {
            panic!("{request:?}");
        };
        let values: Vec<_> = gauge.data_points.iter().map(|point| point.value).collect();
        assert!(matches!(values[0], Some(number_data_point::Value::AsDouble(number)) if number.is_nan()));
        assert_eq!(values[1], Some(number_data_point::Value::AsInt(-3)));
        assert_eq!(values[2], Some(number_data_point::Value::AsDouble(1.0)));
    }
}
