use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{Histogram, ScopeMetrics, Sum};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::*;

fn metrics(document: &str) -> Vec<ScopeMetrics> {
    let (mut request, errors) = Document::read(document).unwrap().unwrap().metrics(Resource::default());
    assert_eq!(errors, Vec::<String>::new(), "{document}");
    request.resource_metrics.pop().map(|run| run.scope_metrics).unwrap_or_default()
}

fn document(unit: &str, value: &str) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":1764115200000,"CloudWatchMetrics":[{{"Namespace":"Shop","Dimensions":[["service"],["service","method"]],
        "Metrics":[{{"Name":"m","Unit":"{unit}"}}]}}]}},"service":"orders","method":"visa","function_request_id":"r-1","m":{value}}}"#
    )
}

#[test]
fn a_count_is_a_sum_and_anything_else_a_histogram() {
    for (unit, value, count, sum, why) in [
        ("Count", "2", None, 2.0, "a number"),
        ("Count", "[1.0,2.0]", None, 3.0, "several, as of the Powertools"),
        ("Count", r#"{"Values":[1,2],"Counts":[1,3]}"#, None, 7.0, "with counts"),
        ("Milliseconds", "12.5", Some(1), 12.5, "a number"),
        ("Seconds", "[1,2,3]", Some(3), 6.0, "several"),
        ("None", "[]", Some(0), 0.0, "none"),
        ("Bytes", r#"{"Values":[1,2],"Counts":[1,3]}"#, Some(4), 7.0, "with counts"),
        ("Bytes", r#"{"Max":3,"Min":1,"Count":2,"Sum":4}"#, Some(2), 4.0, "statistics"),
    ] {
        let scope = metrics(&document(unit, value)).remove(0);
        assert_eq!(scope.scope.unwrap().name, "Shop");
        let metric = &scope.metrics[0];
        let (attributes, time) = match metric.data.as_ref().unwrap() {
            Data::Sum(Sum { data_points, aggregation_temporality: 1, .. }) => {
                assert_eq!((data_points[0].value, count), (Some(Number::AsDouble(sum)), None), "{why}");
                let point = &data_points[0];
                (&point.attributes, (point.start_time_unix_nano, point.time_unix_nano))
            }
            Data::Histogram(Histogram { data_points, aggregation_temporality: 1 }) => {
                let point = &data_points[0];
                assert_eq!((Some(point.count), point.sum), (count, Some(sum)), "{why}");
                let in_buckets: u64 = point.bucket_counts.iter().sum();
                assert!(point.bucket_counts.is_empty() || in_buckets == point.count, "{why}");
                (&point.attributes, (point.start_time_unix_nano, point.time_unix_nano))
            }
            other => panic!("{why}: {other:?}"),
        };
        assert_eq!(time, (1_764_115_199_999_000_000, 1_764_115_200_000_000_000), "a delta of an interval");
        let keys: Vec<_> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys, ["service", "method"], "the dimensions, and no id");
    }
}

#[test]
fn units_are_those_of_ucum_and_choose_the_buckets() {
    for (unit, ucum, buckets) in [("Milliseconds", "ms", 16), ("Seconds", "s", 15), ("None", "", 16), ("By", "By", 16)]
    {
        let metric = metrics(&document(unit, "[0,5,5.1,20000]")).remove(0).metrics.remove(0);
        let Some(Data::Histogram(histogram)) = &metric.data else { panic!("{unit}: a histogram") };
        assert_eq!((metric.unit.as_str(), histogram.data_points[0].bucket_counts.len()), (ucum, buckets), "{unit}");
    }
    assert_eq!(metrics(&document("Count", "1"))[0].metrics[0].unit, "1");
}

#[test]
fn what_is_no_document_is_named_and_other_lines_are_not() {
    for (line, error, why) in [
        (r#"{"message":"_aws"}"#.to_owned(), None, "another line"),
        (r#"{"_aws":{}}"#.to_owned(), None, "no metrics"),
        (r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Na"#.to_owned(), Some("EOF"), "a line that was cut"),
        (r#"{"_aws":{"CloudWatchMetrics":[]}}"#.to_owned(), Some("missing field `Timestamp`"), "no time"),
    ] {
        match (Document::read(&line), error) {
            (None, None) => {}
            (Some(Err(found)), Some(error)) => assert!(found.to_string().contains(error), "{why}: {found}"),
            (found, _) => panic!("{why}: {found:?}"),
        }
    }
    let early = document("Count", "2").replace("1764115200000", "0");
    assert_eq!(metrics(&early).len(), 1, "nothing was before 1970");
    let prefixed = format!("2025-11-26T00:00:00.000Z\tr-1\tINFO\t{}\n", document("Count", "2"));
    assert_eq!(metrics(&prefixed).len(), 1, "behind a prefix");
}

#[test]
fn a_metric_without_a_value_costs_no_other_metric() {
    const DEFINED: &str = r#"{"Name":"m","Unit":"Count"}"#;
    let here = |definitions: &str| document("Count", "3").replace(DEFINED, definitions);
    for (line, names, errors, why) in [
        (here(r#"{"Name":"gone"},{"Name":"m"}"#), &["m"][..], &[][..], "no member"),
        (here(r#"{"Name":"gone"},{"Name":"m"}"#).replace("r-1\"", "r-1\",\"gone\":null"), &["m"], &[], "null"),
        (here(r#"{"Name":"service"},{"Name":"m"}"#), &["m"], &["the value of \"service\" is no number"], "a text"),
        (here(r#"{"Name":"m","Unit":null}"#), &["m"], &[], "a unit that is null"),
        (here(r#"{"Name":"gone"}"#), &[], &[], "no metric at all"),
        (here("").replace("\"Metrics\":[]", "\"Metrics\":null"), &[], &[], "metrics that are null"),
    ] {
        let (request, found) = Document::read(&line).unwrap().unwrap().metrics(Resource::default());
        let scopes = request.resource_metrics.iter().flat_map(|run| &run.scope_metrics);
        let metrics: Vec<_> = scopes.flat_map(|scope| &scope.metrics).map(|metric| metric.name.as_str()).collect();
        assert_eq!((metrics.as_slice(), found.iter().map(String::as_str).collect()), (names, errors.to_vec()), "{why}");
    }
}
