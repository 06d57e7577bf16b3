//! The build of a minimal function from an empty target directory.

use std::fs;
use std::time::Instant;

use super::lambda::function::{
    BARE, BARE_DEFAULT, Function, LAMBDA_OTEL_LITE, THUNDRA, THUNDRA_DEFAULT, TRACING_OPENTELEMETRY, cargo, done,
    target,
};
use crate::Result;
use crate::bench::Samples;
use crate::results;
use crate::section::{Column, Section, Variant};

/// The functions without the AWS SDK, which would dominate the build.
const FUNCTIONS: [Function; 6] =
    [BARE, BARE_DEFAULT, THUNDRA, THUNDRA_DEFAULT, TRACING_OPENTELEMETRY, LAMBDA_OTEL_LITE];

pub(crate) fn sections() -> Vec<Section> {
    let section = Section::new(
        "compile",
        "Building a minimal Lambda",
        "Seconds to build from an empty target directory with downloaded sources: `cargo build`, and `cargo build \
         --release` with cargo's own release profile. Units are the compilations of the release build, including build \
         scripts and macros. The timings of the release build are in `target/bench-results`. A quick run leaves this \
         section out.",
    );
    let row = |function: Function| {
        Variant::outside(function.name, function.about, move |quick| {
            let mut samples = Samples::default();
            if !quick {
                let (dev, _) = build(&function, "dev")?;
                let (release, units) = build(&function, "release")?;
                samples.add("dev", dev);
                samples.add("release", release);
                samples.add("units", units as f64);
                samples.add("crates", function.crates()?.len() as f64);
            }
            Ok(samples)
        })
    };
    let columns = [
        Column::median("dev", "dev"),
        Column::over("dev", "over bare", BARE.name),
        Column::median("release", "release"),
        Column::over("release", "over bare", BARE.name),
        Column::median("units", "units"),
        Column::median("crates", "crates"),
    ];
    vec![section.max_rounds(1).variants(FUNCTIONS.map(row)).columns(columns)]
}

/// Builds a function in a separate target directory. Returns the seconds and the units.
fn build(function: &Function, profile: &str) -> Result<(f64, usize)> {
    let directory = target()?.join("bench-compile").join(function.features);
    let _ = fs::remove_dir_all(&directory);
    let mut command = cargo("build", function.features);
    command.args(["--timings", "--profile", profile, "--bin", function.program]).env("CARGO_TARGET_DIR", &directory);
    // The bench's release profile differs.
    command.envs([
        ("CARGO_PROFILE_RELEASE_LTO", "false"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ]);
    let started = Instant::now();
    done(&mut command)?;
    let seconds = started.elapsed().as_secs_f64();
    let timings = fs::read_to_string(directory.join("cargo-timings/cargo-timing.html"))?;
    fs::write(results::directory()?.join(format!("timings-{}-{profile}.html", function.features)), &timings)?;
    fs::remove_dir_all(&directory)?;
    Ok((seconds, units(&timings).ok_or("cargo's timings do not say how many units there were")?))
}

/// Reads the number of units in cargo's report.
fn units(timings: &str) -> Option<usize> {
    let cell = timings.split("<td>Total units:</td>").nth(1)?;
    cell.split_once("<td>")?.1.split_once("</td>")?.0.trim().parse().ok()
}
