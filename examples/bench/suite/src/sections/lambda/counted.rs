//! Instructions of an invocation, by callgrind. The difference of two run lengths excludes the start.

use std::fs;
use std::process::{Command, Stdio};

use super::export::Export;
use super::function::{Function, Host};
use super::run::{self, Invocations};
use crate::Result;
use crate::results;

const INVOCATIONS: (usize, usize) = (100, 300);

/// Returns the instructions of an invocation; `None` without valgrind. The longer profile stays in
/// `target/bench-results`, for `callgrind_annotate`.
pub(super) fn instructions(function: &Function, export: Export) -> Result<Option<f64>> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        return Ok(None);
    }
    let name = format!("callgrind.{}-{}", function.features, export.name());
    let file = results::directory()?.join(name);
    let count = |measured| -> Result<u64> {
        run::run(function, &Host::Callgrind(file.clone()), export, Invocations { warm_up: 0, measured })?;
        Ok(total(&fs::read_to_string(&file)?).ok_or("callgrind says no total")?)
    };
    let (short, long) = (count(INVOCATIONS.0)?, count(INVOCATIONS.1)?);
    Ok(Some((long - short) as f64 / (INVOCATIONS.1 - INVOCATIONS.0) as f64))
}

fn total(profile: &str) -> Option<u64> {
    profile.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}
