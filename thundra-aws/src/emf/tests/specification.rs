//! The rules for documents, from the [specification] of the embedded metric format and its JSON schema, and from the
//! API reference: [Dimension] and [PutMetricData]. Where two of the sources differ, the stricter one counts.
//!
//! [specification]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
//! [Dimension]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
//! [PutMetricData]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html

use serde_json::{Map, Value};

/// The units of the schema.
const UNITS: &str = "Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits \
    Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second \
    Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None";

/// Reads a line, and checks the line as a document.
pub(super) fn document(line: &str) -> Value {
    let json = line.strip_suffix('\n').expect("a line break");
    assert!(!json.contains(['\n', '\r']), "one line: {json}");
    assert!(line.len() <= 256 * 1024, "{} bytes", line.len());
    let document: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let root = document.as_object().expect("an object");
    // A parser that takes the last of two equal keys must not hide the first one.
    assert_eq!(keys(json), root.len(), "each member once: {json}");
    let metadata = members(&root["_aws"], &["Timestamp", "CloudWatchMetrics"], &[]);
    assert!(metadata["Timestamp"].is_u64(), "{metadata:?}");
    for directive in array(&metadata["CloudWatchMetrics"]) {
        self::directive(root, directive);
    }
    document
}

fn directive(root: &Map<String, Value>, directive: &Value) {
    let directive = members(directive, &["Namespace", "Dimensions", "Metrics"], &[]);
    is_text(&directive["Namespace"], 255);
    let sets = array(&directive["Dimensions"]);
    assert!(!sets.is_empty());
    for set in sets {
        assert!(array(set).len() <= 30, "{set}");
        for key in array(set) {
            is_text(key, 255);
            assert!(!text(key).starts_with(':'), "{key}");
            is_text(&root[text(key)], 1024);
        }
    }
    let metrics = array(&directive["Metrics"]);
    assert!((1..=100).contains(&metrics.len()), "{} metrics", metrics.len());
    let mut names = Vec::new();
    for metric in metrics {
        let metric = members(metric, &["Name"], &["Unit", "StorageResolution"]);
        is_text(&metric["Name"], 255);
        let name = text(&metric["Name"]);
        assert!(!names.contains(&name), "{name} is defined twice");
        names.push(name);
        assert!(metric.get("Unit").is_none_or(|unit| UNITS.split(' ').any(|known| unit == known)), "{metric:?}");
        assert!(metric.get("StorageResolution").is_none_or(|resolution| resolution == 1 || resolution == 60));
        target(&root[name]);
    }
}

/// Checks the value of a metric. The form with counts is not in the specification, but libraries of AWS write the form.
fn target(value: &Value) {
    match value {
        Value::Array(values) => numbers(values),
        Value::Object(_) => {
            let counted = members(value, &["Values", "Counts"], &[]);
            let (values, counts) = (array(&counted["Values"]), array(&counted["Counts"]));
            numbers(values);
            numbers(counts);
            assert_eq!(values.len(), counts.len());
        }
        number => numbers(std::slice::from_ref(number)),
    }
}

fn numbers(values: &[Value]) {
    assert!((1..=100).contains(&values.len()), "{} values", values.len());
    for value in values {
        let number = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
        assert!(number.abs() <= 2_f64.powi(360), "{number}");
    }
}

/// Returns an object with all required members, and no others but the optional ones.
fn members<'a>(value: &'a Value, required: &[&str], optional: &[&str]) -> &'a Map<String, Value> {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} is no object"));
    assert!(required.iter().all(|key| object.contains_key(*key)), "{object:?} lacks one of {required:?}");
    assert!(object.keys().all(|key| required.contains(&&**key) || optional.contains(&&**key)), "{object:?}");
    object
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no array"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn is_text(value: &Value, max: usize) {
    let text = text(value);
    assert!((1..=max).contains(&text.len()) && !text.trim().is_empty(), "{text:?} has {} characters", text.len());
    assert!(text.chars().all(|c| matches!(c, ' '..='~')), "{text:?} is not plain ASCII");
}

/// Counts the members of an object, repeated ones too.
fn keys(json: &str) -> usize {
    struct Count(usize);
    impl<'de> serde::Deserialize<'de> for Count {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Members;
            impl<'de> serde::de::Visitor<'de> for Members {
                type Value = Count;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
                    let mut count = 0;
                    while map.next_entry::<String, serde::de::IgnoredAny>()?.is_some() {
                        count += 1;
                    }
                    Ok(Count(count))
                }
            }
            deserializer.deserialize_map(Members)
        }
    }
    serde_json::from_str::<Count>(json).unwrap().0
}
