//! The whole cost of a span: recorded, encoded and exported.

use std::hint::black_box;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section, Variant, counts};
use crate::stacks::{Export, Kind, OURS, REGISTRY, STACKS, Seen, Stack, workload_a};

/// The number of traces of a repetition, each with `BELOW` spans below the root, and a flush.
const TRACES: u64 = 10;
const BELOW: u64 = 100;

pub(super) fn sections() -> Vec<Section> {
    let note = "Ten traces of 1 + 100 spans as above, and a flush. The exporter encodes the spans as OTLP protobuf \
                and drops the bytes; the bytes were decoded and checked once before. Per span: wall time and CPU time \
                of all threads in nanoseconds, instructions, locked instructions, and allocations.";
    let varied = "The same work with spans like those of a handler: 24 names, five to seven attributes whose values \
                  mostly differ, and some errors. Only the stacks that take `tracing` spans are compared.";
    let kinds = STACKS.into_iter();
    vec![
        Section::new("encode", "Recording and encoding", note)
            .variants(kinds.clone().map(|kind| variant(kind, CHAINS)))
            .columns(columns()),
        Section::new("varied", "Recording and encoding varied spans", varied)
            .variants(kinds.filter(|kind| kind.tracing).map(|kind| variant(kind, VARIED)))
            .columns(columns()),
    ]
}

fn columns() -> [Column; 8] {
    [
        Column::spread("wall", "ns"),
        Column::ratio("wall", "to ours", OURS),
        Column::spread("cpu", "CPU ns"),
        Column::ratio("cpu", "to ours", OURS),
        Column::ratio("cpu", "to Registry", REGISTRY),
        Column::median(counts::INSTRUCTIONS, "instructions"),
        Column::median(counts::LOCKED, "locked"),
        Column::median(counts::ALLOCATIONS, "allocations"),
    ]
}

/// A trace, and the counts of ten traces.
#[derive(Clone, Copy)]
struct Work {
    trace: fn(&dyn Stack),
    makes: fn() -> Seen,
}

const CHAINS: Work = Work { trace: |stack| stack.workload_a(black_box(BELOW)), makes: || workload_a(TRACES, BELOW) };

const VARIED: Work = Work {
    trace: |stack| stack.varied(black_box(BELOW)),
    makes: || {
        let spans = TRACES * (BELOW + 1);
        Seen { spans, encoded: spans, attributes: TRACES * BELOW * 5, events: TRACES }
    },
};

impl Work {
    fn once(self, stack: &dyn Stack) {
        (0..TRACES).for_each(|_| (self.trace)(stack));
        stack.flush();
    }
}

fn variant(kind: Kind, work: Work) -> Variant {
    let spans = (work.makes)().spans;
    let measure = move |bench: &mut Bench| {
        let stack = kind.set_up(Export::Encode)?;
        kind.check(Export::Encode, (work.makes)(), || work.once(&*stack))?;
        bench.repeat(|laps| laps.wall_and_cpu("wall", "cpu", spans, || work.once(&*stack)));
        Ok(())
    };
    let repeat = move |times| -> Result<()> {
        let stack = kind.set_up(Export::Encode)?;
        (0..times).for_each(|_| work.once(&*stack));
        Ok(())
    };
    kind.variant_that(measure).counted(spans, repeat)
}
