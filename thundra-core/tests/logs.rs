//! Log lines and subscribers, in programs of their own: a process has one logger and one subscriber.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "logs/debug.rs"]
mod debug;
#[path = "logs/kept.rs"]
mod kept;
#[path = "logs/layer.rs"]
mod layer;

use std::process::Command;

use serde_json::Value;
use thundra_core::config::{Reader, Section, Variable};
use thundra_core::testing::MemoryExporter;
use thundra_core::{Config, Env, LogFormat, Scope, Telemetry, flush, install};
use tracing_log::{LogTracer, log};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

/// The standard error of a program: lines of JSON, and other lines.
struct Written {
    lines: Vec<Value>,
    others: Vec<String>,
}

impl Written {
    fn messages(&self) -> Vec<String> {
        self.lines.iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }
}

/// Runs a program below with these variables.
fn run(program: &str, variables: &[(&str, &str)]) -> Written {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program", "--ignored", "--nocapture"]).env_clear().env("TEST_PROGRAM", program);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{program}: {stderr}");
    let (lines, mut others): (Vec<_>, Vec<_>) = stderr.lines().partition(|line| line.starts_with('{'));
    let written = others.len();
    others.retain(|line| !line.starts_with("thundra: telemetry is installed already"));
    assert_eq!(written - others.len(), 1, "each program installs telemetry without effect: {stderr}");
    Written {
        lines: lines.into_iter().map(|line| serde_json::from_str(line).unwrap()).collect(),
        others: others.into_iter().map(str::to_owned).collect(),
    }
}

/// Runs the program that `TEST_PROGRAM` names.
#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    let mut telemetry = Telemetry::builder();
    match std::env::var("TEST_PROGRAM").as_deref() {
        Ok("alone") => {}
        Ok("own layer") => telemetry = telemetry.layer(own_lines()),
        Ok("own lines alone") => telemetry = telemetry.layer(own_lines()).log_format(LogFormat::NONE),
        Ok("own layer too late") => {
            tracing::subscriber::set_global_default(tracing_subscriber::registry().with(thundra_core::layer()))
                .unwrap();
            telemetry = telemetry.layer(own_lines());
        }
        Ok("configured too late") => {
            assert!(!thundra_core::config().disabled);
            telemetry = telemetry.config(Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "late")])));
        }
        Ok("own subscriber, then the same levels") => {
            own_subscriber();
            telemetry = telemetry.config(Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "late")])));
        }
        Ok("own subscriber, then other levels") => {
            own_subscriber();
            telemetry = telemetry.config(Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "debug")])));
        }
        Ok("own subscriber, then settings") => {
            own_subscriber();
            telemetry = telemetry.settings(Pets(9));
        }
        Ok("settings too late") => {
            assert_eq!(thundra_core::settings::<Pets>(), Pets(1));
            telemetry = telemetry.settings(Pets(9));
        }
        Ok("no lines") => telemetry = telemetry.log_format(LogFormat::NONE),
        Ok("bridged") => LogTracer::init().unwrap(),
        Ok("own logger") => {
            static OWN: Own = Own;
            log::set_logger(&OWN).unwrap();
            log::set_max_level(log::LevelFilter::Info);
        }
        Ok("own subscriber") => own_subscriber(),
        other => panic!("no program {other:?}"),
    }
    let exporter = MemoryExporter::default();
    install(telemetry.exporter(exporter.clone()));
    let second = Telemetry::builder().config(Config::from_env(&Env::process())).layer(own_lines());
    assert!(!install(second.exporter(MemoryExporter::new())), "the first one stays");
    log::info!("outside");
    log::info!(target: "quiet::inside", "quiet");
    log::debug!(target: "chatty::inside", "chatty");
    log::debug!("too detailed");
    drop(tracing::trace_span!("a detail"));
    tracing::info!(target: "log", { log.target = "a field" }, "an event");
    let scope = Scope::builder("work").default_correlation_id("c-1").begin();
    scope.enter(|| log::warn!(target: "orders", "sold {}", "out"));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(flush(scope.finish(), None));
    eprintln!("widest: {}", log::max_level());
    let service = thundra_core::config().resource.service_name();
    eprintln!("settings: {service} {}", thundra_core::settings::<Pets>().0);
    eprint!("{}", exporter.tree());
}

