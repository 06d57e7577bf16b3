//! Acceptance tests: a request goes in at one end, and the assertion is the trace.
//!
//! A [`Collector`] is an OTLP receiver in the test program. The functions and services under test export to the
//! collector, and the test waits for the whole trace of a request.
//!
//! ```no_run
//! use std::time::Duration;
//! use thundra_http::testing::Collector;
//!
//! # async fn deploy(_variables: [(&str, String); 1]) -> String { String::new() }
//! # async fn post(_url: &str, _header: (&str, &str)) {}
//! # const ORDER: &str = "";
//! // #[tokio::test]
//! async fn an_order_is_billed_and_shipped() -> Result<(), Box<dyn std::error::Error>> {
//!     let collector = Collector::start()?;
//!     // The functions get OTEL_EXPORTER_OTLP_ENDPOINT, and nothing else.
//!     let url = deploy(collector.environment()).await;
//!
//!     post(&format!("{url}/orders"), ("x-correlation-id", "order-1")).await;
//!
//!     let trace = collector
//!         .trace_of("order-1")
//!         .with_spans(["POST /orders", "bill", "ship"])
//!         .within(Duration::from_secs(60))
//!         .await?;
//!     assert!(trace.span("bill").is_some_and(|span| !span.status.is_error()));
//!     assert!(!trace.has_logged("refused"));
//!     assert_eq!(trace.snapshot(), ORDER); // or insta::assert_snapshot!(trace.snapshot())
//!     Ok(())
//! }
//! ```
//!
//! Where the functions run in containers or on another machine, [`Collector::listen`] takes an address reachable from
//! there.
//!
//! # When a trace is whole
//!
//! [`Collector::trace_of`] finds the traces with an id: a correlation id, a trace id, or any other value of an
//! attribute, for example the number of an order. Correlation ids are attributes of the root span of each invocation,
//! request and record, and of log records. A trace with the id is whole when
//!
//! - a span without a parent has arrived, and the parent of every other span: no program still holds back a part.
//!   [`sent_by`](TraceOf::sent_by) names a parent made up by a test for its own `traceparent`;
//! - and the [expected spans](TraceOf::with_spans) have arrived, and the [condition](TraceOf::until) holds;
//! - and, if the test expects neither, nothing more has arrived for a [while](TraceOf::quiet).
//!
//! The test never sleeps for a fixed time. After the [longest wait](TraceOf::within), the [error](IncompleteTrace)
//! shows the received and the missing parts.

mod collector;
mod incomplete;
mod received;
mod server;
mod trace_of;

pub use thundra_core::testing::*;

pub use self::collector::Collector;
pub use self::incomplete::IncompleteTrace;
pub use self::trace_of::TraceOf;

#[cfg(test)]
mod tests;
