//! One line of the log.

use std::hint::black_box;
use std::io;

use thundra_core::{Config, Env, Scope};
use tracing::level_filters::LevelFilter;
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section, Variant};
use crate::stacks::OURS;

/// The lines of a repetition, in one span.
const LINES: u64 = 100;

pub(super) fn sections() -> Vec<Section> {
    let note = "Nanoseconds to write an event with two fields, within a span, as a line of JSON on standard error, \
                here `/dev/null`. The time includes the system call. thundra adds the trace and correlation ids to \
                each line, and records the event in its span as well. A kept line comes out if the invocation fails.";
    vec![
        Section::new("log", "One log line", note)
            .variants([
                Variant::within(OURS, "", ours).silent(),
                Variant::within("ours, kept", "below the written level, in the buffer", kept).silent(),
                Variant::within("fmt json", "tracing-subscriber, default", json).silent(),
                Variant::within("fmt json lean", "without the spans", json_lean).silent(),
            ])
            .columns([Column::spread("line", "ns"), Column::ratio("line", "to ours", OURS)]),
    ]
}

fn lines() {
    for i in 0..LINES {
        info!(order = black_box(i), sku = black_box("A-1001"), "order stored");
    }
}

fn ours(bench: &mut Bench) -> Result<()> {
    written_or_kept(bench, "")
}

fn kept(bench: &mut Bench) -> Result<()> {
    written_or_kept(bench, "1048576,info")
}

fn written_or_kept(bench: &mut Bench, buffer: &str) -> Result<()> {
    let level = if buffer.is_empty() { "info" } else { "warn" };
    let variables = [("OTEL_SERVICE_NAME", "orders"), ("RUST_LOG", level), ("THUNDRA_LOG_BUFFER", buffer)];
    thundra_core::install(Config::from_env(&Env::from_pairs(variables)));
    bench.repeat(|laps| {
        laps.wall("line", LINES, || {
            let scope = Scope::builder("invoke").begin();
            scope.enter(lines);
            scope.finish()
        });
    });
    Ok(())
}

fn json(bench: &mut Bench) -> Result<()> {
    let layer = fmt::layer().json().with_writer(io::stderr);
    Registry::default().with(layer).with(LevelFilter::INFO).try_init()?;
    within_a_span(bench)
}

fn json_lean(bench: &mut Bench) -> Result<()> {
    let layer = fmt::layer().json().with_writer(io::stderr).with_current_span(false).with_span_list(false);
    Registry::default().with(layer).with(LevelFilter::INFO).try_init()?;
    within_a_span(bench)
}

fn within_a_span(bench: &mut Bench) -> Result<()> {
    bench.repeat(|laps| laps.wall("line", LINES, || info_span!("invoke").in_scope(lines)));
    Ok(())
}
