//! One invocation: a trace, and a flush that the caller waits for.

use std::hint::black_box;
use std::time::Instant;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section};
use crate::stacks::{Export, Kind, LITE_LEVEL_1, OURS, STACKS, workload_a};

const SIZES: [u64; 2] = [10, 100];
/// One invocation is a thousand units, which makes microseconds of nanoseconds.
const MICROSECONDS: u64 = 1000;

pub(super) fn sections() -> Vec<Section> {
    let dropped = "One trace, then a flush. Microseconds by the clock, some 0.03 of each for reading it. The \
                   exporter drops what it gets, so the flush is what handing it over costs.";
    let written = "The same with the exporters that write a line to standard output, which is `/dev/null`: OTLP \
                   protobuf, gzip, base64, JSON. Ours packs with level 1, lambda-otel-lite with level 6 unless told.";
    let lite = STACKS.into_iter().filter(|kind| [OURS, "lambda-otel-lite"].contains(&kind.name));
    vec![
        Section::new("invocation", "One invocation", dropped)
            .variants(STACKS.into_iter().filter(|kind| kind.exports).map(|kind| kind.variant(dropping)))
            .columns(columns()),
        Section::new("line", "One invocation, one written line", written)
            .variants(lite.chain([LITE_LEVEL_1]).map(|kind| kind.variant(writing)))
            .columns(columns()),
    ]
}

fn columns() -> Vec<Column> {
    let of = |n| {
        [
            Column::median(figure("record", n), format!("1 + {n}: record")),
            Column::spread(figure("flush", n), "flush"),
            Column::ratio(figure("both", n), "both, to ours", OURS),
        ]
    };
    SIZES.into_iter().flat_map(of).collect()
}

fn figure(part: &str, n: u64) -> String {
    format!("{part}_{n}")
}

fn dropping(kind: Kind, bench: &mut Bench) -> Result<()> {
    measure(kind, Export::Drop, bench)
}

fn writing(kind: Kind, bench: &mut Bench) -> Result<()> {
    measure(kind, Export::Line, bench)
}

fn measure(kind: Kind, export: Export, bench: &mut Bench) -> Result<()> {
    let stack = kind.set_up(export)?;
    for n in SIZES {
        let [record, flush, both] = ["record", "flush", "both"].map(|part| figure(part, n));
        kind.check(export, workload_a(1, n), || {
            stack.workload_a(n);
            stack.flush();
        })?;
        bench.repeat(|laps| {
            let started = Instant::now();
            stack.workload_a(black_box(n));
            let recorded = Instant::now();
            stack.flush();
            let flushed = Instant::now();
            laps.add(&record, recorded - started, MICROSECONDS);
            laps.add(&flush, flushed - recorded, MICROSECONDS);
            laps.add(&both, flushed - started, MICROSECONDS);
        });
    }
    Ok(())
}
