//! One measurement.

use std::hint::black_box;
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{Config, Env, Scope, Signal, Telemetry};
use tracing::info;
use tracing_opentelemetry::MetricsLayer;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section, Variant};
use crate::stacks::OURS;

/// The measurements of a repetition.
const MEASUREMENTS: u64 = 1000;

pub(super) fn sections() -> Vec<Section> {
    let note = "Nanoseconds to increment a counter, and to record in a histogram, with one attribute. Ours measures in a \
                scope. Nothing is exported meanwhile.";
    vec![
        Section::new("metric", "One measurement", note)
            .variants([
                Variant::within(OURS, "`metrics` crate", ours),
                Variant::within("ours, events", "fields of `tracing` events", our_events),
                Variant::within("opentelemetry_sdk", "its own API", otel),
                Variant::within("tracing-opentelemetry", "fields of `tracing` events", otel_events),
                Variant::within("metrics_cloudwatch_embedded", "`metrics` crate", cloudwatch_embedded),
            ])
            .columns([
                Column::spread("counter", "ns"),
                Column::ratio("counter", "to ours", OURS),
                Column::spread("histogram", "ns"),
                Column::ratio("histogram", "to ours", OURS),
            ]),
    ]
}

/// Takes metrics and drops them.
#[derive(Debug)]
struct Nowhere;

impl Export for Nowhere {
    fn takes(&self, _: Signal) -> bool {
        true
    }

    fn export<'a>(&'a self, _: &'a Batch, _: Instant) -> ExportFuture<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn install() {
    let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
    thundra_core::install(Telemetry::builder().config(config).exporter(Nowhere));
}

fn ours(bench: &mut Bench) -> Result<()> {
    install();
    let scope = Scope::builder("invoke").begin();
    scope.enter(|| facade(bench));
    Ok(())
}

/// Measures with the installed recorder.
fn facade(bench: &mut Bench) {
    bench.repeat(|laps| {
        laps.wall("counter", MEASUREMENTS, || {
            (0..MEASUREMENTS).for_each(|_| metrics::counter!("orders", "country" => "de").increment(1));
        });
        laps.wall("histogram", MEASUREMENTS, || {
            (0..MEASUREMENTS).for_each(|i| metrics::histogram!("price", "country" => "de").record(black_box(i) as f64));
        });
    });
}

fn our_events(bench: &mut Bench) -> Result<()> {
    install();
    let scope = Scope::builder("invoke").begin();
    scope.enter(|| events(bench));
    Ok(())
}

fn events(bench: &mut Bench) {
    bench.repeat(|laps| {
        laps.wall("counter", MEASUREMENTS, || {
            (0..MEASUREMENTS).for_each(|_| info!(monotonic_counter.orders = 1_u64, country = "de"));
        });
        laps.wall("histogram", MEASUREMENTS, || {
            (0..MEASUREMENTS).for_each(|i| info!(histogram.price = black_box(i) as f64, country = "de"));
        });
    });
}

fn provider() -> SdkMeterProvider {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    SdkMeterProvider::builder().with_reader(reader).build()
}

fn otel(bench: &mut Bench) -> Result<()> {
    let provider = provider();
    let meter = provider.meter("bench");
    let (orders, price) = (meter.u64_counter("orders").build(), meter.f64_histogram("price").build());
    bench.repeat(|laps| {
        laps.wall("counter", MEASUREMENTS, || {
            (0..MEASUREMENTS).for_each(|_| orders.add(1, &[KeyValue::new("country", "de")]));
        });
        laps.wall("histogram", MEASUREMENTS, || {
            (0..MEASUREMENTS).for_each(|i| price.record(black_box(i) as f64, &[KeyValue::new("country", "de")]));
        });
    });
    Ok(())
}

fn otel_events(bench: &mut Bench) -> Result<()> {
    Registry::default().with(MetricsLayer::new(provider())).try_init()?;
    events(bench);
    Ok(())
}

fn cloudwatch_embedded(bench: &mut Bench) -> Result<()> {
    metrics_cloudwatch_embedded::Builder::new()
        .cloudwatch_namespace("bench")
        .init()
        .map_err(|error| error.to_string())?;
    facade(bench);
    Ok(())
}
