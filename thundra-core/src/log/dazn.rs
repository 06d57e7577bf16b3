//! The format `dazn`: the lines of the [logger] of the DAZN Lambda Powertools, with the ids of the span.
//!
//! [logger]: https://github.com/getndazn/dazn-lambda-powertools/tree/master/packages/lambda-powertools-logger

use std::error::Error;

use tracing::Level;

use super::format::{Format, Head, Parts, SPAN_ID, TRACE_ID, encoded_once};
use crate::exception::Exception;
use crate::members::{Members, integer, string};
use crate::recorder::scope_state::ScopeState;
use crate::{Config, Value, semconv};

/// The format.
#[derive(Debug)]
pub(super) struct Dazn;

impl Format for Dazn {
    fn program(&self, config: &Config) -> Members {
        let mut members = Members::default();
        let attribute = |key| config.resource.attribute(key).map(ToString::to_string);
        let memory = match config.resource.attribute(semconv::FAAS_MAX_MEMORY) {
            Some(Value::I64(bytes)) => Some((bytes / (1 << 20)).to_string()),
            _ => None,
        };
        let environment = config.env().get("ENVIRONMENT").or_else(|| config.env().get("STAGE"));
        for (key, value) in [
            ("awsRegion", attribute(semconv::CLOUD_REGION)),
            ("functionName", attribute(semconv::FAAS_NAME)),
            ("functionVersion", attribute(semconv::FAAS_VERSION)),
            ("functionMemorySize", memory),
            ("environment", environment),
        ] {
            if let Some(value) = value {
                members.text(key, &value);
            }
        }
        members
    }

    fn scope(&self, scope: &mut ScopeState, program: &Members, out: &mut Members) {
        encoded_once(self, "dazn", (scope, program), out, |scope, encoded| {
            let mut fields = scope.log.fields.iter().flat_map(|fields| fields.iter());
            if let Some((_, id)) = fields.find(|(key, _)| key == semconv::FUNCTION_REQUEST_ID) {
                encoded.value("awsRequestId", id);
            }
            for (key, id) in scope.correlation.shown() {
                encoded.text(key, &id);
            }
            if let Some(user_agent) = &scope.correlation.user_agent {
                encoded.text("User-Agent", user_agent);
            }
            let debug = if scope.correlation.debug_log_enabled() { "true" } else { "false" };
            encoded.text("debug-log-enabled", debug);
            encoded.integer("call-chain-length", scope.correlation.chain_length());
        });
    }

    fn is_own(&self, key: &str, head: Option<&Head<'_>>) -> bool {
        match key {
            "message" | "level" | "sLevel" => true,
            "event" => head.is_none_or(|head| head.event_name.is_some()),
            "location" => head.is_none_or(|head| head.location.is_some()),
            TRACE_ID | SPAN_ID => head.is_none(),
            _ => false,
        }
    }

    fn error(&self, error: &(dyn Error + 'static)) -> Option<[(&'static str, String); 3]> {
        let exception = Exception::of_static(error);
        let shown = exception.shown();
        Some([
            ("errorName", shown.error_type.into_owned()),
            ("errorMessage", shown.message.into_owned()),
            ("stackTrace", shown.stack_trace.into_owned()),
        ])
    }

    fn line(&self, head: &Head<'_>, parts: Parts<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"message":"#);
        string(out, parts.message);
        if let Some(name) = head.event_name {
            out.extend_from_slice(br#","event":"#);
            string(out, name);
        }
        if let Some((file, line)) = head.location {
            out.extend_from_slice(br#","location":"#);
            string(out, &format!("{file}:{line}"));
        }
        for members in [parts.fields, parts.program, parts.scope] {
            out.extend_from_slice(members.as_bytes());
        }
        out.extend_from_slice(br#","level":"#);
        integer(out, bunyan(head.level).into());
        out.extend_from_slice(br#","sLevel":""#);
        out.extend_from_slice(head.level.as_str().as_bytes());
        out.extend_from_slice(b"\"}\n");
    }
}

/// Returns the number of a level in [bunyan](https://github.com/trentm/node-bunyan#levels).
const fn bunyan(level: Level) -> u8 {
    match level {
        Level::TRACE => 10,
        Level::DEBUG => 20,
        Level::INFO => 30,
        Level::WARN => 40,
        Level::ERROR => 50,
    }
}
