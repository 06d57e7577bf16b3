//! Running a program under valgrind.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a program under a tool of valgrind and returns the output. Counts depend on the environment, which therefore
/// holds only `PATH`.
pub(crate) fn run(tool: &str, options: &[&str], program: &Path, args: &[&str]) -> io::Result<Output> {
    let mut command = Command::new("valgrind");
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.arg(format!("--tool={tool}")).args(options).arg(program).args(args).stdin(Stdio::null());
    finished(&mut command)
}

/// Runs a command, which must succeed.
pub(crate) fn finished(command: &mut Command) -> io::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{name} failed ({}):\n{said}", output.status)));
    }
    Ok(output)
}
