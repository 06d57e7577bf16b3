//! The whole suite: see the library.

fn main() -> thundra_bench_suite::Result<()> {
    thundra_bench_suite::run(env!("CARGO_BIN_EXE_with_fastrace"))
}
