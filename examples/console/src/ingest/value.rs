//! JSON as values of OTLP.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Map, Value as Json};
use thundra_core::semconv;

/// Makes an attribute with a text.
pub(super) fn text(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(string(text)), ..KeyValue::default() }
}

/// Makes a text.
pub(super) fn string(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

/// Converts the members of an object.
pub(super) fn attributes(members: Map<String, Json>) -> Vec<KeyValue> {
    members.into_iter().map(|(key, value)| KeyValue { key, value: Some(any(value)), ..KeyValue::default() }).collect()
}

/// Converts a value. A number outside OTLP's range becomes text.
pub(super) fn any(json: Json) -> AnyValue {
    let value = match json {
        Json::Null => return AnyValue::default(),
        Json::Bool(flag) => Value::BoolValue(flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64().filter(|_| !number.is_u64())) {
            (Some(integer), _) => Value::IntValue(integer),
            (None, Some(float)) => Value::DoubleValue(float),
            (None, None) => Value::StringValue(number.to_string()),
        },
        Json::String(text) => Value::StringValue(text),
        Json::Array(values) => Value::ArrayValue(ArrayValue { values: values.into_iter().map(any).collect() }),
        Json::Object(members) => Value::KvlistValue(KeyValueList { values: attributes(members) }),
    };
    AnyValue { value: Some(value) }
}

/// Makes the resource of a service.
pub(super) fn resource(service: &str) -> Resource {
    Resource { attributes: vec![text(semconv::SERVICE_NAME, service)], ..Resource::default() }
}
