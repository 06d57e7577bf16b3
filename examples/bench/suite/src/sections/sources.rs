//! The bytes that all event sources together add to a function.

use std::fs;
use std::process::Command;

use super::lambda::function::{Function, THUNDRA, cargo, done, target};
use crate::Result;
use crate::bench::Samples;
use crate::section::{Column, Section, Variant};

/// The feature with all event sources.
const SOURCES: &str = "thundra-aws/triggers";

pub(crate) fn sections() -> Vec<Section> {
    let section = Section::new(
        "sources",
        "What all event sources add to a function",
        "Kilobytes of the stripped binary of a minimal function, with and without the feature `triggers`. A quick run \
         leaves this section out.",
    );
    let row = |function: Function| {
        Variant::outside(function.name, function.about, move |quick| {
            let mut samples = Samples::default();
            if !quick {
                let (with, without) = (stripped(&function, &[SOURCES])?, stripped(&function, &[])?);
                samples.add("with", with / 1e3);
                samples.add("without", without / 1e3);
                samples.add("sources", (with - without) / 1e3);
            }
            Ok(samples)
        })
    };
    let columns =
        [Column::median("with", "all"), Column::median("without", "none"), Column::median("sources", "the sources")];
    vec![section.max_rounds(1).variants([THUNDRA].map(row)).columns(columns)]
}

/// Builds a function with further features in a separate target directory. Returns the bytes of the stripped binary.
fn stripped(function: &Function, features: &[&str]) -> Result<f64> {
    let directory = target()?.join("bench-sources");
    let mut command = cargo("build", &[&[function.features], features].concat().join(","));
    command.args(["--release", "--bin", function.program]);
    done(command.env("CARGO_TARGET_DIR", &directory))?;
    let (built, stripped) = (directory.join("release").join(function.program), directory.join("stripped"));
    done(Command::new("strip").arg("-o").arg(&stripped).arg(built))?;
    Ok(fs::metadata(stripped)?.len() as f64)
}
