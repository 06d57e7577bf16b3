//! thundra: each trace is a scope, begun and finished like an invocation.

use std::cell::RefCell;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use thundra_bench_work as work;
use thundra_core::export::{Batch, Export as Exporter, ExportFuture, StdoutExporter};
use thundra_core::{Config, Env, Records, Scope, Telemetry};

use super::{Export, Stack, Work, sink};
use crate::Result;

struct Ours;

thread_local! {
    /// The finished traces before a flush. A program would hand the traces over immediately.
    static FINISHED: RefCell<Records> = RefCell::default();
}

/// Installs the set-up of `thundra_aws::run`, with everything on except log lines, because the other stacks write no
/// lines.
pub(super) fn sampled(export: Export) -> Result<Box<dyn Stack>> {
    install(export, &[])
}

/// Installs a sampler that records nothing.
pub(super) fn unsampled(export: Export) -> Result<Box<dyn Stack>> {
    install(export, &[("OTEL_TRACES_SAMPLER", "always_off")])
}

fn install(export: Export, variables: &[(&str, &str)]) -> Result<Box<dyn Stack>> {
    let common = [("OTEL_SERVICE_NAME", "orders"), ("RUST_LOG", "off")];
    let config = Config::from_env(&Env::from_pairs(common.iter().chain(variables).copied()));
    let exporter: Box<dyn Exporter> = match export {
        Export::Drop => Box::new(Sink { encode: false }),
        Export::Encode => Box::new(Sink { encode: true }),
        Export::Line => Box::new(StdoutExporter::new()),
    };
    if !thundra_core::install(Telemetry::builder().config(config).exporters([exporter])) {
        return Err("a stack is installed already".into());
    }
    Ok(Box::new(Ours))
}

fn finish(scope: Scope) {
    let trace = scope.finish();
    let _ = FINISHED.with_borrow_mut(|finished| finished.append(trace));
}

impl Stack for Ours {
    fn workload_a(&self, n: u64) {
        let scope = Scope::builder("invoke").begin();
        scope.enter(|| work::chains(n));
        finish(scope);
    }

    fn varied(&self, n: u64) {
        let scope = Scope::builder("invoke").begin();
        scope.enter(|| work::varied(n));
        finish(scope);
    }

    fn spawned(&self, n: u64) -> Work<'_> {
        Box::pin(async move {
            let scope = Scope::builder("invoke").begin();
            scope.run(work::spawned(n)).await;
            finish(scope);
        })
    }

    fn in_turn(&self, n: u64) -> Work<'_> {
        Box::pin(async move {
            let scope = Scope::builder("invoke").begin();
            scope.run(work::in_turn(n)).await;
            finish(scope);
        })
    }

    fn flush(&self) {
        drive(thundra_core::flush(FINISHED.take(), None));
    }
}

/// Runs a future. Only the exporter of lines waits, for its thread. The other exporters do without a waker.
fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => pollster::block_on(future),
    }
}

#[derive(Debug)]
struct Sink {
    encode: bool,
}

impl Exporter for Sink {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        sink::spans(batch.count() as usize);
        if self.encode {
            sink::bytes(batch.to_protobuf());
        }
        Box::pin(ready(Ok(())))
    }
}
