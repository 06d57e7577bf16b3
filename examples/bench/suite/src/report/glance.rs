//! The six figures of interest to most readers, and the conclusions in words.

use super::table::{number, ratio, row};
use crate::results::Results;
use crate::section::{Section, counts};
use crate::stacks::OURS;

/// The stacks of the table, ours first.
const STACKS: [&str; 4] = ["thundra", "OpenTelemetry", "fastrace", "X-Ray"];

const OF_STACKS: &str = "\
OpenTelemetry is tracing-opentelemetry with its batch processor. X-Ray is awssdk-instrumentation. A multiple is that of
thundra's figure. `—` stands where a stack has nothing to measure.
";

/// A row: a figure of each stack.
struct Row {
    work: &'static str,
    unit: &'static str,
    section: &'static str,
    figure: &'static str,
    /// The row without tracing, to subtract.
    over: Option<&'static str>,
    /// The rows of the section, in the order of [`STACKS`].
    variants: [Option<&'static str>; STACKS.len()],
}

#[rustfmt::skip]
const ROWS: [Row; 6] = [
    Row {
        work: "A span, recorded and encoded",
        unit: "ns of CPU time",
        section: "encode",
        figure: "cpu",
        over: None,
        variants: [Some(OURS), Some("tracing-opentelemetry, batch"), Some("fastrace"), None],
    },
    Row {
        work: "An invocation of 11 spans, recorded and flushed",
        unit: "µs",
        section: "invocation",
        figure: "both_10",
        over: None,
        variants: [Some(OURS), Some("tracing-opentelemetry, batch"), Some("fastrace"), None],
    },
    Row {
        work: "A warm invocation of a function, 21 spans exported",
        unit: "thousand instructions over an untraced one",
        section: "warm-counted",
        figure: "instructions",
        over: Some("lambda_runtime"),
        variants: [
            Some("thundra, OTLP"),
            Some("tracing-opentelemetry, OTLP"),
            None,
            Some("awssdk-instrumentation, X-Ray"),
        ],
    },
    Row {
        work: "A call to SQS, its span alone",
        unit: "instructions over an untraced one",
        section: "aws",
        figure: counts::INSTRUCTIONS,
        over: Some("aws-sdk"),
        variants: [Some("thundra, `OTEL_PROPAGATORS=none`"), None, None, Some("awssdk-instrumentation")],
    },
    Row {
        work: "A cold start of a minimal function",
        unit: "ms",
        section: "start",
        figure: "wall",
        over: None,
        variants: [Some(OURS), Some("tracing-opentelemetry"), None, Some("awssdk-instrumentation")],
    },
    Row {
        work: "The binary of a minimal function",
        unit: "MB",
        section: "start",
        figure: "size",
        over: None,
        variants: [Some(OURS), Some("tracing-opentelemetry"), None, Some("awssdk-instrumentation")],
    },
];

/// Returns the table and the conclusions, without unmeasured figures.
pub(super) fn of(known: &[(&Section, Results)]) -> String {
    let value = |section: &str, variant: &str, figure: &str| {
        let (_, results) = known.iter().find(|(known, _)| known.id == section)?;
        results.median(variant, figure)
    };
    let titles = ["unit"].into_iter().chain(STACKS).map(str::to_owned);
    let rule = ["---"].into_iter().chain(STACKS.map(|_| "---:")).map(str::to_owned);
    let mut text = row("", titles) + &row("---", rule);
    for line in &ROWS {
        text += &line.text(&value).unwrap_or_default();
    }
    let conclusions = [spans(&value), invocations(&value), calls(&value), functions(&value), lines(&value)];
    text + "\n" + OF_STACKS + "\n" + &conclusions.into_iter().flatten().collect::<Vec<_>>().join("\n") + "\n"
}

/// The median of a figure, by section, variant and figure.
type Value<'a> = dyn Fn(&str, &str, &str) -> Option<f64> + 'a;

impl Row {
    /// Returns `None` if the figure of thundra was not measured.
    fn text(&self, value: &Value<'_>) -> Option<String> {
        let base = self.over.map_or(Some(0.0), |over| value(self.section, over, self.figure))?;
        let figures = self.variants.map(|variant| Some(value(self.section, variant?, self.figure)? - base));
        let [Some(ours), ..] = figures else { return None };
        let peer = |figure| match figure {
            Some(figure) => format!("{} ({})", number(figure), ratio(figure / ours)),
            None => "—".to_owned(),
        };
        let cells = [self.unit.to_owned(), number(ours)].into_iter().chain(figures.into_iter().skip(1).map(peer));
        Some(row(self.work, cells))
    }
}

fn spans(value: &Value<'_>) -> Option<String> {
    let cpu = |variant| Some(number(value("encode", variant, "cpu")?));
    let record = |variant| Some(number(value("record", variant, "record_100")?));
    Some(format!(
        "- **Spans.** thundra encodes a span while it is recorded, so a flush has nothing left to convert: {} ns of CPU\n  \
         time for both, and {} ns with tracing-opentelemetry. fastrace is faster on the recording thread ({} ns, thundra\n  \
         {} ns) because it encodes later; with the encoding, fastrace takes {} ns. An unsampled span takes {} ns, and\n  \
         {} ns on a bare `Registry`.",
        cpu(OURS)?,
        cpu("tracing-opentelemetry, batch")?,
        record("fastrace")?,
        record(OURS)?,
        cpu("fastrace")?,
        record("thundra, unsampled")?,
        record("Registry")?,
    ))
}

fn invocations(value: &Value<'_>) -> Option<String> {
    let over = |variant| {
        let value = |variant| value("warm-counted", variant, "instructions");
        Some(number(value(variant)? - value("lambda_runtime")?))
    };
    Some(format!(
        "- **Invocations.** A warm invocation that records 21 spans and exports them over OTLP takes {} thousand\n  \
         instructions more than one that records nothing. With tracing-opentelemetry the difference is {} thousand.",
        over("thundra, OTLP")?,
        over("tracing-opentelemetry, OTLP")?,
    ))
}

fn calls(value: &Value<'_>) -> Option<String> {
    let over = |section: &str, variant, base| {
        let value = |variant| value(section, variant, counts::INSTRUCTIONS);
        Some(number(value(variant)? - value(base)?))
    };
    Some(format!(
        "- **Calls.** Carrying ids costs more than recording a span: a call to SQS takes {} instructions for its span\n  \
         alone, and {} with the ids in the message. An HTTP call with `traceparent` takes {}, and {} with\n  \
         reqwest-tracing. `Layer::server()`, which reads the caller's context and begins a trace, takes {} instructions\n  \
         a request. tower-http's `TraceLayer`, which only makes a span, takes {}.",
        over("aws", "thundra, `OTEL_PROPAGATORS=none`", "aws-sdk")?,
        over("aws", OURS, "aws-sdk")?,
        over("http", "thundra-http, `tracecontext`", "reqwest")?,
        over("http", "reqwest-tracing", "reqwest")?,
        over("tower", "Layer::server()", "tower")?,
        over("tower", "TraceLayer", "tower")?,
    ))
}

fn functions(value: &Value<'_>) -> Option<String> {
    let of = |variant, figure| value("start", variant, figure);
    let over = |figure| Some(number(of(OURS, figure)? - of("lambda_runtime", figure)?));
    Some(format!(
        "- **Functions.** A minimal function starts in {} ms, and in {} ms without tracing. Its binary grows by {} MB, its\n  \
         memory by {} MiB.",
        number(of(OURS, "wall")?),
        number(of("lambda_runtime", "wall")?),
        over("size")?,
        over("rss")?,
    ))
}

fn lines(value: &Value<'_>) -> Option<String> {
    let line = |variant| Some(number(value("log", variant, "line")?));
    Some(format!(
        "- **Log lines.** A line of JSON with the trace and correlation ids takes {} ns, and {} ns with the JSON format of\n  \
         tracing-subscriber.",
        line(OURS)?,
        line("fmt json")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_subtracts_the_call_without_tracing() {
        let value = |_: &str, variant: &str, _: &str| match variant {
            "aws-sdk" => Some(100.0),
            "thundra, `OTEL_PROPAGATORS=none`" => Some(300.0),
            "awssdk-instrumentation" => Some(500.0),
            _ => None,
        };
        let texts: Vec<_> = ROWS.iter().filter_map(|row| row.text(&value)).collect();
        let expected = "| A call to SQS, its span alone | instructions over an untraced one | 200 | — | — | \
                        400 (2.00×) |\n";
        assert_eq!(texts, [expected], "a row whose figures were not measured is left out");
    }
}
