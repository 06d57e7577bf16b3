//! What is recorded, as trees: names, kinds, outcomes, attributes and events.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

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
use thundra_core::testing::{record, record_with, tree};
use thundra_core::{Config, Env, NO_ATTRIBUTES, Scope, SpanExt, SpanKind, Status, Value, correlation, outbound};
use tracing::{Instrument, error, error_span, info, info_span, instrument, warn};

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(pairs.iter().copied()))
}

#[track_caller]
fn recorded(f: impl FnOnce()) -> String {
    tree(&record("root", f).1)
}

fn below_root(lines: &[&str]) -> String {
    lines.iter().fold("root thundra.parent.source=none\n".to_owned(), |all, line| all + line + "\n")
}
