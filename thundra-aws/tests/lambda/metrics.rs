//! The metrics of functions as received by a collector.

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, number_data_point};
use prost::Message;
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent};
use thundra_core::Telemetry;

use crate::peers::{Lambda, Seen, texts};

/// A data point.
#[derive(Clone, Debug)]
struct Metric {
    name: String,
    unit: String,
    attributes: HashMap<String, String>,
    /// The number of measurements of a histogram.
    count: u64,
    /// The sum, or the last value.
    value: f64,
}

/// Returns the data points of a request; none for anything else.
fn points(seen: &Seen) -> Vec<Metric> {
    let Seen::Metrics(request) = seen else { return Vec::new() };
    let request = ExportMetricsServiceRequest::decode(&**request).unwrap();
    let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    let mut points = Vec::new();
    for metric in scopes.flat_map(|scope| scope.metrics) {
        let mut add = |attributes, count, value| {
            let (name, unit) = (metric.name.clone(), metric.unit.clone());
            points.push(Metric { name, unit, attributes: texts(attributes), count, value });
        };
        let number = |point: &NumberDataPoint| match point.value {
            Some(number_data_point::Value::AsDouble(value)) => value,
            Some(number_data_point::Value::AsInt(value)) => value as f64,
            None => f64::NAN,
        };
        match metric.data.unwrap() {
            Data::Sum(sum) => sum.data_points.into_iter().for_each(|p| add(p.attributes.clone(), 1, number(&p))),
            Data::Gauge(gauge) => gauge.data_points.into_iter().for_each(|p| add(p.attributes.clone(), 1, number(&p))),
            Data::Histogram(histogram) => {
                histogram.data_points.into_iter().for_each(|p| add(p.attributes, p.count, p.sum.unwrap()));
            }
            other => panic!("{other:?}"),
        }
    }
    points
}

/// Returns the sum of the values of a metric, and of the counts, over all points with an attribute.
fn total(seen: &[Seen], name: &str, attribute: (&str, &str)) -> (f64, u64) {
    let has = |metric: &Metric| {
        metric.name == name
            && (attribute.0.is_empty() || metric.attributes.get(attribute.0).is_some_and(|value| value == attribute.1))
    };
    let points = seen.iter().flat_map(points).filter(has);
    points.fold((0.0, 0), |(value, count), metric| (value + metric.value, count + metric.count))
}

const ON: (&str, &str) = ("OTEL_METRICS_EXPORTER", "otlp");
const UNSAMPLED: (&str, &str) = ("OTEL_TRACES_SAMPLER", "always_off");

fn sqs(sent_ms: u128) -> Value {
    json!({ "Records": [{
        "messageId": "m", "body": "b", "attributes": { "SentTimestamp": sent_ms.to_string() }, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders", "awsRegion": "eu-west-1"
    }] })
}

#[tokio::test]
async fn invocations_are_measured_whether_sampled_or_not() {
    for variables in [&[ON][..], &[ON, UNSAMPLED]] {
        let lambda = Lambda::start("traced", variables).await;
        for event in [json!("ann"), json!("error"), json!("panic"), json!("bob")] {
            let _ = lambda.invoke(event).await;
        }
        let (seen, stderr) = lambda.stop().await;
        let other = ("faas.trigger", "other");
        assert_eq!(total(&seen, "faas.invocations", other).0, 2.0, "{stderr}");
        assert_eq!(total(&seen, "faas.errors", other).0, 2.0);
        assert_eq!(total(&seen, "faas.coldstarts", other).0, 1.0);
        assert_eq!(total(&seen, "faas.timeouts", other), (0.0, 0));
        assert_eq!(total(&seen, "faas.invoke_duration", other).1, 4);
        let (used, invocations) = total(&seen, "thundra.deadline.used_ratio", other);
        assert_eq!(invocations, 4);
        assert!((0.0..1.0).contains(&used), "{used} of four deadlines");
        if cfg!(target_os = "linux") {
            assert_eq!(total(&seen, "faas.init_duration", other).1, 1);
            assert_eq!(total(&seen, "faas.mem_usage", other).1, 4);
            assert_eq!(total(&seen, "faas.cpu_usage", other).1, 4);
            assert_eq!(total(&seen, "faas.net_io", other).1, 4);
        }
        assert!(!stderr.contains("thundra: "), "{stderr}");
        let units: HashMap<_, _> = seen.iter().flat_map(points).map(|metric| (metric.name, metric.unit)).collect();
        assert_eq!((&*units["faas.invocations"], &*units["faas.invoke_duration"]), ("{invocation}", "s"));
    }
}

