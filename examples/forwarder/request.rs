//! The common structure of the OTLP requests of the three signals: runs of one resource, each with runs of one scope.

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use prost::Message;
use serde::Serialize;
use thundra_core::{OtlpConfig, OtlpSignals};

/// An OTLP request of one signal.
pub(crate) trait Request: Message + Default + Serialize {
    /// The name of the records, for messages.
    const RECORDS: &'static str;

    /// Returns the settings of the signal.
    fn config(signals: &OtlpSignals) -> &OtlpConfig;

    /// Adds the records of another request, to the runs with the same resource and scope.
    fn join(&mut self, other: Self);

    /// Returns the number of records.
    fn count(&self) -> usize;

    /// Removes and returns the second half of the records. `None` for a single record.
    fn split(&mut self) -> Option<Self>;

    /// Reads the number of rejected records, and the message, from a response.
    fn rejected(response: &[u8], is_json: bool) -> (usize, String);
}

macro_rules! request {
    ($request:ident, $response:ident, $records:literal, $signal:ident, $runs:ident, $scopes:ident, $items:ident, $rejected:ident) => {
        impl Request for $request {
            const RECORDS: &'static str = $records;

            fn config(signals: &OtlpSignals) -> &OtlpConfig {
                &signals.$signal
            }

            fn join(&mut self, other: Self) {
                for run in other.$runs {
                    let same = self
                        .$runs
                        .iter_mut()
                        .find(|known| known.resource == run.resource && known.schema_url == run.schema_url);
                    let Some(known) = same else {
                        self.$runs.push(run);
                        continue;
                    };
                    for scope in run.$scopes {
                        let same = known
                            .$scopes
                            .iter_mut()
                            .find(|known| known.scope == scope.scope && known.schema_url == scope.schema_url);
                        match same {
                            Some(known) => known.$items.extend(scope.$items),
                            None => known.$scopes.push(scope),
                        }
                    }
                }
            }

            fn count(&self) -> usize {
                self.$runs.iter().flat_map(|run| &run.$scopes).map(|scope| scope.$items.len()).sum()
            }

            fn split(&mut self) -> Option<Self> {
                let half = self.count() / 2;
                if half == 0 {
                    return None;
                }
                let (mut kept, mut other) = (0, Self::default());
                for run in &mut self.$runs {
                    let mut rest = run.clone();
                    for (scope, rest) in run.$scopes.iter_mut().zip(&mut rest.$scopes) {
                        let keep = scope.$items.len().min(half - kept);
                        kept += keep;
                        scope.$items.truncate(keep);
                        rest.$items.drain(..keep);
                    }
                    run.$scopes.retain(|scope| !scope.$items.is_empty());
                    rest.$scopes.retain(|scope| !scope.$items.is_empty());
                    other.$runs.push(rest);
                }
                self.$runs.retain(|run| !run.$scopes.is_empty());
                other.$runs.retain(|run| !run.$scopes.is_empty());
                Some(other)
            }

            fn rejected(response: &[u8], is_json: bool) -> (usize, String) {
                let response = match is_json {
                    true => serde_json::from_slice::<$response>(response).unwrap_or_default(),
                    // An incomplete response, or a response other than OTLP, says nothing about records.
                    false => $response::decode(response).unwrap_or_default(),
                };
                let partial = response.partial_success.unwrap_or_default();
                (usize::try_from(partial.$rejected).unwrap_or_default(), partial.error_message)
            }
        }
    };
}

request!(
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    "spans",
    traces,
    resource_spans,
    scope_spans,
    spans,
    rejected_spans
);
request!(
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
    "log records",
    logs,
    resource_logs,
    scope_logs,
    log_records,
    rejected_log_records
);
request!(
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    "metrics",
    metrics,
    resource_metrics,
    scope_metrics,
    metrics,
    rejected_data_points
);
