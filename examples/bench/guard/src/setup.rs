//! The set-up of the work.

use std::time::Instant;

use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{Config, Env, Scope, Telemetry};
use tokio::runtime::{Builder, Runtime};

/// An exporter that builds the bytes of a request and drops them.
#[derive(Debug)]
struct Nowhere;

impl Export for Nowhere {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        std::hint::black_box(batch.to_protobuf());
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Installs thundra without log lines and without a limit for spans, unless `variables` set them.
pub(crate) fn install(variables: &[(&str, &str)]) {
    let defaults = [("RUST_LOG", "off"), ("THUNDRA_MAX_SPANS", "1000000")];
    let config = Config::from_env(&Env::from_pairs(defaults.iter().chain(variables).copied()));
    thundra_core::install(Telemetry::builder().config(config).exporter(Nowhere));
}

pub(crate) fn scope() -> Scope {
    Scope::builder("invocation").begin()
}

/// Returns a runtime with one thread.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without drivers asks the system for nothing")
}
