//! What a record has of its event.

use std::fmt;
use std::io;

use tracing::{debug, error, info, info_span, trace, warn};
use tracing_log::log;

use super::*;

/// Keys of attributes that each record has, beside the fields of its event.
const OWN: [&str; 4] = ["target", "code.file.path", "code.line.number", "x-correlation-id"];

/// Returns the attributes from the fields of the event.
fn fields(record: &LogRecord) -> Vec<String> {
    let all = attributes(record).into_iter();
    all.filter(|(key, _)| !OWN.contains(&key.as_str())).map(|(key, value)| format!("{key}={value}")).collect()
}

#[test]
fn a_record_has_the_typed_fields_the_place_and_the_ids_of_its_event() {
    through_both(&[], |config, process| {
        let mut line = 0;
        let (records, spans) = recorded(config, process, |_| {
            info_span!("inner").in_scope(|| {
                line = line!() + 1;
                warn!(count = 1_u64, large = u64::MAX, ratio = 0.5, ok = true, who = ?"a\"b", "sold {}", "out");
            });
        });
        let [record] = &records[..] else { panic!("{records:?}") };
        assert_eq!((body(record), record.severity_number, &*record.severity_text), ("sold out", 13, "WARN"));
        assert_eq!(
            fields(record),
            ["count=1", "large=\"18446744073709551615\"", "ok=true", "ratio=0.5", "who=\"\\\"a\\\\\\\"b\\\"\""]
        );
        let attributes = attributes(record);
        assert_eq!(attributes["target"], "\"log_records::content\"");
        assert!(attributes["code.file.path"].ends_with("content.rs\""), "{attributes:?}");
        assert_eq!(attributes["code.line.number"], line.to_string());
        assert_eq!(attributes["x-correlation-id"], "\"c-1\"");
        let inner = spans.iter().find(|span| span.name == "inner").unwrap();
        assert_eq!(record.trace_id, inner.context.trace_id.to_bytes());
        assert_eq!(record.span_id, inner.context.span_id.to_bytes());
        assert_eq!(record.flags, 3, "sampled, and of a random trace id");
        assert_eq!((&*record.event_name, record.dropped_attributes_count), ("", 0));
        assert_eq!(record.time_unix_nano, record.observed_time_unix_nano);
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(record.time_unix_nano);
        assert!(inner.start_time <= at && at <= inner.end_time);
    });
}

#[test]
fn each_level_has_its_number() {
    through_both(&[("RUST_LOG", "trace")], |config, process| {
        let (records, _) = recorded(config, process, |_| {
            trace!("t");
            debug!("d");
            info!("i");
            warn!("w");
            error!("e");
        });
        let levels: Vec<_> =
            records.iter().map(|record| (record.severity_number, record.severity_text.as_str())).collect();
        assert_eq!(levels, [(1, "TRACE"), (5, "DEBUG"), (9, "INFO"), (13, "WARN"), (17, "ERROR")]);
    });
}

#[test]
fn the_levels_are_those_of_the_lines_and_not_those_of_the_spans() {
    let levels = [("RUST_LOG", "warn,shop=debug"), ("THUNDRA_SPANS", "info,other=trace")];
    through_both(&levels, |config, process| {
        let (records, spans) = recorded(config, process, |_| {
            info!("hidden");
            warn!("shown");
            debug!(target: "shop::cart", "detail");
            debug!(target: "other", "an event of the span alone");
        });
        assert_eq!(bodies(&records), ["shown", "detail"]);
        let events: Vec<_> = spans[0].events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(events, ["hidden", "shown", "an event of the span alone"]);
    });
}

#[test]
fn an_event_with_a_name_of_its_own_is_an_event_of_that_name() {
    through_both(&[], |config, process| {
        let (records, _) = recorded(config, process, |_| {
            info!(name: "user.login.success", user = 7, "welcome");
            info!(name: "user.logout", user = 7);
        });
        let named: Vec<_> = records.iter().map(|record| (record.event_name.as_str(), body(record))).collect();
        assert_eq!(named, [("user.login.success", "welcome"), ("user.logout", "")]);
        assert!(records[1].body.is_none());
    });
}

