//! The cost of recording on the recording thread.

use std::hint::black_box;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section};
use crate::stacks::{Export, Kind, OURS, REGISTRY, STACKS, workload_a};

const SIZES: [u64; 4] = [1, 10, 100, 1000];
/// The spans of a repetition, in traces of one size.
const SPANS: u64 = 1000;

pub(super) fn sections() -> Vec<Section> {
    let note = "Time on the recording thread, in nanoseconds a span. A trace is a root and N spans in chains of five. \
                Each span has an integer, a static text and a formatted value, and one in ten has an event. The \
                exporters drop the spans after the time was taken. By then thundra has encoded its spans, and the \
                other stacks have not. A trace of thundra is a whole scope: it has correlation ids and a trace \
                context.";
    let sizes = SIZES.map(|n| Column::spread(figure(n), format!("N = {n}")));
    vec![
        Section::new("record", "Recording", note)
            .variants(STACKS.map(|kind| kind.variant(measure)))
            .columns(sizes)
            .columns([
                Column::ratio(figure(100), "to ours, N = 100", OURS),
                Column::over(figure(100), "over Registry", REGISTRY),
            ]),
    ]
}

fn figure(n: u64) -> String {
    format!("record_{n}")
}

fn measure(kind: Kind, bench: &mut Bench) -> Result<()> {
    let stack = kind.set_up(Export::Drop)?;
    for n in SIZES {
        let figure = figure(n);
        let traces = SPANS.div_ceil(n + 1);
        let expected = workload_a(traces, n);
        let work = || (0..traces).for_each(|_| stack.workload_a(black_box(n)));
        kind.check(Export::Drop, expected, || {
            work();
            stack.flush();
        })?;
        bench.repeat(|laps| {
            laps.wall(&figure, expected.spans, work);
            stack.flush();
        });
    }
    Ok(())
}
