//! Running a program under valgrind.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The variables of a program's environment, beside `PATH`. Counts depend on the environment.
pub type Variables<'a> = &'a [(&'a str, &'a str)];

/// Runs a program under a tool of valgrind and returns the output.
pub(crate) fn run(
    tool: &str,
    options: &[&str],
    program: &Path,
    args: &[&str],
    variables: Variables<'_>,
) -> io::Result<Output> {
    let mut command = Command::new("valgrind");
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).envs(variables.iter().copied());
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
