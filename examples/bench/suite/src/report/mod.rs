//! The report: the tables of a section on standard output, and everything in `BENCHMARKS.md`.

mod glance;
mod table;

use std::fmt::Write as _;
use std::fs;

use crate::Result;
use crate::machine::{self, Machine};
use crate::process::root;
use crate::results::Results;
use crate::section::Section;

/// The packages whose versions the report lists.
const PACKAGES: &[&str] = &[
    "awssdk-instrumentation",
    "aws-sdk-sqs",
    "fastrace",
    "fastrace-opentelemetry",
    "flate2",
    "lambda-otel-lite",
    "lambda_runtime",
    "opentelemetry",
    "opentelemetry-proto",
    "opentelemetry_sdk",
    "otlp-stdout-span-exporter",
    "prost",
    "reqwest",
    "reqwest-tracing",
    "serde_json",
    "tokio",
    "tracing",
    "tracing-opentelemetry",
    "tracing-subscriber",
];

const DETAILS: &str = "\
Each figure is the median of the rounds. *To ours* divides a figure by that of thundra; *over* subtracts the figure of
the row without tracing. [Ranges](#ranges) shows how far the rounds lie apart.
";

const RANGES: &str = "\
The least and the greatest median of a round. Variants run in turn, so background load affects all of them equally. A
wide range means that the machine was busy; compare the minima in that case.
";

const METHOD: &str = "\
The suite writes this file: `cargo bench --manifest-path examples/bench/Cargo.toml`.

- Every variant does the same work in a process of its own, with an empty environment.
- Variants run in turn, several rounds each. A process warms up, repeats the work for a fixed time, and reports the
  median of the repetitions.
- Wall time is read from the monotonic clock. CPU time is that of all threads of the process.
- Instructions, locked instructions and allocations are counted by callgrind, from the difference of two run lengths;
  a figure is the median of three counts. `—` stands where valgrind is not installed. Locked instructions include those
  of the linked libraries. The C library's allocator adds some when one thread frees the memory of another thread.
- fastrace's instructions are not reported, because its clock calibrates itself with a varying number of them.
- Everything is built with `opt-level = 3`, `lto = \"thin\"`, `codegen-units = 1`, and the system's allocator.
- thundra runs with its full feature set unless a row says otherwise: limits, links, status, sampling, late changes,
  correlation ids.
- Times depend on the machine and its load. Compare the rows of a table, not two machines.
";

/// Writes `BENCHMARKS.md` from all results of the machine, new and earlier.
pub(crate) fn write(sections: &[Section], machine: &Machine) -> Result<()> {
    let mut known = Vec::new();
    for section in sections {
        known.extend(Results::load(section, machine)?.map(|results| (section, results)));
    }
    let date = known.iter().map(|(_, results)| results.date.as_str()).max().unwrap_or("an unknown day");
    let glance = glance::of(&known);
    let mut text =
        format!("# Benchmarks\n\n## At a glance\n\nMeasured on {date}.\n\n{glance}\n## Details\n\n{DETAILS}");
    for (section, results) in &known {
        write!(text, "\n### {}\n\n{}", section.title, details(section, results))?;
    }
    write!(text, "\n## Ranges\n\n{RANGES}")?;
    for (section, results) in &known {
        if let Some(ranges) = table::ranges(section, results) {
            write!(text, "\n### Ranges: {}\n\n{ranges}", section.title)?;
        }
    }
    write!(text, "\n## Method\n\n{METHOD}\n")?;
    writeln!(
        text,
        "Machine: {}, {} cores, {} GiB, {}. {}.\n",
        machine.cpu, machine.cores, machine.memory_gib, machine.kernel, machine.rustc
    )?;
    writeln!(text, "Versions: {}.", machine::versions(PACKAGES)?.join(", "))?;
    Ok(fs::write(root().join("BENCHMARKS.md"), text)?)
}

/// Returns the tables of a section, for standard output.
pub(crate) fn section(section: &Section, results: &Results) -> String {
    let ranges = table::ranges(section, results).unwrap_or_default();
    format!("## {}\n\n{}\n{ranges}", section.title, details(section, results))
}

fn details(section: &Section, results: &Results) -> String {
    let quick = if results.quick { "a quick run of " } else { "" };
    let rounds = if results.rounds == 1 { "one round".to_owned() } else { format!("{} rounds", results.rounds) };
    format!("{} *({}, {quick}{rounds})*\n\n{}", section.note, results.date, table::medians(section, results))
}
