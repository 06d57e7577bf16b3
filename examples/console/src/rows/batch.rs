//! A batch of telemetry as rows, for one transaction of the store.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource as OtlpResource;
use prost::Message as _;
use thundra_core::semconv;
use thundra_lines::Telemetry;

use super::attributes::{Attributes, hashed, text_of};
use super::waiting::measure_waiting;
use super::{LogRow, PointRow, Report, SpanRow, cut, log, point};

/// Rows of one transaction. Rows name resources and scopes by their places in the lists.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) resources: Vec<Resource>,
    /// Scopes as OTLP bytes.
    pub(crate) scopes: Vec<Vec<u8>>,
    pub(crate) spans: Vec<SpanRow>,
    pub(crate) logs: Vec<LogRow>,
    pub(crate) points: Vec<PointRow>,
    pub(crate) reports: Vec<Report>,
    pub(crate) rejected: Rejected,
}

/// The number of records that could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) points: u64,
    pub(crate) lines: u64,
    pub(crate) requests: u64,
}

impl Rejected {
    /// Adds other counts.
    pub(crate) fn join(&mut self, other: Rejected) {
        self.spans += other.spans;
        self.logs += other.logs;
        self.points += other.points;
        self.lines += other.lines;
        self.requests += other.requests;
    }
}

/// A resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) service: String,
    pub(crate) attributes: Attributes,
    /// The OTLP bytes.
    pub(crate) raw: Vec<u8>,
}

impl Batch {
    /// Adds the rows of telemetry.
    pub(crate) fn add(&mut self, telemetry: Telemetry) {
        match telemetry {
            Telemetry::Traces(request) => self.add_spans(request),
            Telemetry::Logs(request) => self.add_logs(request),
            Telemetry::Metrics(request) => self.add_points(request),
        }
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.spans.len() + self.logs.len() + self.points.len() + self.reports.len()
    }

    fn add_spans(&mut self, request: ExportTraceServiceRequest) {
        for run in request.resource_spans {
            let resource = run.resource.unwrap_or_default();
            let place = self.resource(&resource);
            for scope in run.scope_spans {
                let scope_place = self.scope(scope.scope);
                let first = self.spans.len();
                for span in scope.spans {
                    match SpanRow::of(span, &resource, place, scope_place) {
                        Some(row) => self.spans.push(row),
                        None => self.rejected.spans += 1,
                    }
                }
                measure_waiting(self.spans.get_mut(first..).unwrap_or_default());
            }
        }
    }

    fn add_logs(&mut self, request: ExportLogsServiceRequest) {
        for run in request.resource_logs {
            let place = self.resource(&run.resource.unwrap_or_default());
            let records = run.scope_logs.into_iter().flat_map(|scope| scope.log_records);
            self.logs.extend(records.map(|record| log::row(record, place)));
        }
    }

    fn add_points(&mut self, request: ExportMetricsServiceRequest) {
        for run in request.resource_metrics {
            let place = self.resource(&run.resource.unwrap_or_default());
            for metric in run.scope_metrics.into_iter().flat_map(|scope| scope.metrics) {
                self.points.extend(point::rows(metric, place));
            }
        }
    }

    fn resource(&mut self, resource: &OtlpResource) -> usize {
        let attributes = &resource.attributes;
        let service = text_of(attributes, semconv::SERVICE_NAME).or_else(|| text_of(attributes, semconv::FAAS_NAME));
        self.resources.push(Resource {
            service: cut(service.unwrap_or("unknown")).to_owned(),
            attributes: hashed(attributes),
            raw: resource.encode_to_vec(),
        });
        self.resources.len() - 1
    }

    fn scope(&mut self, scope: Option<InstrumentationScope>) -> usize {
        self.scopes.push(scope.map(|scope| scope.encode_to_vec()).unwrap_or_default());
        self.scopes.len() - 1
    }
}
