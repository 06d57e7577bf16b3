//! Exceptions: events of spans, log records, or both.

use thundra_core::exception::Exception;
use thundra_core::{SpanExt, SpanKind};
use tracing::{Span, error, info_span};

use super::*;

const LOGS: (&str, &str) = ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs");
const BOTH: (&str, &str) = ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs/dup");

#[test]
fn exceptions_are_what_the_program_opts_into_and_the_status_is_set_in_any_case() {
    for (opt_in, records_and_events) in [(&[][..], (1, 3)), (&[LOGS], (3, 0)), (&[BOTH], (3, 3))] {
        through_both(opt_in, |config, process| {
            let (records, spans) = recorded(config, process, |scope| {
                info_span!("recorded").in_scope(|| Span::current().record_error(&std::io::Error::other("declined")));
                info_span!("logged").in_scope(|| {
                    error!(error = &std::io::Error::other("declined") as &dyn std::error::Error, "not charged");
                });
                scope.fail(&Exception::new("card_declined", "declined").with_stack_trace("at charge"));
            });
            let events = spans.iter().flat_map(|span| &span.events).filter(|event| event.name == "exception").count();
            assert_eq!((records.len(), events), records_and_events, "{opt_in:?}");
            assert!(spans.iter().all(|span| span.status.is_error()), "{spans:?}");
            if records.len() == 3 {
                let root = spans.iter().find(|span| span.name == "root").unwrap();
                let record = records.iter().find(|record| record.span_id == root.context.span_id.to_bytes()).unwrap();
                let attributes = attributes(record);
                assert_eq!((&*record.event_name, body(record), record.severity_number), ("exception", "declined", 17));
                assert_eq!(attributes["exception.type"], "\"card_declined\"");
                assert_eq!(attributes["exception.message"], "\"declined\"");
                assert_eq!(attributes["exception.stacktrace"], "\"at charge\"");
                assert_eq!(attributes["x-correlation-id"], "\"c-1\"");
            }
        });
    }
}

#[test]
fn an_exception_of_an_unsampled_scope_is_a_log_record() {
    let unsampled = ("OTEL_TRACES_SAMPLER", "always_off");
    for (opt_in, count) in [(&[unsampled, LOGS][..], 2), (&[unsampled], 0)] {
        through_both(opt_in, |config, process| {
            let (records, spans) = recorded(config, process, |scope| {
                scope.record_error(&std::io::Error::other("declined"));
                scope.fail(&Exception::new("card_declined", "declined"));
            });
            assert_eq!((records.len(), spans.len()), (count, 0));
            assert!(records.iter().all(|record| record.flags & 1 == 0 && !record.trace_id.is_empty()));
        });
    }
}

#[test]
fn the_name_of_an_exception_says_which_operation_failed() {
    const SERVER: SpanKind = SpanKind::Server;
    const CLIENT: SpanKind = SpanKind::Client;
    for (kind, attributes, name, severity) in [
        (SERVER, &[("faas.trigger", "http"), ("http.request.method", "GET")][..], "faas.invocation.exception", 17),
        (SERVER, &[("http.request.method", "GET")], "http.server.request.exception", 17),
        (CLIENT, &[("http.request.method", "GET")], "http.client.request.exception", 13),
        (SERVER, &[("rpc.system.name", "grpc")], "rpc.server.call.exception", 17),
        (CLIENT, &[("rpc.system", "aws-api")], "rpc.client.call.exception", 13),
        (CLIENT, &[("rpc.system", "aws-api"), ("db.system.name", "aws.dynamodb")], "db.client.operation.exception", 13),
        (SpanKind::Producer, &[("messaging.operation.type", "send")], "messaging.send.exception", 13),
        (SpanKind::Producer, &[("messaging.operation.type", "create")], "messaging.create.exception", 13),
        (CLIENT, &[("messaging.operation.type", "receive")], "messaging.receive.exception", 13),
        (CLIENT, &[("messaging.operation.type", "settle")], "messaging.settle.exception", 13),
        (SpanKind::Consumer, &[("messaging.operation.type", "process")], "messaging.process.exception", 17),
        (SpanKind::Internal, &[], "exception", 17),
    ] {
        through_both(&[LOGS], |config, process| {
            let mut scope = Scope::builder("operation").kind(kind);
            for (key, value) in attributes {
                scope = scope.attribute(*key, *value);
            }
            let scope = scope.begin_with(config);
            scope.record_error(&std::io::Error::other("declined"));
            let (records, _) = process.flush(scope.finish());
            assert_eq!((&*records[0].event_name, records[0].severity_number), (name, severity));
        });
    }
}
