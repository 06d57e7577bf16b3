//! The processes of the programs, and their reports.

use std::process::{Command, Output};

use thundra_core::testing::MemoryExporter;
use thundra_core::{SpanData, Telemetry};

/// Returns the command of a program, a test that is ignored otherwise.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([program, "--exact", "--ignored", "--nocapture"]);
    command
}

/// Runs a program with variables.
pub(crate) fn run(program: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = command(program);
    // The tests may have a starter with a context too.
    for name in ["TRACEPARENT", "TRACESTATE", "BAGGAGE", "X_AMZN_TRACE_ID", "AWS_LAMBDA_RUNTIME_API"] {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

/// Runs work in a program with telemetry, and reports the spans on standard output.
pub(crate) fn recorded(work: impl FnOnce()) {
    let exporter = MemoryExporter::new();
    let telemetry = thundra_http::init_with(Telemetry::builder().exporter(exporter.clone()));
    work();
    drop(telemetry);
    exporter.spans().iter().for_each(|span| println!("\nspan {}", text(span)));
}

fn text(span: &SpanData) -> String {
    let parent = span.parent_span_id.map(|id| id.to_string()).unwrap_or_default();
    let state = span.context.trace_state.as_deref().unwrap_or_default();
    format!("{}|{}|{}|{parent}|{state}", span.name, span.context.trace_id, span.context.span_id)
}

/// A span that a program reported.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) state: String,
}

/// Returns the lines on standard output that begin with a word.
pub(crate) fn lines<'a>(output: &'a Output, word: &'a str) -> impl Iterator<Item = &'a str> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '))
}

/// Returns the span with a name.
pub(crate) fn span(output: &Output, name: &str) -> Reported {
    let spans = lines(output, "span").map(|line| {
        let [name, trace, id, parent, state] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let [name, trace, id, parent, state] = [name, trace, id, parent, state].map(str::to_owned);
        Reported { name, trace, id, parent, state }
    });
    spans.into_iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span {name}: {output:?}"))
}

/// Returns our lines on standard error.
pub(crate) fn diagnostics(output: &Output) -> Vec<String> {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    text.lines().filter(|line| line.starts_with("thundra: ")).map(str::to_owned).collect()
}
