//! Guides: a page for each task around the crates. The modules hold documentation, and nothing else.
//!
//! | I want to … | Page |
//! |---|---|
//! | send telemetry to Honeycomb, Grafana Cloud, Datadog, New Relic, Jaeger, X-Ray, CloudWatch or Elastic | [`backends`] |
//! | come from the X-Ray SDK, lambda-otel-lite, tracing-opentelemetry or Powertools | [`migrating`] |
//! | roll it out over many functions, and take it out again | [`rolling_out`] |
//! | know what leaves my process | [`privacy`] |
//! | know what it costs | [`costs`] |
//! | find out why a span is missing | [`missing_spans`] |
//! | run a function on my machine | [`local_runs`] |
//! | keep my subscriber, or tracing-opentelemetry | [`subscribers`] |
//! | return `anyhow` errors | [`errors`] |
//! | record queries of a database | [`databases`] |
//! | send ids through NATS, MQTT or a file | [`transports`] |
//! | trace a function without a way to the internet | [`private_networks`] |
//! | trace a task longer than 15 minutes | [`long_tasks`] |

/// Declares modules that hold a page of this folder each.
macro_rules! pages {
    ($($name:ident)*) => { $(
        pub mod $name {
            #![doc = include_str!(concat!(stringify!($name), ".md"))]
        }
    )* };
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
#[doc = include_str!("migrated.md")]
struct Migrated;

#[cfg(test)]
mod tests {
    /// Rustdoc compiles no diff, so the right sides are the doctests of a page of their own.
    #[test]
    fn the_right_sides_of_the_diffs_compile() {
        let (page, compiled) = (include_str!("migrating.md"), include_str!("migrated.md"));
        let diffs: Vec<_> = page.split("```diff\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(diffs.len(), 3);
        for diff in diffs {
            let kept = diff.lines().filter(|line| !line.starts_with('-'));
            let right: String = kept.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect();
            assert!(compiled.contains(&format!("```no_run\n{right}```")), "migrated.md lacks this:\n{right}");
        }
    }
}