#[test]
fn limits_cut_fields_and_count_the_rest() {
    let limits = [
        ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "2"),
        ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1"),
    ];
    through_both(&limits, |config, process| {
        let (records, spans) = recorded(config, process, |_| {
            info!(a = "ééééé", b = ?"long", c = 3, "a message of any length");
            info!(a = 1, b = 2, a = 3, c = 4, "repeated");
        });
        assert_eq!(fields(&records[0]), ["a=\"ééé\"", "b=\"\\\"lo\""]);
        assert_eq!((body(&records[0]), records[0].dropped_attributes_count), ("a message of any length", 1));
        assert_eq!(fields(&records[1]), ["a=3", "b=2"]);
        assert_eq!(spans[0].events[0].attributes.len(), 1, "the limits of span events are others");
    });
}

#[test]
fn fields_never_take_the_place_of_what_the_record_says() {
    through_both(&[], |config, process| {
        let (records, _) = recorded(config, process, |_| {
            info!(target = "mine", { "x-correlation-id" } = "forged", { "code.line.number" } = 7, other = 1, "m");
        });
        let own =
            ["fields.code.line.number=7", "fields.target=\"mine\"", "fields.x-correlation-id=\"forged\"", "other=1"];
        assert_eq!(fields(&records[0]), own);
        assert_eq!(attributes(&records[0])["x-correlation-id"], "\"c-1\"");
    });
}

#[test]
fn texts_of_errors_are_redacted_and_an_error_is_an_exception() {
    let failed = || io::Error::other("GET https://user:s3cr3t@bank.example/?card=4111 failed");
    through_both(&[], |config, process| {
        let (records, _) = recorded(config, process, |_| {
            error!(error = &failed() as &dyn std::error::Error, order = 7, "not charged");
            error!(error = &failed() as &dyn std::error::Error);
            warn!("{}", failed());
        });
        let [charged, alone, text] = &records[..] else { panic!("{records:?}") };
        assert_eq!((body(charged), attributes(charged)["order"].as_str()), ("not charged", "7"));
        for record in [charged, alone] {
            assert_eq!(attributes(record)["exception.type"], "\"std::io::error::Error\"");
            assert!(attributes(record)["exception.message"].starts_with("\"GET https://"), "{record:?}");
        }
        assert!(body(alone).starts_with("GET https://") && body(text).starts_with("GET https://"));
        assert!(!format!("{records:?}").contains("s3cr3t") && !format!("{records:?}").contains("4111"));
    });
}

#[test]
fn a_value_that_panics_or_logs_costs_nobody_anything() {
    struct Broken;
    impl fmt::Debug for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("broken")
        }
    }
    struct Logs;
    impl fmt::Debug for Logs {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("from within");
            f.write_str("shown")
        }
    }
    through_both(&[], |config, process| {
        let (records, _) = recorded(config, process, |_| {
            info!(value = ?Broken, after = 1, "m");
            info!(value = ?Logs, "m");
        });
        assert_eq!(fields(&records[0])[0], "after=1");
        let last = records.iter().rfind(|record| body(record) == "m").unwrap();
        assert_eq!(fields(last), ["value=\"shown\""]);
    });
}

#[test]
fn records_of_the_log_crate_are_records_with_their_own_place() {
    through_both(&[("RUST_LOG", "info,quiet=off")], |config, process| {
        let (records, _) = recorded(config, process, |_| {
            log::warn!(target: "orders", "sold {}", "out");
            log::warn!(target: "quiet", "not this");
        });
        let [record] = &records[..] else { panic!("{records:?}") };
        assert_eq!((body(record), &*record.severity_text, &*record.event_name), ("sold out", "WARN", ""));
        assert_eq!(attributes(record)["target"], "\"orders\"");
        assert!(attributes(record)["code.file.path"].ends_with("content.rs\""));
        assert_eq!(fields(record), [""; 0]);
    });
}
