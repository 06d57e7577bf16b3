//! Spans around futures: each poll enters and exits a span.

use thundra_bench_work as work;
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section, Variant};
use crate::stacks::{Export, Kind, OURS, STACKS};

const TASKS: u64 = 1000;
const BARE: &str = "no spans";

pub(super) fn sections() -> Vec<Section> {
    let note = "Nanoseconds for a future with a span around it, on tokio's current-thread runtime. A spawned task is \
                polled three times, an awaited future twice. The exporters drop the spans after the time was taken.";
    vec![
        Section::new("tasks", "Futures and tasks", note)
            .variants([Variant::within(BARE, "the runtime alone", bare)])
            .variants(STACKS.map(|kind| kind.variant(measure)))
            .columns([
                Column::spread("spawned", "spawned"),
                Column::over("spawned", "added", BARE),
                Column::spread("in_turn", "awaited"),
                Column::over("in_turn", "added", BARE),
                Column::ratio("in_turn", "to ours", OURS),
            ]),
    ]
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().build()?)
}

fn bare(bench: &mut Bench) -> Result<()> {
    let runtime = runtime()?;
    bench.repeat(|laps| laps.wall("spawned", TASKS, || runtime.block_on(work::spawned_bare(TASKS))));
    bench.repeat(|laps| laps.wall("in_turn", TASKS, || runtime.block_on(work::in_turn_bare(TASKS))));
    Ok(())
}

fn measure(kind: Kind, bench: &mut Bench) -> Result<()> {
    let runtime = runtime()?;
    let stack = kind.set_up(Export::Drop)?;
    bench.repeat(|laps| {
        laps.wall("spawned", TASKS, || runtime.block_on(stack.spawned(TASKS)));
        stack.flush();
    });
    bench.repeat(|laps| {
        laps.wall("in_turn", TASKS, || runtime.block_on(stack.in_turn(TASKS)));
        stack.flush();
    });
    Ok(())
}
