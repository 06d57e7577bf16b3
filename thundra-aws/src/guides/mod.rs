//! Guides: a page for each task around the crates. The modules hold documentation, and nothing else.
//!
//! | I want to … | Page |
//! |---|---|
//! | send telemetry to Honeycomb, Grafana Cloud, Datadog, New Relic, Jaeger, X-Ray, CloudWatch or Elastic | [`backends`] |
//! | come from the X-Ray SDK, lambda-otel-lite, tracing-opentelemetry or Powertools | [`migrating`] |
//! | roll the crates out over many functions, and remove the crates again | [`rolling_out`] |
//! | know the data that leaves my process | [`privacy`] |
//! | know the costs | [`costs`] |
//! | find out why a span is missing | [`missing_spans`] |
//! | run a function on my machine | [`local_runs`] |
//! | keep my subscriber, or tracing-opentelemetry | [`subscribers`] |
//! | return `anyhow` errors | [`errors`] |
//! | record queries of a database | [`databases`] |
//! | send ids through NATS, MQTT or a file | [`transports`] |
//! | trace a function without a way to the internet | [`private_networks`] |
//! | trace a task longer than 15 minutes | [`long_tasks`] |

/// Declares a module for each page of the folder.
macro_rules! pages {
    ($($name:ident)*) => {
        $(
            pub mod $name {
                #![doc = include_str!(concat!(stringify!($name), ".md"))]
            }
        )*

        #[cfg(test)]
        const PAGES: &[(&str, &str)] =
            &[$((stringify!($name), include_str!(concat!(stringify!($name), ".md")))),*];
    };
}

pages! {
    backends
    costs
    databases
    errors
    local_runs
    long_tasks
    migrating
    missing_spans
    privacy
    private_networks
    rolling_out
    subscribers
    transports
}

#[cfg(doctest)]
#[doc = include_str!("diffs.md")]
struct Diffs;

#[cfg(test)]
mod tests;
