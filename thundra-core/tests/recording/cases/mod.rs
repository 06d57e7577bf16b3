mod correlation_ids;
mod errors;
mod fields;
mod keep;
mod limits;
mod replay;
mod scopes;
mod shown_ids;
mod unfinished;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use thundra_core::export::Batch;
use thundra_core::testing::tree;
use thundra_core::{
    Config, Env, NO_ATTRIBUTES, Scope, SpanData, SpanExt, SpanKind, Status, Value, correlation, outbound,
};
use tracing::dispatcher::{Dispatch, with_default};
use tracing::{Instrument, error, error_span, info, info_span, instrument, warn};

use super::FRONT;

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

fn dispatch(config: &Config) -> Dispatch {
    FRONT.dispatch(config)
}

fn record<R>(name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
    FRONT.record(name, f)
}

fn record_with<R>(config: &Config, name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
    FRONT.record_with(config, name, f)
}

#[track_caller]
fn recorded(f: impl FnOnce()) -> String {
    tree(&record("root", f).1)
}

fn below_root(lines: &[&str]) -> String {
    lines.iter().fold("root thundra.parent.source=none\n".to_owned(), |all, line| all + line + "\n")
}
