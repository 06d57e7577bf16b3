//! The format `json`: the keys of the Powertools for AWS Lambda, the ids of the span, and the correlation ids.

use super::format::{Format, Head, Parts};
use super::timestamp::rfc3339;
use crate::members::{Members, string};
use crate::recorder::scope_state::ScopeState;
use crate::{Config, SpanId, Value, semconv};

/// The format.
#[derive(Debug)]
pub(super) struct Json;

impl Format for Json {
    fn program(&self, config: &Config) -> Members {
        let mut members = Members::default();
        members.text("service", config.resource.program_name());
        let attribute = |key: &str| config.resource.attributes().iter().find(|(known, _)| known == key);
        if let Some((_, name)) = attribute(semconv::FAAS_NAME) {
            members.value(semconv::FUNCTION_NAME, name);
        }
        if let Some((_, Value::I64(bytes))) = attribute(semconv::FAAS_MAX_MEMORY) {
            members.integer(semconv::FUNCTION_MEMORY_SIZE, bytes / (1 << 20));
        }
        members
    }

    fn scope(&self, scope: &mut ScopeState, program: &Members, out: &mut Members) {
        if let Some(encoded) = scope.log.encoded_as("json") {
            return out.append(encoded);
        }
        let mut encoded = scope.log.take_buffer();
        scope.log.members(&scope.correlation, program, &mut encoded);
        encoded.text("trace_id", &scope.trace_id.to_string());
        out.append(&encoded);
        scope.log.keep("json", encoded);
    }

    fn span(&self, id: SpanId, out: &mut Members) {
        out.text("span_id", &id.to_string());
    }

    fn is_own(&self, key: &str, head: &Head<'_>) -> bool {
        match key {
            "level" | "message" | "timestamp" | "target" => true,
            "event" => head.event_name.is_some(),
            _ => false,
        }
    }

    fn line(&self, head: &Head<'_>, parts: Parts<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"level":""#);
        out.extend_from_slice(head.metadata.level().as_str().as_bytes());
        out.extend_from_slice(br#"","message":"#);
        string(out, parts.message);
        out.extend_from_slice(br#","timestamp":""#);
        rfc3339(out, head.time_unix_nano);
        if let Some(name) = head.event_name {
            out.extend_from_slice(br#"","event":"#);
            string(out, name);
            out.extend_from_slice(br#","target":"#);
        } else {
            out.extend_from_slice(br#"","target":"#);
        }
        string(out, head.metadata.target());
        for members in [parts.program, parts.scope, parts.fields] {
            out.extend_from_slice(members.as_bytes());
        }
        out.extend_from_slice(b"}\n");
    }
}
