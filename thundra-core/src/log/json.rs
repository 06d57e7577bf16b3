//! The format `json`: the keys of the Powertools for AWS Lambda, the ids of the span, and the correlation ids.

use super::format::{Format, Head, Parts, SPAN_ID, TRACE_ID, encoded_once};
use super::timestamp::rfc3339;
use crate::members::{Members, integer, string};
use crate::recorder::scope_state::ScopeState;
use crate::{Config, Value, semconv};

/// The format.
#[derive(Debug)]
pub(super) struct Json;

impl Format for Json {
    fn program(&self, config: &Config) -> Members {
        let mut members = Members::default();
        members.text("service", config.resource.program_name());
        if let Some(name) = config.resource.attribute(semconv::FAAS_NAME) {
            members.value(semconv::FUNCTION_NAME, name);
        }
        if let Some(Value::I64(bytes)) = config.resource.attribute(semconv::FAAS_MAX_MEMORY) {
            members.integer(semconv::FUNCTION_MEMORY_SIZE, bytes / (1 << 20));
        }
        members
    }

    fn scope(&self, scope: &mut ScopeState, program: &Members, out: &mut Members) {
        encoded_once(self, "json", (scope, program), out, |scope, encoded| {
            if scope.debug_sample_rate > 0.0 {
                encoded.value("sampling_rate", &Value::F64(scope.debug_sample_rate));
            }
            scope.log.members(&scope.correlation, program, encoded);
        });
    }

    fn is_own(&self, key: &str, head: Option<&Head<'_>>) -> bool {
        match key {
            "level" | "message" | "timestamp" | "target" => true,
            "event" => head.is_none_or(|head| head.event_name.is_some()),
            "location" => head.is_none_or(|head| head.location.is_some()),
            TRACE_ID | SPAN_ID => head.is_none(),
            _ => false,
        }
    }

    fn line(&self, head: &Head<'_>, parts: Parts<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"level":""#);
        out.extend_from_slice(head.level.as_str().as_bytes());
        out.extend_from_slice(br#"","message":"#);
        string(out, parts.message);
        out.extend_from_slice(br#","timestamp":""#);
        rfc3339(out, head.time_unix_nano);
        out.extend_from_slice(br#"","target":"#);
        string(out, head.target);
        if let Some(name) = head.event_name {
            out.extend_from_slice(br#","event":"#);
            string(out, name);
        }
        if let Some((file, line)) = head.location {
            out.extend_from_slice(br#","location":"#);
            string(out, file);
            out.pop();
            out.push(b':');
            integer(out, line.into());
            out.push(b'"');
        }
        for members in [parts.program, parts.scope, parts.fields] {
            out.extend_from_slice(members.as_bytes());
        }
        out.extend_from_slice(b"}\n");
    }
}
