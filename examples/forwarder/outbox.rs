//! The telemetry of a delivery, joined by resource.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::line::Telemetry;
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

    /// Adds attributes to the root spans of an invocation. Returns `false` if the delivery holds none.
    ///
    /// A root span is one with the attribute `faas.invocation_id`.
    pub(crate) fn describe_root(&mut self, request_id: &str, attributes: &[KeyValue]) -> bool {
        let spans = self.traces.resource_spans.iter_mut().flat_map(|run| &mut run.scope_spans);
        let roots = spans.flat_map(|scope| &mut scope.spans).filter(|span| {
            span.attributes.iter().any(|attribute| {
                attribute.key == "faas.invocation_id" && text_of(attribute.value.as_ref()) == Some(request_id)
            })
        });
        roots.map(|root| root.attributes.extend_from_slice(attributes)).count() > 0
    }

    /// Adds a log record of the forwarder's own making.
    pub(crate) fn add_log_record(&mut self, source: &Resource, record: LogRecord) {
        let scope = InstrumentationScope { name: "forwarder".to_owned(), ..InstrumentationScope::default() };
        let scope_logs = ScopeLogs { scope: Some(scope), log_records: vec![record], ..ScopeLogs::default() };
        let logs = ResourceLogs { resource: Some(source.clone()), scope_logs: vec![scope_logs], ..Default::default() };
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

    use super::*;
    use crate::report::attribute;

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
    fn only_the_root_of_the_invocation_is_described() {
        let mut outbox = Outbox::default();
        outbox.add(Telemetry::Traces(spans("a", "x", &["root", "child", "other root"])));
        let all = &mut outbox.traces.resource_spans[0].scope_spans[0].spans;
        for (index, id) in [(0, "request-1"), (2, "request-2")] {
            all[index].attributes.push(attribute("faas.invocation_id", Value::StringValue(id.to_owned())));
        }
        let figure = [attribute("figure", Value::IntValue(1))];
        assert!(outbox.describe_root("request-1", &figure) && !outbox.describe_root("request-3", &figure));
        let counts = outbox.traces.resource_spans[0].scope_spans[0].spans.iter().map(|span| span.attributes.len());
        assert_eq!(counts.collect::<Vec<_>>(), [2, 0, 1]);
    }
}
