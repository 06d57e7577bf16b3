//! Metrics at the collector.

use std::time::{Duration, Instant};

use thundra_examples::harness::rotel::Rotel;

use crate::{PATIENCE, hello};

/// The lines of rotel for a sum in both encodings.
const SUM: [&str; 3] =
    ["-> DataType: Sum", "-> IsMonotonic: true", "-> AggregationTemporality: AGGREGATION_TEMPORALITY_CUMULATIVE"];

#[tokio::test]
async fn rotel_reads_our_metrics() {
    // In JSON, OTLP writes integers of 64 bits as strings. The tested rotel ignores a string value.
    for (protocol, last) in [("http/protobuf", "Value: 1"), ("http/json", "Timestamp: ")] {
        let rotel = Rotel::start(&format!("rotel-metrics-{}", protocol.replace('/', "-"))).await.unwrap();
        let started = Instant::now();
        let metric = loop {
            // rotel buffers the end of the output until more output follows.
            let output = hello(&rotel, protocol);
            let log = rotel.log().unwrap();
            let metric = metric(&log, "greetings");
            if metric.iter().any(|line| line.starts_with(last)) {
                break metric;
            }
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(started.elapsed() < PATIENCE, "rotel said: {log}\nhello said: {stderr}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        for line in SUM {
            assert!(metric.iter().any(|found| found == line), "{protocol}: {line} in {metric:#?}");
        }
    }
}

/// Returns the lines of a metric in rotel's output.
fn metric(log: &str, name: &str) -> Vec<String> {
    let lines = log.lines().map(str::trim).skip_while(|line| *line != format!("-> Name: {name}"));
    lines.take_while(|line| !line.starts_with("Metric #")).map(str::to_owned).collect()
}