#[tokio::test]
async fn a_timeout_is_counted_before_lambda_ends_the_process() {
    let lambda = Lambda::start("deadline", &[ON, ("THUNDRA_TIMEOUT_MARGIN", "500ms")]).await;
    lambda.send(json!({ "deadline_in_ms": 1_500, "sleeps_ms": 600_000 })).await;
    lambda.wait_for(|seen| total(seen, "faas.timeouts", ("faas.trigger", "other")).0 == 1.0).await;
    lambda.wait_for(|seen| total(seen, "faas.invoke_duration", ("", "")).1 == 1).await;
    let is_near = |seen: &[_]| total(seen, "thundra.deadline.used_ratio", ("", "")).0 > 0.5;
    lambda.wait_for(is_near).await;
}

#[tokio::test]
async fn an_invocation_that_ends_after_its_timeout_was_counted_is_counted_once() {
    for variables in [&[ON][..], &[ON, UNSAMPLED]] {
        let lambda = Lambda::start("deadline", variables).await;
        lambda.invoke(json!({ "deadline_in_ms": 1_000, "sleeps_ms": 1_500 })).await.unwrap();
        // The next invocation exports measurements after the deadline.
        lambda.invoke(json!({})).await.unwrap();
        let (seen, stderr) = lambda.stop().await;
        let other = ("faas.trigger", "other");
        assert_eq!(total(&seen, "faas.timeouts", other).0, 1.0, "{stderr}");
        assert_eq!(total(&seen, "faas.invocations", other).0, 1.0, "the next one: {variables:?}");
        assert_eq!(total(&seen, "faas.coldstarts", other).0, 1.0);
        assert_eq!(total(&seen, "faas.invoke_duration", other).1, 2);
    }
}

#[tokio::test]
async fn the_age_of_messages_is_measured_by_queue() {
    let lambda = Lambda::start("batch", &[ON]).await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    lambda.invoke(sqs(now - 90_000)).await.unwrap();
    let (seen, _) = lambda.stop().await;
    let (age, count) = total(&seen, "thundra.message.age", ("messaging.destination.name", "orders"));
    assert_eq!(count, 1);
    assert!((90.0..150.0).contains(&age), "{age}");
    assert_eq!(total(&seen, "faas.invocations", ("faas.trigger", "pubsub")).0, 1.0);
}

#[tokio::test]
async fn without_an_exporter_nothing_is_measured() {
    let lambda = Lambda::start("traced", &[]).await;
    lambda.invoke(json!("ann")).await.unwrap();
    let (seen, _) = lambda.stop().await;
    assert!(!seen.iter().any(|seen| seen.name() == "metrics"), "{seen:?}");
}

/// Runs the program, which measures in the initialisation and in each invocation.
pub(crate) fn measured() {
    let connect = async || tracing::info!(monotonic_counter.orders = 100, at = "init");
    let order = |_: Arc<()>| {
        thundra_aws::service_fn(async |event: LambdaEvent<String>| {
            tracing::info!(monotonic_counter.orders = 1, counter.open = 1, at = event.payload);
            Ok::<_, Error>(event.payload)
        })
    };
    thundra_aws::__private::main_with_state(Telemetry::default, connect, order);
}

/// Returns the points of a metric, request by request.
fn requests(seen: &[Seen], name: &str) -> Vec<Vec<(String, f64)>> {
    let requests = seen.iter().filter(|seen| matches!(seen, Seen::Metrics(..)));
    let point = |metric: Metric| (metric.name == name).then(|| (metric.attributes["at"].clone(), metric.value));
    requests.map(|request| points(request).into_iter().filter_map(point).collect()).collect()
}

fn at(place: &str, value: f64) -> (String, f64) {
    (place.to_owned(), value)
}

#[tokio::test]
async fn an_invocation_exports_what_was_measured_since_the_last_one() {
    let lambda = Lambda::start("measured", &[ON]).await;
    for name in ["ann", "bob", "bob"] {
        lambda.invoke(json!(name)).await.unwrap();
    }
    let (seen, stderr) = lambda.stop().await;
    let orders = [vec![at("init", 100.0), at("ann", 1.0)], vec![at("bob", 1.0)], vec![at("bob", 1.0)]];
    assert_eq!(requests(&seen, "orders"), orders, "{stderr}");
    let open = requests(&seen, "open").pop().unwrap();
    assert_eq!(open, [at("ann", 1.0), at("bob", 2.0)], "an up-down counter adds up since the start");
    assert!(!stderr.contains("orders") && !stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn a_copy_of_a_snapshot_adds_up_from_its_restore() {
    let cumulative = ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative");
    let snap_start = ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start");
    let lambda = Lambda::start("measured", &[ON, cumulative, snap_start]).await;
    lambda.restore().await;
    for name in ["ann", "ann"] {
        lambda.invoke(json!(name)).await.unwrap();
    }
    let (seen, stderr) = lambda.stop().await;
    let orders = [vec![at("init", 100.0)], vec![at("ann", 1.0)], vec![at("ann", 2.0)]];
    assert_eq!(requests(&seen, "orders"), orders, "{stderr}");
}
