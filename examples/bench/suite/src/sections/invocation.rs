//! One invocation: a trace and a flush.

use std::hint::black_box;
use std::time::Instant;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section};
use crate::stacks::{Export, Kind, LITE_LEVEL_1, OURS, STACKS, workload_a};

const SIZES: [u64; 2] = [10, 100];
/// The units of an invocation, which turn nanoseconds a unit into microseconds.
const MICROSECONDS: u64 = 1000;

pub(super) fn sections() -> Vec<Section> {
    let dropped = "One trace and a flush, in microseconds of wall time; reading the clock adds about 0.03 µs to each \
                   figure. The exporter drops the spans, so the flush shows the cost of the hand-over.";
    let written = "The same work with the exporters that write one line to standard output, here `/dev/null`: OTLP \
                   protobuf in gzip and base64, inside JSON. thundra compresses with level 1. lambda-otel-lite \
                   compresses with level 6 by default.";
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
