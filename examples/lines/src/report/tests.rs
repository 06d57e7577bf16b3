use super::*;

/// The time at which the lines were written.
const WRITTEN: u64 = 1_764_115_200_000_000_000;

const COLD: &str = "REPORT RequestId: 8f507cfc\tDuration: 2.24 ms\tBilled Duration: 203 ms\tMemory Size: 128 MB\t\
    Max Memory Used: 65 MB\tInit Duration: 200.5 ms\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\t\
    SegmentId: 53995c3f42cd8ad8\tSampled: true\t\n";

fn figures(report: &Report) -> Vec<(Figure, f64)> {
    report.figures.iter().map(|(figure, value)| (*figure, *value)).collect()
}

#[test]
fn a_line_of_text_is_read() {
    let report = Report::read(COLD, 0).unwrap();
    assert_eq!((report.request_id.as_str(), report.status.as_str(), report.time), ("8f507cfc", "success", None));
    assert_eq!(report.trace_id, TraceId::from_hex("5759e988bd862e3fe1be46a994272793"));
    let expected = [
        (Figure::Duration, 2.24),
        (Figure::BilledDuration, 203.0),
        (Figure::MemorySize, 128.0),
        (Figure::MaxMemoryUsed, 65.0),
        (Figure::InitDuration, 200.5),
    ];
    assert_eq!(figures(&report), expected);
}

#[test]
fn a_restored_and_failed_invocation_is_read() {
    let line = "REPORT RequestId: 1\tDuration: 3000.00 ms\tRestore Duration: 300 ms\t\
        Billed Restore Duration: 400 ms\tStatus: error\tError Type: Runtime.ExitError";
    let report = Report::read(line, WRITTEN).unwrap();
    assert_eq!((report.status.as_str(), report.error_type.as_deref()), ("error", Some("Runtime.ExitError")));
    let expected =
        [(Figure::Duration, 3000.0), (Figure::RestoreDuration, 300.0), (Figure::BilledRestoreDuration, 400.0)];
    assert_eq!(figures(&report), expected);
}

#[test]
fn a_line_of_json_is_read() {
    let line = r#"{"time":"2026-11-26T00:00:00.000Z","type":"platform.report","record":{"requestId":"1","status":"timeout",
        "metrics":{"durationMs":3000,"billedDurationMs":3000,"memorySizeMB":128,"maxMemoryUsedMB":30},
        "tracing":{"spanId":"53995c3f42cd8ad8","type":"X-Amzn-Trace-Id","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}}}"#;
    let report = Report::read(line, WRITTEN).unwrap();
    assert_eq!((report.request_id.as_str(), report.status.as_str()), ("1", "timeout"));
    assert_eq!(
        (report.trace_id, report.time),
        (TraceId::from_hex("5759e988bd862e3fe1be46a994272793"), Some(1_795_651_200_000_000_000))
    );
    assert_eq!(figures(&report).len(), 4);
    let other = line.replace("Root=1-", "Self=1-0-0;Root=1-");
    assert_eq!(Report::read(&other, WRITTEN).unwrap().trace_id, report.trace_id, "a load balancer's header");
    let record = report.log_record();
    assert_eq!((record.severity_number, record.time_unix_nano), (17, WRITTEN));
}

#[test]
fn both_formats_have_the_same_figures() {
    let json = r#"{"type":"platform.report","record":{"requestId":"8f507cfc","status":"success",
        "metrics":{"durationMs":2.24,"billedDurationMs":203,"memorySizeMB":128,"maxMemoryUsedMB":65,"initDurationMs":200.5},
        "tracing":{"value":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}}}"#;
    let (text, json) = (Report::read(COLD, WRITTEN).unwrap(), Report::read(json, WRITTEN).unwrap());
    assert_eq!(text, Report { text: text.text.clone(), ..json });
}

#[test]
fn every_figure_has_attributes_and_a_place_of_its_own() {
    let text: Vec<_> = FIGURES.iter().map(|(_, [name, ..])| format!("{name}: 1 ms")).collect();
    let report = Report::read(&format!("REPORT RequestId: 1\t{}", text.join("\t")), 0).unwrap();
    assert_eq!(figures(&report).len(), FIGURES.len());
    let mut keys: Vec<_> = report.attributes().into_iter().map(|attribute| attribute.key).collect();
    keys.dedup();
    assert_eq!(keys.len(), FIGURES.len() + 1);
}

#[test]
fn other_lines_are_no_reports() {
    for (line, why) in [
        ("", "empty"),
        ("REPORT", "nothing follows"),
        ("REPORT RequestId: ", "no id"),
        ("REPORT of the day: fine", "a user's own"),
        ("the REPORT RequestId: 1", "a user's own"),
        ("START RequestId: 1", "another line of Lambda"),
        (r#"{"type":"platform.start","record":{"requestId":"1"}}"#, "another event of Lambda"),
        (r#"{"type":"platform.report","record":{"requestId":""}}"#, "no id"),
        (r#"{"message":"platform.report"}"#, "a user's own JSON"),
        (r#"{"type":"platform.report","record":{}"#, "a line that was cut"),
    ] {
        assert_eq!(Report::read(line, 0), None, "{why}");
    }
}

#[test]
fn odd_numbers_are_no_figures() {
    let line =
        "REPORT RequestId: 1\tDuration: NaN ms\tBilled Duration: inf ms\tMemory Size: -1 MB\tInit Duration: soon";
    assert_eq!(figures(&Report::read(line, 0).unwrap()), []);
}
