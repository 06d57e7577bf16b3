//! Lambda's report of an invocation, as a row.

use thundra_lines::Figure;

use super::{bounds, cut};

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
    /// Makes the row of a report that a log has of a function, written at a time in nanoseconds since 1970.
    pub(crate) fn of(report: &thundra_lines::Report, function: Option<&str>, written: u64) -> Self {
        let milliseconds = |figure| report.figure(figure).map(|number| (number * 1e6) as i64);
        let mebibytes = |figure| report.figure(figure).map(|number| (number * 1_048_576.0) as i64);
        Report {
            request_id: cut(&report.request_id).to_owned(),
            function: cut(function.unwrap_or_default()).to_owned(),
            time: bounds::time(report.time.unwrap_or(written)),
            trace_id: report.trace_id.map(|id| id.to_bytes()),
            status: match report.status.as_str() {
                "success" => "ok",
                "timeout" => "timeout",
                _ => "error",
            },
            error: report.error_type.as_deref().map(|error| cut(error).to_owned()),
            duration: milliseconds(Figure::Duration),
            billed: milliseconds(Figure::BilledDuration),
            memory_size: mebibytes(Figure::MemorySize),
            memory_used: mebibytes(Figure::MaxMemoryUsed),
            init: milliseconds(Figure::InitDuration).or_else(|| milliseconds(Figure::RestoreDuration)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: &str, written: u64) -> Report {
        Report::of(&thundra_lines::Report::read(line, written).unwrap(), Some("orders"), written)
    }

    #[test]
    fn figures_are_nanoseconds_and_bytes() {
        let text = "REPORT RequestId: 8f5\tDuration: 2.24 ms\tBilled Duration: 203 ms\tMemory Size: 128 MB\t\
            Max Memory Used: 65 MB\tInit Duration: 200.5 ms\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\t\n";
        let json = r#"{"time":"1970-01-01T00:00:01Z","type":"platform.report","record":{"requestId":"8f5","status":"success",
            "metrics":{"durationMs":2.24,"billedDurationMs":203,"memorySizeMB":128,"maxMemoryUsedMB":65,"initDurationMs":200.5},
            "tracing":{"value":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}}}"#;
        let (text, json) = (row(text, 7), row(json, 7));
        assert_eq!((text.time, json.time), (7, 1_000_000_000), "JSON has a time of its own");
        assert_eq!(text, Report { time: 7, ..json.clone() });
        assert_eq!(
            (json.billed, json.memory_size, json.function.as_str()),
            (Some(203_000_000), Some(128 << 20), "orders")
        );
        assert_eq!((json.duration, json.init, json.status), (Some(2_240_000), Some(200_500_000), "ok"));
        assert!(json.trace_id.is_some());
    }

    #[test]
    fn a_restored_invocation_that_failed_is_read() {
        let report = row("REPORT RequestId: 1\tDuration: NaN ms\tMemory Size: -1 MB\tStatus: timeout", 0);
        assert_eq!((report.duration, report.memory_size, report.status), (None, None, "timeout"));
        let report =
            row("REPORT RequestId: 1\tRestore Duration: 2 ms\tStatus: error\tError Type: Runtime.ExitError", 0);
        assert_eq!(
            (report.init, report.status, report.error.as_deref()),
            (Some(2_000_000), "error", Some("Runtime.ExitError"))
        );
    }
}
