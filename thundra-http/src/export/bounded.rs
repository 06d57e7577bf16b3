//! A time limit for writing exporters: a pipe may have no reader.

use std::time::{Duration, Instant};

use thundra_core::export::{Batch, Export, ExportError, ExportFuture, StandardStream};
use thundra_core::{Config, Resource, Signal};
use tokio::time::timeout_at;

/// An exporter with a limit of time for writing a batch: the limit of an attempt of OTLP.
#[derive(Debug)]
pub(super) struct Bounded {
    exporter: Box<dyn Export>,
    limit: Duration,
}

impl Bounded {
    pub(super) fn boxed(exporter: Box<dyn Export>, config: &Config) -> Box<dyn Export> {
        Box::new(Bounded { exporter, limit: config.otlp.traces.attempt_limit() })
    }
}

impl Export for Bounded {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        self.exporter.export(batch, deadline)
    }

    fn force_flush(&self, deadline: Instant) -> ExportFuture<'_> {
        let deadline = deadline.min(Instant::now() + self.limit);
        Box::pin(async move {
            match timeout_at(deadline.into(), self.exporter.force_flush(deadline)).await {
                Ok(result) => result,
                Err(_) => Err(ExportError::retryable("standard output or standard error is not being read")),
            }
        })
    }

    fn takes(&self, signal: Signal) -> bool {
        self.exporter.takes(signal)
    }

    fn follows_xray(&self) -> bool {
        self.exporter.follows_xray()
    }

    fn is_paused(&self, signal: Signal) -> bool {
        self.exporter.is_paused(signal)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }

    fn standard_stream(&self) -> Option<StandardStream> {
        self.exporter.standard_stream()
    }

    fn resume(&self) {
        self.exporter.resume();
    }

    fn renew(&self) {
        self.exporter.renew();
    }

    fn fork(&self) -> Option<Box<dyn Export>> {
        self.exporter.fork()
    }
}
