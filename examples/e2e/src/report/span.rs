//! A received span with the name of the program.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as Proto};

/// One span. Ids are lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The id of the trace.
    pub trace: String,
    /// The id of the span.
    pub id: String,
    /// The id of the parent span, `None` for a root.
    pub parent: Option<String>,
    /// `service.name` of the sending program.
    pub program: String,
    /// The name of the span.
    pub name: String,
    /// The role in a call.
    pub kind: Kind,
    /// Start, in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// End, in nanoseconds since 1970.
    pub end_time_unix_nano: u64,
    /// Attribute values as text, by key.
    pub attributes: BTreeMap<String, String>,
    /// The links to other spans.
    pub links: Vec<Link>,
    /// The message of the status, if the status is an error.
    pub error: Option<String>,
}

/// The role of a span in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the OpenTelemetry specification")]
pub enum Kind {
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// A link to another span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The id of the trace.
    pub trace: String,
    /// The id of the span.
    pub span: String,
}

impl Span {
    /// Returns all spans of one resource.
    pub fn all_of(resource_spans: &ResourceSpans) -> Vec<Self> {
        let program = program(resource_spans.resource.as_ref());
        let spans = resource_spans.scope_spans.iter().flat_map(|scope| &scope.spans);
        spans.map(|span| Self::of(&program, span)).collect()
    }

    fn of(program: &str, span: &Proto) -> Self {
        let status = span.status.as_ref().filter(|status| status.code() == StatusCode::Error);
        Self {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
            program: program.to_owned(),
            name: span.name.clone(),
            kind: Kind::of(span.kind()),
            start_time_unix_nano: span.start_time_unix_nano,
            end_time_unix_nano: span.end_time_unix_nano,
            attributes: attributes(&span.attributes),
            links: span
                .links
                .iter()
                .map(|link| Link { trace: hex(&link.trace_id), span: hex(&link.span_id) })
                .collect(),
            error: status.map(|status| status.message.clone()),
        }
    }

    /// Returns the duration of the span.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.end_time_unix_nano.saturating_sub(self.start_time_unix_nano))
    }

    /// Returns the value of an attribute as text.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }
}

impl Kind {
    fn of(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Server => Self::Server,
            SpanKind::Client => Self::Client,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
            SpanKind::Internal | SpanKind::Unspecified => Self::Internal,
        }
    }
}

/// Returns `service.name` of a resource.
pub(super) fn program(resource: Option<&Resource>) -> String {
    let attributes = resource.map(|resource| attributes(&resource.attributes));
    attributes.and_then(|mut attributes| attributes.remove("service.name")).unwrap_or_default()
}

pub(super) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns attribute values as text, by key.
pub(super) fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    pairs.iter().map(|pair| (pair.key.clone(), pair.value.as_ref().map(text).unwrap_or_default())).collect()
}

/// Returns a value as text.
pub(super) fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(Value::StringValue(value)) => value.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(Value::ArrayValue(array)) => array.values.iter().map(text).collect::<Vec<_>>().join(", "),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Status};

    /// Builds a span: `program` sent `name` with the given ids, from `start` to `end` in milliseconds.
    pub(in crate::report) fn span(program: &str, name: &str, kind: Kind, ids: (&str, &str), ms: (u64, u64)) -> Span {
        let (id, parent) = ids;
        Span {
            trace: "t1".to_owned(),
            id: id.to_owned(),
            parent: (!parent.is_empty()).then(|| parent.to_owned()),
            program: program.to_owned(),
            name: name.to_owned(),
            kind,
            start_time_unix_nano: ms.0 * 1_000_000,
            end_time_unix_nano: ms.1 * 1_000_000,
            attributes: BTreeMap::new(),
            links: Vec::new(),
            error: None,
        }
    }

    /// Builds the spans of two programs: a successful call, and a message that makes the second program fail.
    pub(in crate::report) fn order() -> Vec<Span> {
        let mut failed = span("billing", "orders process", Kind::Consumer, ("05", "04"), (30, 90));
        failed.error = Some("card declined".to_owned());
        failed.attributes.insert("messaging.system".to_owned(), "aws.sns".to_owned());
        let mut root = span("orders", "POST /orders", Kind::Server, ("01", ""), (0, 40));
        root.attributes.insert("http.request.method".to_owned(), "POST".to_owned());
        let mut publish = span("orders", "orders send", Kind::Producer, ("04", "01"), (20, 28));
        publish.attributes.insert("messaging.system".to_owned(), "aws.sns".to_owned());
        vec![
            failed,
            publish,
            span("orders", "GET", Kind::Client, ("03", "02"), (3, 9)),
            span("orders", "quote", Kind::Internal, ("02", "01"), (2, 10)),
            root,
        ]
    }

    #[test]
    fn a_span_is_read_from_what_arrived() {
        let pair = |key: &str, value| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        };
        let arrived = ResourceSpans {
            resource: Some(Resource {
                attributes: vec![pair("service.name", Value::StringValue("orders".to_owned()))],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: vec![Proto {
                    trace_id: vec![0xab; 16],
                    span_id: vec![1; 8],
                    parent_span_id: vec![2; 8],
                    name: "GET".to_owned(),
                    kind: SpanKind::Client.into(),
                    attributes: vec![pair("http.response.status_code", Value::IntValue(503))],
                    status: Some(Status { code: StatusCode::Error.into(), message: "503".to_owned() }),
                    ..Proto::default()
                }],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        };
        let spans = Span::all_of(&arrived);
        let [span] = spans.as_slice() else { panic!("one span expected: {spans:?}") };
        assert_eq!(span.trace, "ab".repeat(16));
        assert_eq!(span.parent.as_deref(), Some("0202020202020202"));
        assert_eq!((span.program.as_str(), span.kind), ("orders", Kind::Client));
        assert_eq!(span.attribute("http.response.status_code"), Some("503"));
        assert_eq!(span.error.as_deref(), Some("503"));
    }
}
