//! The spans and log records that a receiver keeps.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderMap;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::harness::console::Forwarded;

/// The received spans and log records, in order.
#[derive(Debug)]
pub(super) struct Inbox {
    spans: Mutex<Vec<ResourceSpans>>,
    logs: Mutex<Vec<ResourceLogs>>,
    /// The place for a copy of each request.
    copies: Option<UnboundedSender<Option<Forwarded>>>,
    /// The number of requests with spans or log records.
    count: watch::Sender<usize>,
}

impl Inbox {
    pub(super) fn new(copies: Option<UnboundedSender<Option<Forwarded>>>) -> Self {
        Inbox { spans: Mutex::default(), logs: Mutex::default(), copies, count: watch::Sender::new(0) }
    }

    pub(super) fn spans(&self) -> Vec<ResourceSpans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn logs(&self) -> Vec<ResourceLogs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number of requests with spans or log records, which changes with each.
    pub(super) fn arrivals(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    pub(super) fn copy(&self, path: &'static str, headers: &HeaderMap, body: &Bytes) {
        if let Some(copies) = &self.copies {
            // After a refused copy the console gets no more, and the end of the program says so.
            let _ = copies.send(Some(Forwarded { path, headers: headers.clone(), body: body.clone() }));
        }
    }

    pub(super) fn add_spans(&self, request: ExportTraceServiceRequest) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).extend(request.resource_spans);
        self.count.send_modify(|count| *count += 1);
    }

    pub(super) fn add_logs(&self, request: ExportLogsServiceRequest) {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).extend(request.resource_logs);
        self.count.send_modify(|count| *count += 1);
    }
}
