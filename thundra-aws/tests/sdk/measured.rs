//! The durations of calls, including unsampled calls.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use thundra_core::metrics::{PointData, PointsOf, write_points_with};
use thundra_core::{Config, Env, Scope, TraceId};

use crate::endpoint::{Answer, Endpoint};
use crate::support::with_endpoint_under;

static POINTS: Mutex<Vec<(TraceId, String)>> = Mutex::new(Vec::new());

fn keep(points: &PointsOf<'_>) {
    let Some(context) = points.scope.and_then(|scope| scope.context.clone()) else { return };
    for point in points.points.iter() {
        assert!(point.is_built_in() && point.unit() == "s", "{point:?}");
        let attributes: Vec<_> = point.attributes().iter().map(|(key, value)| format!("{key}={value}")).collect();
        let PointData::Histogram(histogram) = point.data() else { panic!("{point:?}") };
        let shown = format!("{} {}: {}", point.name(), attributes.join(" "), histogram.count);
        POINTS.lock().unwrap_or_else(PoisonError::into_inner).push((context.trace_id, shown));
    }
}

async fn call(endpoint: &Endpoint) {
    let config = endpoint.config().into_builder().retry_config(RetryConfig::disabled()).build();
    let client = thundra_aws::client!(aws_sdk_polly, &config);
    let call = client.describe_voices().send();
    let _ = tokio::time::timeout(Duration::from_millis(500), call).await;
}

#[test]
fn a_call_is_measured_by_operation_whether_it_is_recorded_or_not() {
    write_points_with(keep);
    const REFUSED: &str = r#"{"__type":"com.amazonaws.polly#ServiceFailureException","message":"no"}"#;
    for sampler in ["always_on", "always_off"] {
        let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", sampler)]));
        let answers =
            vec![Answer::Status(200, "{}"), Answer::Status(200, "{}"), Answer::Status(500, REFUSED), Answer::Silence];
        let (trace, _) = with_endpoint_under(&config, answers, |endpoint| {
            let config = &config;
            async move {
                let scope = Scope::builder("invocation").begin_with(config);
                let work = async {
                    for _ in 0..4 {
                        call(&endpoint).await;
                    }
                };
                scope.run(work).await;
                let trace = scope.context().unwrap().trace_id;
                drop(scope.finish());
                trace
            }
        });
        let points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown: Vec<_> = points.iter().filter(|(of, _)| *of == trace).map(|(_, shown)| shown.as_str()).collect();
        shown.sort_unstable();
        let operation = "rpc.method=DescribeVoices rpc.service=Polly rpc.system.name=aws-api";
        let expected = [
            format!("rpc.client.call.duration error.type=ServiceFailureException {operation}: 1"),
            format!("rpc.client.call.duration error.type=cancelled {operation}: 1"),
            format!("rpc.client.call.duration {operation}: 2"),
        ];
        assert_eq!(shown, expected, "{sampler}");
    }
}
