//! The tools for counting.

use std::process::{Command, Stdio};

/// Each tool, with the Debian package.
const TOOLS: [(&str, &str); 2] = [("valgrind", "valgrind"), ("objdump", "binutils")];

/// Returns `true` if the tools are installed, and reports missing ones.
pub(crate) fn there() -> bool {
    let runs = |tool| {
        let status = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let missing: Vec<_> = TOOLS.iter().filter(|(tool, _)| !runs(tool)).collect();
    for (tool, package) in &missing {
        eprintln!("{tool} is not installed, and nothing can be counted without it: install the package {package}");
    }
    missing.is_empty()
}
