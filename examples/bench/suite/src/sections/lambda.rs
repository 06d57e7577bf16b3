//! A minimal function with each stack: start, size, and the cost of an invocation.
//!
//! The functions of the package `lambda` all do the same work. The functions run against a Runtime API and a collector
//! on loopback. The kernel counts the CPU time of the function's process alone, in nanoseconds.

mod counted;
mod export;
pub(super) mod function;
mod process;
mod run;
mod runtime_api;

use std::time::Duration;

use export::Export;
use function::{
    AWSSDK_INSTRUMENTATION, BARE, FUNCTIONS, Function, Host, LAMBDA_OTEL_LITE, THUNDRA, THUNDRA_DEFAULT,
    THUNDRA_STDOUT, TRACING_OPENTELEMETRY,
};
use run::{Invocations, Run};

use crate::bench::Samples;
use crate::section::{Column, Section, Variant};

pub(crate) fn sections() -> Vec<Section> {
    vec![start(), warm(), counted()]
}

const STARTS: usize = 5;

fn start() -> Section {
    Section::new(
        "start",
        "A minimal Lambda: cold start, memory, size, crates",
        "Milliseconds from fork and exec to the request for the first event, and CPU time until the function is idle \
         after that. Then its peak RSS (MiB), the size of its stripped binary (MB), and the number of crates in it \
         (`cargo tree -e normal`). Built in release mode with thin LTO and one codegen unit, and with panics that \
         unwind. No stack opens a connection before the first event.",
    )
    .prepare(function::build_all)
    .variants(FUNCTIONS.map(|function| {
        Variant::outside(function.name, function.about, move |_| {
            let mut samples = Samples::default();
            for _ in 0..STARTS {
                let run = run::run(&function, &Host::Machine, Export::None, Invocations::NONE)?;
                samples.add("wall", milliseconds(run.start));
                samples.add("cpu", milliseconds(run.usage.cpu));
                samples.add("rss", run.peak_rss_kib as f64 / 1024.0);
            }
            samples.add("size", function.size()? as f64 / 1e6);
            samples.add("crates", function.crates()?.len() as f64);
            Ok(samples)
        })
    }))
    .columns([
        Column::spread("wall", "start"),
        Column::over("wall", "over bare", BARE.name),
        Column::median("cpu", "CPU"),
        Column::over("cpu", "over bare", BARE.name),
        Column::median("rss", "RSS"),
        Column::over("rss", "over bare", BARE.name),
        Column::median("size", "binary"),
        Column::over("size", "over bare", BARE.name),
        Column::median("crates", "crates"),
        Column::over("crates", "over bare", BARE.name),
    ])
}

/// A row of the table of warm invocations.
struct Warm {
    name: &'static str,
    about: &'static str,
    function: Function,
    export: Export,
}

const NO_EXPORT: &str = "lambda_runtime";

const WARM: [Warm; 8] = [
    Warm { name: NO_EXPORT, about: "nothing recorded", function: BARE, export: Export::None },
    Warm { name: "thundra, OTLP", about: "", function: THUNDRA, export: Export::Otlp },
    Warm {
        name: "thundra with `otel`, OTLP",
        about: "default features",
        function: THUNDRA_DEFAULT,
        export: Export::Otlp,
    },
    Warm {
        name: "tracing-opentelemetry, OTLP",
        about: "batch, flushed by lambda_runtime's layer",
        function: TRACING_OPENTELEMETRY,
        export: Export::Otlp,
    },
    Warm {
        name: "thundra, stdout",
        about: "gzip-1, its default",
        function: THUNDRA_STDOUT,
        export: Export::Line { gzip: None },
    },
    Warm {
        name: "lambda-otel-lite, stdout gzip-1",
        about: "configured",
        function: LAMBDA_OTEL_LITE,
        export: Export::Line { gzip: Some("1") },
    },
    Warm {
        name: "lambda-otel-lite, stdout gzip-6",
        about: "its default",
        function: LAMBDA_OTEL_LITE,
        export: Export::Line { gzip: None },
    },
    Warm {
        name: "awssdk-instrumentation, X-Ray",
        about: "datagrams",
        function: AWSSDK_INSTRUMENTATION,
        export: Export::XRay,
    },
];

fn warm() -> Section {
    Section::new(
        "warm",
        "A warm invocation of a minimal Lambda: 21 varied spans, exported",
        "Microseconds an invocation on one core, against a Runtime API and a collector on loopback. The columns are \
         the CPU time of the process, the time from sending the event to receiving the response (the caller's wait), \
         and the time to the next request for an event (all spans are exported by then). OTLP is uncompressed \
         protobuf over HTTP; a line goes into a pipe. Switches are context switches to the function's threads. \
         Connections are those that lambda_runtime's client opened to the Runtime API: its pool does not always have \
         the previous connection back in time. Bytes are the exported bytes.",
    )
    .prepare(function::build_all)
    .variants(WARM.map(|row| {
        Variant::outside(row.name, row.about, move |quick| {
            let run = run::run(&row.function, &Host::Core, row.export, Invocations::of(quick))?;
            Ok(per_invocation(&run))
        })
    }))
    .columns([
        Column::spread("cpu", "CPU"),
        Column::over("cpu", "over bare", NO_EXPORT),
        Column::median("response", "to response"),
        Column::over("response", "over bare", NO_EXPORT),
        Column::median("next", "to next"),
        Column::over("next", "over bare", NO_EXPORT),
        Column::median("switches", "switches"),
        Column::median("connections", "connections"),
        Column::median("bytes", "bytes"),
    ])
}

fn counted() -> Section {
    Section::new(
        "warm-counted",
        "A warm invocation, counted",
        "The same functions under callgrind, in thousands of user-mode instructions an invocation. Other work on the \
         machine does not change these counts. The kernel's work for the connections is not included.",
    )
    .prepare(function::build_all)
    .max_rounds(1)
    .variants(WARM.map(|row| {
        Variant::outside(row.name, row.about, move |_| {
            let mut samples = Samples::default();
            if let Some(instructions) = counted::instructions(&row.function, row.export)? {
                samples.add("instructions", instructions / 1e3);
            }
            Ok(samples)
        })
    }))
    .columns([Column::median("instructions", "instructions"), Column::over("instructions", "over bare", NO_EXPORT)])
}

fn per_invocation(run: &Run) -> Samples {
    let mut samples = Samples::default();
    let invocations = run.next.len() as f64;
    samples.add("cpu", microseconds(run.usage.cpu) / invocations);
    samples.add("switches", run.usage.switches as f64 / invocations);
    samples.add("connections", run.connections as f64 / invocations);
    samples.add("bytes", run.exported_bytes as f64);
    for (response, next) in run.response.iter().zip(&run.next) {
        samples.add("response", microseconds(*response));
        samples.add("next", microseconds(*next));
    }
    samples
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
