//! Lambda's report of an invocation.

use serde_json::Value as Json;

/// Lambda's figures of an invocation. Times are in nanoseconds, sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Report {
    pub(crate) request_id: String,
    /// The name of the function; empty if the log does not say.
    pub(crate) function: String,
    /// Nanoseconds since 1970; 0 if the log does not say.
    pub(crate) time: i64,
    pub(crate) trace_id: Option<[u8; 16]>,
    /// `ok`, `error` or `timeout`.
    pub(crate) status: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) duration: Option<i64>,
    pub(crate) billed: Option<i64>,
    pub(crate) memory_size: Option<i64>,
    pub(crate) memory_used: Option<i64>,
    pub(crate) init: Option<i64>,
}

impl Report {
    /// Reads a line, as text or as JSON; `None` for any other line.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        match line.find("REPORT RequestId: ") {
            Some(0) => Self::read_text(line),
            _ if line.starts_with('{') && line.contains("platform.report") => Self::read_json(line),
            _ => None,
        }
    }

    fn read_text(line: &str) -> Option<Self> {
        let mut report = Report { status: "ok", ..Report::default() };
        let members = line.strip_prefix("REPORT ")?.split(['\t', '\n', '\r']);
        for (name, value) in members.filter_map(|member| member.trim().split_once(": ")) {
            let number = value.split(' ').next().and_then(|number| number.parse().ok());
            match name {
                "RequestId" => report.request_id = value.to_owned(),
                "Status" => report.status = status(value),
                "Error Type" => report.error = Some(value.to_owned()),
                "XRAY TraceId" => report.trace_id = trace_id(value),
                "Duration" => report.duration = milliseconds(number),
                "Billed Duration" => report.billed = milliseconds(number),
                "Memory Size" => report.memory_size = mebibytes(number),
                "Max Memory Used" => report.memory_used = mebibytes(number),
                "Init Duration" | "Restore Duration" => report.init = milliseconds(number),
                _ => {}
            }
        }
        Some(report).filter(|report| !report.request_id.is_empty())
    }

    fn read_json(line: &str) -> Option<Self> {
        let event: Json = serde_json::from_str(line).ok()?;
        let record = event.get("record").filter(|_| event.get("type").is_some_and(|kind| kind == "platform.report"))?;
        let text = |name: &str| record.get(name).and_then(Json::as_str);
        let figure = |name: &str| record.get("metrics")?.get(name)?.as_f64();
        let header = record.pointer("/tracing/value").and_then(Json::as_str).unwrap_or_default();
        let root = header.split(';').find_map(|member| member.strip_prefix("Root="));
        let time =
            event.get("time").and_then(Json::as_str).and_then(|time| chrono::DateTime::parse_from_rfc3339(time).ok());
        Some(Report {
            request_id: text("requestId").filter(|id| !id.is_empty())?.to_owned(),
            time: time.and_then(|time| time.timestamp_nanos_opt()).unwrap_or(0),
            trace_id: root.and_then(trace_id),
            status: status(text("status").unwrap_or("success")),
            error: text("errorType").map(str::to_owned),
            duration: milliseconds(figure("durationMs")),
            billed: milliseconds(figure("billedDurationMs")),
            memory_size: mebibytes(figure("memorySizeMB")),
            memory_used: mebibytes(figure("maxMemoryUsedMB")),
            init: milliseconds(figure("initDurationMs").or_else(|| figure("restoreDurationMs"))),
            ..Report::default()
        })
    }
}

fn status(name: &str) -> &'static str {
    match name {
        "success" => "ok",
        "timeout" => "timeout",
        _ => "error",
    }
}

fn milliseconds(number: Option<f64>) -> Option<i64> {
    number.filter(|number| *number >= 0.0).map(|number| (number * 1e6) as i64)
}

fn mebibytes(number: Option<f64>) -> Option<i64> {
    number.filter(|number| *number >= 0.0).map(|number| (number * 1_048_576.0) as i64)
}

/// Reads an X-Ray trace id (`1-5759e988-bd862e3fe1be46a994272793`) as the W3C trace id of the same trace.
fn trace_id(text: &str) -> Option<[u8; 16]> {
    let (time, unique) = text.strip_prefix("1-")?.split_once('-')?;
    thundra_core::TraceId::from_hex(&format!("{time}{unique}")).map(|id| id.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let text = "REPORT RequestId: 8f5\tDuration: 2.24 ms\tBilled Duration: 203 ms\tMemory Size: 128 MB\t\
            Max Memory Used: 65 MB\tInit Duration: 200.5 ms\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\t\n";
        let json = r#"{"time":"1970-01-01T00:00:01Z","type":"platform.report","record":{"requestId":"8f5","status":"success",
            "metrics":{"durationMs":2.24,"billedDurationMs":203,"memorySizeMB":128,"maxMemoryUsedMB":65,"initDurationMs":200.5},
            "tracing":{"value":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}}}"#;
        let (text, json) = (Report::read(text).unwrap(), Report::read(json).unwrap());
        assert_eq!(text, Report { time: 0, ..json.clone() });
        assert_eq!((json.billed, json.memory_size, json.time), (Some(203_000_000), Some(128 << 20), 1_000_000_000));
        assert_eq!((json.duration, json.init), (Some(2_240_000), Some(200_500_000)));
        assert!(json.trace_id.is_some());
    }

    #[test]
    fn other_lines_and_odd_numbers_are_no_figures() {
        for line in
            ["", "START RequestId: 1", "REPORT RequestId: ", "{\"type\":\"platform.report\"", "the REPORT RequestId: 1"]
        {
            assert_eq!(Report::read(line), None, "{line}");
        }
        let report =
            Report::read("REPORT RequestId: 1\tDuration: NaN ms\tMemory Size: -1 MB\tStatus: timeout").unwrap();
        assert_eq!((report.duration, report.memory_size, report.status), (None, None, "timeout"));
    }
}
