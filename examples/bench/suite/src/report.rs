//! The tables, on standard output and in `BENCHMARKS.md`.

use std::fmt::Write as _;
use std::fs;

use crate::Result;
use crate::machine::{self, Machine};
use crate::process::root;
use crate::results::Results;
use crate::section::{Column, Section, Show, Variant};

/// What the report names the versions of.
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

const METHOD: &str = "\
Written by the bench suite, never by hand: `cargo bench --manifest-path examples/bench/Cargo.toml`.

- Every variant does the same work in a process of its own, with an empty environment.
- The variants of a section take turns over several rounds, so that what else the machine does meets all alike.
- A process repeats the work for a fixed time after warming up, and gives the median of the repetitions.
- A figure is the median of the rounds' medians; where a range stands beside it, the least and the greatest of them.
  A wide range means that something else ran: the least is the nearest to a quiet machine then.
- Wall time is the monotonic clock's, CPU time that of all threads of the process.
- Instructions, locked instructions and allocations are callgrind's, from the difference of two run lengths
  (— where valgrind is not present). Locked ones are those of the program and all that is linked into it: the C
  library's allocator takes its own besides, where memory is freed by another thread than took it. fastrace's
  instructions cannot be told from those that its clock takes to calibrate.
- Everything is built with `opt-level = 3`, `lto = \"thin\"`, `codegen-units = 1`, and the system's allocator.
- Ours runs with its full feature set unless a row says otherwise: limits, links, status, sampling, late changes,
  correlation ids.
- Times depend on the machine and on what else it does; compare the rows of a table, not two machines.
";

/// Writes `BENCHMARKS.md` from all that was measured on this machine, now or earlier.
pub(crate) fn write(sections: &[Section], machine: &Machine) -> Result<()> {
    let mut text = format!("# Benchmarks\n\n{METHOD}\n");
    writeln!(
        text,
        "Machine: {}, {} cores, {} GiB, {}. {}.\n",
        machine.cpu, machine.cores, machine.memory_gib, machine.kernel, machine.rustc
    )?;
    writeln!(text, "Versions: {}.", machine::versions(PACKAGES)?.join(", "))?;
    for known in sections {
        if let Some(results) = Results::load(known, machine)? {
            write!(text, "\n{}", section(known, &results))?;
        }
    }
    Ok(fs::write(root().join("BENCHMARKS.md"), text)?)
}

/// A section with its table.
pub(crate) fn section(section: &Section, results: &Results) -> String {
    let quick = if results.quick { "a quick run of " } else { "" };
    let rounds = if results.rounds == 1 { "one round".to_owned() } else { format!("{} rounds", results.rounds) };
    format!(
        "## {}\n\n{} *({}, {quick}{rounds})*\n\n{}",
        section.title,
        section.note,
        results.date,
        table(section, results)
    )
}

fn table(section: &Section, results: &Results) -> String {
    let mut rows = vec![row("variant", section.columns.iter().map(|column| column.title.clone()))];
    rows.push(row("---", section.columns.iter().map(|_| "---:".to_owned())));
    for variant in &section.variants {
        let cells = section.columns.iter().map(|column| cell(column, variant, results));
        rows.push(row(&format!("**{}** {}", variant.name, variant.about), cells));
    }
    rows.concat()
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!(" {cell} |")).collect();
    format!("| {} |{cells}\n", name.trim_end())
}

fn cell(column: &Column, variant: &Variant, results: &Results) -> String {
    let value = |row| results.median(row, &column.figure);
    let text = || {
        let median = value(variant.name)?;
        Some(match column.show {
            Show::Median => number(median),
            Show::Spread => {
                let rounds = results.figure(variant.name, &column.figure)?;
                let (least, greatest) = rounds.iter().fold((median, median), |(l, g), x| (x.min(l), x.max(g)));
                format!("{} ({}–{})", number(median), number(least), number(greatest))
            }
            Show::Ratio(to) => format!("{:.2}×", median / value(to)?),
            Show::Over(row) => number(median - value(row)?),
        })
    };
    text().unwrap_or_else(|| "—".to_owned())
}

/// Three digits or more.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 99.95 => 0,
        x if x >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    // Nothing is nothing, and what rounds to it as well.
    if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) { "0".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.001, "0"),
            (0.15, "0.15"),
            (9.999, "10.0"),
            (99.96, "100"),
            (1234.5, "1234"),
            (-12.34, "-12.3"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
