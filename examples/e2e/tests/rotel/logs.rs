//! Log records at the collector.

use std::time::{Duration, Instant};

use thundra_examples::harness::rotel::Rotel;

use crate::{PATIENCE, TRACE, hello, lines_of, spans, values};

#[tokio::test]
async fn rotel_reads_our_log_records() {
    for protocol in ["http/protobuf", "http/json"] {
        let rotel = Rotel::start(&format!("rotel-logs-{}", protocol.replace('/', "-"))).await.unwrap();
        let output = hello(&rotel, protocol);
        let started = Instant::now();
        let (record, log) = loop {
            let log = rotel.log().unwrap();
            let record = record(&log);
            if record.iter().any(|line| line.starts_with("Flags")) && spans(&log).len() >= TRACE.len() {
                break (record, log);
            }
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(started.elapsed() < PATIENCE, "rotel said: {log}\nhello said: {stderr}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        // The span of `greet` ends second.
        let greet = &values(&log, "ID ")[1];
        for line in [
            "SeverityText: INFO",
            "SeverityNumber: SEVERITY_NUMBER_INFO(9)",
            "Body: Str(greeted)",
            "-> target: Str(hello)",
            "-> code.file.path: Str(examples/hello.rs)",
            "-> x-correlation-id: Str(c-1)",
            "-> x-correlation-order: Str(order-1)",
            "Trace ID       : 0af7651916cd43dd8448eb211c80319c",
            &format!("Span ID        : {greet}"),
        ] {
            assert!(record.iter().any(|found| found == line), "{protocol}: {line} in {record:#?}");
        }
    }
}

/// Returns the lines of the log record in rotel's output.
fn record(log: &str) -> Vec<String> {
    lines_of("ResourceLog #", log).map(|line| line.trim().to_owned()).collect()
}
