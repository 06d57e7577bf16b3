//! JSON values as OTLP values.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use serde_json::{Map, Value as Json};

/// The attribute with the request id of an invocation.
pub(crate) const INVOCATION_ID: &str = "faas.invocation_id";

/// Makes an attribute.
pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Makes a text.
pub(crate) fn string(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

/// Converts the members of an object to attributes.
pub(crate) fn attributes(members: Map<String, Json>) -> Vec<KeyValue> {
    let attribute = |(key, value)| KeyValue { key, value: Some(any(value)), ..KeyValue::default() };
    members.into_iter().map(attribute).collect()
}

/// Converts a value. A number outside OTLP's range becomes text.
pub(crate) fn any(json: Json) -> AnyValue {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_json_has_one_of_otlp() {
        let text = r#"[null, true, -1, 18446744073709551615, 0.5, 1e3, "a", {"b": [2]}]"#;
        let Some(Value::ArrayValue(ArrayValue { values })) = any(serde_json::from_str(text).unwrap()).value else {
            panic!("an array")
        };
        let values: Vec<_> = values.into_iter().map(|value| value.value).collect();
        let list = |value| Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(value) }] });
        let expected = [
            None,
            Some(Value::BoolValue(true)),
            Some(Value::IntValue(-1)),
            Some(Value::StringValue("18446744073709551615".to_owned())),
            Some(Value::DoubleValue(0.5)),
            Some(Value::DoubleValue(1000.0)),
            Some(Value::StringValue("a".to_owned())),
            Some(Value::KvlistValue(KeyValueList { values: vec![attribute("b", list(Value::IntValue(2)))] })),
        ];
        assert_eq!(values, expected);
    }
}
