//! The levels of loggers, as the severities of OTLP.

use opentelemetry_proto::tonic::logs::v1::SeverityNumber;
use serde_json::Value as Json;

/// Reads a level as text or as a number.
pub(super) fn level(json: &Json) -> Option<(SeverityNumber, String)> {
    match json {
        Json::String(text) => Some((severity(text), text.clone())),
        // The levels of pino and bunyan.
        Json::Number(number) => {
            let (severity, text) = match number.as_u64()? {
                10 => (SeverityNumber::Trace, "TRACE"),
                20 => (SeverityNumber::Debug, "DEBUG"),
                30 => (SeverityNumber::Info, "INFO"),
                40 => (SeverityNumber::Warn, "WARN"),
                50 => (SeverityNumber::Error, "ERROR"),
                60 => (SeverityNumber::Fatal, "FATAL"),
                _ => return None,
            };
            Some((severity, text.to_owned()))
        }
        _ => None,
    }
}

/// Returns the severity of a word; `Unspecified` for any other word.
pub(super) fn severity(level: &str) -> SeverityNumber {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => SeverityNumber::Trace,
        "DEBUG" => SeverityNumber::Debug,
        "INFO" | "INFORMATION" | "NOTICE" => SeverityNumber::Info,
        "WARN" | "WARNING" => SeverityNumber::Warn,
        "ERROR" => SeverityNumber::Error,
        "FATAL" | "CRITICAL" | "ALERT" | "EMERGENCY" | "PANIC" => SeverityNumber::Fatal,
        _ => SeverityNumber::Unspecified,
    }
}