/// Sets a subscriber with our layer.
fn own_subscriber() {
    let fmt = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    let own = tracing_subscriber::registry().with(fmt).with(thundra_core::layer());
    tracing::subscriber::set_global_default(own).unwrap();
}

/// The settings of a dependent crate.
#[derive(Clone, Debug, PartialEq)]
struct Pets(u32);

impl Section for Pets {
    const VARIABLES: &'static [Variable] = &[Variable::new("THUNDRA_PETS", "a number", "`1`", "Pets.")];
    const IS_LAST: bool = true;

    fn read(reader: &mut Reader<'_>) -> Self {
        Pets(reader.number(&Self::VARIABLES[0]).unwrap_or(1))
    }
}

/// A layer that prints events and new spans as people do.
fn own_lines() -> impl Layer<Registry> + Send + Sync {
    tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr).with_span_events(FmtSpan::NEW)
}

/// A logger that prints records as people do.
struct Own;

impl log::Log for Own {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        eprintln!("own: {}", record.args());
    }

    fn flush(&self) {}
}

const LEVELS: (&str, &str) = ("RUST_LOG", "quiet=off,chatty=debug");

#[test]
fn every_record_is_one_line_with_any_bridge() {
    for program in ["alone", "bridged"] {
        let written = run(program, &[LEVELS]);
        assert_eq!(written.messages(), ["outside", "chatty", "an event", "sold out"], "{program}");
        let [outside, chatty, event, inside] = &written.lines[..] else { panic!("four lines") };
        assert_eq!(
            [&outside["target"], &outside["level"], &outside["log.module_path"], &outside["log.file"]],
            ["logs", "INFO", "logs", file!()],
            "{program}"
        );
        assert!(outside["log.line"].is_u64() && outside.get("log.target").is_none(), "{outside}");
        assert_eq!([&chatty["target"], &chatty["level"]], ["chatty::inside", "DEBUG"]);
        assert_eq!([&event["target"], &event["log.target"]], ["log", "a field"], "it is no record");
        assert_eq!([&inside["target"], &inside["x-correlation-id"]], ["orders", "c-1"]);
        assert!(inside["trace_id"].is_string(), "{inside}");
        let event = "  · sold out log.target=orders log.module_path=logs log.file=";
        assert!(written.others.iter().any(|line| line.starts_with(event)), "{:?}", written.others);
        assert!(!written.others.iter().any(|line| line.starts_with("thundra:")), "{:?}", written.others);
    }
}

#[test]
fn records_below_the_widest_level_are_not_made() {
    for (variables, widest) in [
        (&[][..], "INFO"),
        (&[LEVELS], "DEBUG"),
        (&[("RUST_LOG", "warn"), ("THUNDRA_SPANS", "error")], "WARN"),
        // Spans record events even without log lines.
        (&[("RUST_LOG", "off"), ("THUNDRA_SPANS", "trace")], "TRACE"),
        (&[("RUST_LOG", "error"), ("THUNDRA_SPANS", "off")], "ERROR"),
    ] {
        let written = run("alone", variables);
        assert_eq!(written.others.iter().find_map(|line| line.strip_prefix("widest: ")), Some(widest), "{variables:?}");
    }
    assert_eq!(run("alone", &[("RUST_LOG", "error")]).messages(), [""; 0]);
    assert_eq!(run("alone", &[("RUST_LOG", "Warn")]).messages(), ["sold out"]);
}

#[test]
fn a_logger_of_the_programs_own_is_kept() {
    let written = run("own logger", &[LEVELS]);
    assert_eq!(written.messages(), ["an event"]);
    let own: Vec<_> = written.others.iter().filter_map(|line| line.strip_prefix("own: ")).collect();
    assert_eq!(own, ["outside", "quiet", "sold out"]);
    assert!(!written.others.iter().any(|line| line.starts_with("thundra:")), "{:?}", written.others);
}

#[test]
fn a_subscriber_of_the_programs_own_gets_the_records() {
    let written = run("own subscriber", &[]);
    let of = |message: &str| written.others.iter().filter(|line| line.contains(message)).count();
    assert_eq!((of("outside"), of("an event"), written.lines.len()), (1, 1, 0), "{:?}", written.others);
    // The log line, and the span event in the tree.
    assert_eq!(of("sold out"), 2, "{:?}", written.others);
}

