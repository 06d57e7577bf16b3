//! The machine and the versions of the figures.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::Result;

/// The machine and the compiler. Results of another machine are not shown in the same report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) memory_gib: u64,
    pub(crate) rustc: String,
}

impl Machine {
    pub(crate) fn here() -> Result<Self> {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib = memory.and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).unwrap_or_default();
        let rustc = Command::new("rustc").arg("--version").output()?;
        Ok(Machine {
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            kernel: format!("{} {}", std::env::consts::OS, read("/proc/sys/kernel/osrelease").trim()),
            memory_gib: (kib + (1 << 19)) >> 20,
            rustc: String::from_utf8(rustc.stdout)?.trim().to_owned(),
        })
    }
}

/// Returns today's date, as `2026-11-21`.
pub(crate) fn today() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string().chars().take(10).collect()
}

/// Returns the versions of `packages` in the lock file, as `name 1.2.3`.
pub(crate) fn versions(packages: &[&str]) -> Result<Vec<String>> {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"))?;
    let quoted = |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches('"').to_owned());
    let mut versions = Vec::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        let Some(name) = quoted(line, "name = ") else { continue };
        let Some(version) = lines.next().and_then(|line| quoted(line, "version = ")) else { continue };
        if packages.contains(&name.as_str()) {
            versions.push(format!("{name} {version}"));
        }
    }
    Ok(versions)
}
