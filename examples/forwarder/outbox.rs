//! The telemetry of a delivery, joined by resource.

use std::collections::{HashMap, VecDeque};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use thundra_lines::{Report, Telemetry};

use crate::request::Request as _;

/// One request for each signal.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) traces: ExportTraceServiceRequest,
    pub(crate) logs: ExportLogsServiceRequest,
    pub(crate) metrics: ExportMetricsServiceRequest,
}

impl Outbox {
    /// Adds a request.
    pub(crate) fn add(&mut self, telemetry: Telemetry) {
        match telemetry {
            Telemetry::Traces(request) => self.traces.join(request),
            Telemetry::Logs(request) => self.logs.join(request),
            Telemetry::Metrics(request) => self.metrics.join(request),
        }
    }

    /// Adds reports to the root spans of their invocations, and returns the reports without a root span in this outbox.
    ///
    /// A root span has the attribute `faas.invocation_id`. Attempts of one request share the id: reports and roots are
    /// paired in order.
    pub(crate) fn describe_roots(&mut self, reports: Vec<Report>) -> Vec<Report> {
        let mut waiting: HashMap<String, VecDeque<Report>> = HashMap::new();
        for report in reports {
            waiting.entry(report.request_id.clone()).or_default().push_back(report);
        }
        let scopes = self.traces.resource_spans.iter_mut().flat_map(|run| &mut run.scope_spans);
        for span in scopes.flat_map(|scope| &mut scope.spans) {
            let id = span.attributes.iter().find(|attribute| attribute.key == "faas.invocation_id");
            let id = id.and_then(|id| text_of(id.value.as_ref()));
            if let Some(report) = id.and_then(|id| waiting.get_mut(id)?.pop_front()) {
                span.attributes.extend(report.attributes());
            }
        }
        waiting.into_values().flatten().collect()
    }

    /// Adds a log record made by the forwarder.
    pub(crate) fn add_log_record(&mut self, source: Resource, record: LogRecord) {
        let scope = InstrumentationScope { name: "forwarder".to_owned(), ..InstrumentationScope::default() };
        let scope_logs = ScopeLogs { scope: Some(scope), log_records: vec![record], ..ScopeLogs::default() };
        let logs = ResourceLogs { resource: Some(source), scope_logs: vec![scope_logs], ..Default::default() };
        self.logs.join(ExportLogsServiceRequest { resource_logs: vec![logs] });
    }
}

fn text_of(value: Option<&AnyValue>) -> Option<&str> {
    match value?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message as _;
    use thundra_lines::attribute;

    use super::*;

    fn spans(service: &str, scope: &str, names: &[&str]) -> ExportTraceServiceRequest {
        let attributes = vec![attribute("service.name", Value::StringValue(service.to_owned()))];
        let spans = names.iter().map(|name| Span { name: (*name).to_owned(), ..Span::default() }).collect();
        let scope = InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() };
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
        let resource = Some(Resource { attributes, ..Resource::default() });
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }],
        }
    }

    fn shape(request: &ExportTraceServiceRequest) -> Vec<Vec<usize>> {
        let scopes = |run: &ResourceSpans| run.scope_spans.iter().map(|scope| scope.spans.len()).collect();
        request.resource_spans.iter().map(scopes).collect()
    }

    #[test]
    fn equal_resources_and_scopes_are_joined() {
        let mut outbox = Outbox::default();
        for (service, scope, names) in
            [("a", "x", &["1"][..]), ("b", "x", &["2"]), ("a", "x", &["3", "4"]), ("a", "y", &["5"])]
        {
            outbox.add(Telemetry::Traces(spans(service, scope, names)));
        }
        assert_eq!(shape(&outbox.traces), [vec![3, 1], vec![1]]);
        assert_eq!(outbox.traces.count(), 5);
    }

    #[test]
    fn a_request_is_split_between_records_until_one_is_left() {
        let mut all = spans("a", "x", &["1", "2", "3"]);
        all.join(spans("b", "x", &["4", "5"]));
        let mut second = all.split().unwrap();
        assert_eq!((shape(&all), shape(&second)), (vec![vec![2]], vec![vec![1], vec![2]]));
        assert_eq!(all.encoded_len() + second.encoded_len(), {
            let mut again = all.clone();
            again.resource_spans.extend(second.resource_spans.clone());
            again.encoded_len()
        });
        let mut third = second.split().unwrap();
        assert_eq!((shape(&second), shape(&third)), (vec![vec![1]], vec![vec![2]]));
        assert_eq!((second.split(), third.split().map(|rest| rest.count())), (None, Some(1)));
        assert_eq!(ExportTraceServiceRequest::default().split(), None);
    }

    #[test]
    fn a_report_describes_one_root_of_its_invocation() {
        let mut outbox = Outbox::default();
        outbox.add(Telemetry::Traces(spans("a", "x", &["root", "child", "other root", "second attempt"])));
        let all = &mut outbox.traces.resource_spans[0].scope_spans[0].spans;
        for (index, id) in [(0, "request-1"), (2, "request-2"), (3, "request-1")] {
            all[index].attributes.push(attribute("faas.invocation_id", Value::StringValue(id.to_owned())));
            all[index].attributes.push(attribute("error.type", Value::StringValue("panic".to_owned())));
        }
        let line =
            |id: &str, kind| format!("REPORT RequestId: {id}\tDuration: 1 ms\tStatus: error\tError Type: {kind}");
        let ids = [("request-1", "A"), ("request-1", "B"), ("request-1", "C"), ("request-3", "D")];
        let reports = ids.map(|(id, kind)| Report::read(&line(id, kind), 7).unwrap());
        let mut left: Vec<_> =
            outbox.describe_roots(reports.into()).into_iter().map(|report| report.request_id).collect();
        left.sort();
        assert_eq!(left, ["request-1", "request-3"]);
        let spans = &outbox.traces.resource_spans[0].scope_spans[0].spans;
        assert_eq!(spans.iter().map(|span| span.attributes.len()).collect::<Vec<_>>(), [5, 0, 2, 5]);
        for span in spans {
            let mut keys: Vec<_> = span.attributes.iter().map(|attribute| &attribute.key).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), span.attributes.len(), "each key once");
        }
    }
}