#[test]
fn the_levels_of_span_events_are_those_of_the_records_target() {
    let written = run("alone", &[("THUNDRA_SPANS", "info,orders=off"), ("RUST_LOG", "error,orders=warn")]);
    assert_eq!(written.messages(), ["sold out"]);
    assert!(!written.others.iter().any(|line| line.contains("sold out")), "{:?}", written.others);
}

#[test]
fn a_layer_of_the_programs_own_sees_everything_and_takes_nothing() {
    let alone = run("alone", &[LEVELS]);
    let tree = |written: &Written| {
        written.others.iter().filter(|line| line.starts_with("work") || line.contains('·')).cloned().collect::<Vec<_>>()
    };
    assert_eq!(tree(&alone).len(), 2, "{:?}", alone.others);
    for (program, lines) in [("own layer", alone.messages()), ("own lines alone", Vec::new())] {
        let written = run(program, &[LEVELS, ("THUNDRA_SPANS", "info")]);
        for (level, text) in [
            ("INFO", ": outside"),
            ("INFO", ": quiet"),
            ("DEBUG", ": chatty"),
            ("DEBUG", ": too detailed"),
            ("INFO", ": an event"),
            ("WARN", ": sold out"),
            ("TRACE", " a detail: logs: new"),
            ("ERROR", " correlation_id=c-1}: thundra: new"),
        ] {
            let lines = written.others.iter().filter(|line| line.contains(level) && line.contains(text));
            assert_eq!(lines.count(), 1, "{program}: {level} {text}: {:#?}", written.others);
        }
        assert_eq!((written.messages(), tree(&written)), (lines, tree(&alone)), "{program}");
        assert_eq!(written.others.iter().find_map(|line| line.strip_prefix("widest: ")), Some("TRACE"), "{program}");
        assert!(!written.others.iter().any(|line| line.starts_with("thundra:")), "{:?}", written.others);
    }
}

#[test]
fn a_layer_that_comes_too_late_is_reported_once() {
    let written = run("own layer too late", &[]);
    let reports = written.others.iter().filter(|line| line.contains("the layers of the telemetry are not part of it"));
    assert_eq!(reports.count(), 1, "{:?}", written.others);
    assert_eq!(written.others.iter().filter(|line| line.starts_with("thundra:")).count(), 1, "{:?}", written.others);
}

#[test]
fn a_configuration_that_comes_too_late_is_reported_once() {
    let written = run("configured too late", &[]);
    let reports = written.others.iter().filter(|line| line.starts_with("thundra: "));
    let [report] = &reports.collect::<Vec<_>>()[..] else { panic!("{:?}", written.others) };
    assert!(report.contains("the configuration set in code was installed too late"), "{report}");
}

#[test]
fn what_code_sets_wins_for_everything_read_after_the_installation() {
    for (program, settings, expected) in [
        ("own subscriber", "env 1", None),
        ("own subscriber, then the same levels", "late 1", None),
        ("own subscriber, then other levels", "unknown_service:", Some("make it with thundra_core::layer_with")),
        ("own subscriber, then settings", "env 9", None),
        ("settings too late", "env 9", Some("the configuration set in code was installed too late")),
        ("configured too late", "late 1", Some("the configuration set in code was installed too late")),
    ] {
        let written = run(program, &[("OTEL_SERVICE_NAME", "env")]);
        let line = written.others.iter().find_map(|line| line.strip_prefix("settings: ")).unwrap();
        assert!(line.starts_with(settings), "{program}: {line}");
        let reports: Vec<_> = written.others.iter().filter(|line| line.starts_with("thundra: ")).collect();
        assert_eq!(reports.len(), usize::from(expected.is_some()), "{program}: {reports:?}");
        assert!(expected.is_none_or(|text| reports[0].contains(text)), "{program}: {reports:?}");
    }
}

#[test]
fn without_a_log_format_events_are_recorded_and_not_written() {
    let written = run("no lines", &[LEVELS]);
    assert_eq!(written.messages(), [""; 0]);
    assert!(written.others.iter().any(|line| line.starts_with("  · sold out ")), "{:?}", written.others);
    assert_eq!(
        written.others.iter().find_map(|line| line.strip_prefix("widest: ")),
        Some("INFO"),
        "not those of lines"
    );
}
