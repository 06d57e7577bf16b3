//! Log records, as the official decoder reads them, through both fronts of the recorder.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod content;
mod exceptions;
mod kept;
mod scopes;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{Config, Env, Records, Scope, ScopeRef, Signal, SpanData, Telemetry};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

/// Keeps all that the process exports. It logs, as an exporter may.
#[derive(Clone, Debug, Default)]
struct Collector {
    logs: Arc<Mutex<Vec<LogRecord>>>,
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl Export for Collector {
    fn takes(&self, signal: Signal) -> bool {
        tracing::error!("asked for {signal}");
        signal != Signal::Metrics
    }

    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        tracing::error!("before the export");
        Box::pin(async move {
            tracing::error!("while exporting");
            if batch.signal() == Signal::Logs {
                let request = ExportLogsServiceRequest::decode(&*batch.to_protobuf()).unwrap();
                let scope = request.resource_logs.into_iter().flat_map(|logs| logs.scope_logs);
                self.logs.lock().unwrap().extend(scope.flat_map(|logs| logs.log_records));
            }
            self.spans.lock().unwrap().extend(batch.spans());
            Ok(())
        })
    }
}

/// The only flush at a time.
struct Process {
    collector: Collector,
    _alone: MutexGuard<'static, ()>,
}

/// Waits for its turn with the exporter of the process.
fn process() -> Process {
    static ALONE: Mutex<Option<Collector>> = Mutex::new(None);
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut installed = ALONE.lock().unwrap();
    let collector = installed.get_or_insert_with(|| {
        let collector = Collector::default();
        let config = config(&[("RUST_LOG", "off")]);
        assert!(thundra_core::install(Telemetry::builder().config(config).exporter(collector.clone())));
        collector
    });
    Process { collector: collector.clone(), _alone: turn }
}

impl Process {
    /// Exports what waits, and returns the new log records and spans.
    fn flush(&self, records: Records) -> (Vec<LogRecord>, Vec<SpanData>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(thundra_core::flush(records, None));
        (
            std::mem::take(&mut *self.collector.logs.lock().unwrap()),
            std::mem::take(&mut *self.collector.spans.lock().unwrap()),
        )
    }
}

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

/// The two fronts of the recorder: alone, and beside layers of the program.
fn fronts(config: &Config) -> [Dispatch; 2] {
    let beside = tracing_subscriber::registry().with(thundra_core::layer_with(config));
    [Dispatch::new(thundra_core::subscriber(config)), Dispatch::new(beside)]
}

/// Runs a test through each front, with the exporter of the process.
#[track_caller]
fn through_both(pairs: &[(&str, &str)], test: impl Fn(&Config, &Process)) {
    let (process, config) = (process(), config(pairs));
    for front in fronts(&config) {
        tracing::dispatcher::with_default(&front, || test(&config, &process));
    }
}

/// Returns the log records and the spans of a scope in which the closure runs.
fn recorded(config: &Config, process: &Process, f: impl FnOnce(ScopeRef)) -> (Vec<LogRecord>, Vec<SpanData>) {
    let scope = Scope::builder("root").default_correlation_id("c-1").begin_with(config);
    scope.enter(|| f(*scope));
    process.flush(scope.finish())
}

fn body(record: &LogRecord) -> &str {
    match record.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text,
        None => "",
        other => panic!("{other:?}"),
    }
}

fn bodies(records: &[LogRecord]) -> Vec<&str> {
    records.iter().map(body).collect()
}

/// Returns the attributes as text, and panics at a repeated key.
fn attributes(record: &LogRecord) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for pair in &record.attributes {
        let value = match pair.value.clone().and_then(|value| value.value).unwrap() {
            any_value::Value::StringValue(text) => format!("{text:?}"),
            any_value::Value::IntValue(number) => number.to_string(),
            any_value::Value::DoubleValue(number) => format!("{number:?}"),
            any_value::Value::BoolValue(value) => value.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(attributes.insert(pair.key.clone(), value), None, "{} twice", pair.key);
    }
    attributes
}
