//! The console: what it takes in, and how long its answers take.

use std::process::{Command, Stdio};

use super::lambda::function::{done, target};
use crate::Result;
use crate::bench::Samples;
use crate::process::{clean, root};
use crate::section::{Column, Section, Variant};

/// The columns: the title, and the row of the table that `thundra-console --bench` prints.
const FIGURES: [(&str, &str); 10] = [
    ("ingest, spans/s", "ingest, spans/s"),
    ("a request of 1,000 spans", "request of 1,000 spans, ms"),
    ("of 20,000", "request of 20,000 spans, ms"),
    ("heat map", "heat map from rollups, ms"),
    ("filtered", "heat map filtered by an attribute, ms"),
    ("comparison", "comparison of the slow with the rest, ms"),
    ("map", "map, ms"),
    ("requests", "requests, ms"),
    ("cost", "cost by function, ms"),
    ("RSS, MiB", "resident memory at most, MiB"),
];

pub(crate) fn sections() -> Vec<Section> {
    let section = Section::new(
        "console",
        "The console",
        "A day of a made-up shop goes in as OTLP over two connections, in requests of 400 spans. Then each question of the \
         page is asked five times: the median, in milliseconds, over HTTP. Making and sending the spans is a part of the \
         same process, as is the memory for it. otel-desktop-viewer, the nearest peer, was not run here. Its authors \
         [report](https://github.com/CtrlSpice/otel-desktop-viewer/blob/ea877aae62fa7fb9d9bee4e9b3b00f68bc02f81f/notes/agent-integration.md) \
         28 ms for a trace of 159 spans and 117 ms for the list of all traces, in a store of 244,942 spans, on 14 cores.",
    );
    let row = |name: &'static str, spans: u64| {
        Variant::outside(name, "", move |quick| measure(if quick { spans / 10 } else { spans }))
    };
    let variants = [row("100,000 spans", 100_000), row("1,000,000 spans", 1_000_000)];
    let columns = FIGURES.map(|(title, figure)| Column::median(figure, title));
    vec![section.max_rounds(1).prepare(build).variants(variants).columns(columns)]
}

/// Builds the console with the release profile of its own workspace.
fn build() -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--quiet", "--release", "--package", "thundra-console"]);
    done(&mut cargo)
}

fn measure(spans: u64) -> Result<Samples> {
    let mut console = clean(target()?.join("release/thundra-console"));
    console.args(["--page-port", "0", "--otlp-port", "0", "--xray-port", "0", "--bench", &spans.to_string()]);
    let output = console.stdout(Stdio::piped()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let table = String::from_utf8(output.stdout)?;
    let mut samples = Samples::default();
    for (_, figure) in FIGURES {
        let value = value(&table, figure).ok_or_else(|| format!("the console prints no {figure}"))?;
        samples.add(figure, value);
    }
    Ok(samples)
}

/// Returns the number in the row of a table of two columns.
fn value(table: &str, row: &str) -> Option<f64> {
    let cell = table.lines().find_map(|line| line.strip_prefix("| ")?.strip_prefix(row)?.strip_prefix(" | "))?;
    cell.split([' ', '|']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_its_number() {
        let table =
            "| what | measured |\n|---|--:|\n| map, ms | 12.5 (CPU 13 ms, 4 KiB) |\n| ingest, spans/s | 51000 |\n";
        assert_eq!(value(table, "map, ms"), Some(12.5));
        assert_eq!(value(table, "ingest, spans/s"), Some(51000.0));
        assert_eq!(value(table, "cost, ms"), None);
    }
}
