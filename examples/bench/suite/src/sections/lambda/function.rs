//! The functions, with builds and sizes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process::{clean, root};
use crate::results;

/// A program of the package `lambda`, built with some of the package's features.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The features, which also name the binary.
    pub(crate) features: &'static str,
    pub(crate) program: &'static str,
    /// `RUST_LOG`: no function writes log lines, but some stacks record by this filter.
    log: &'static str,
}

#[rustfmt::skip]
pub(crate) mod all {
    use super::Function;

    pub(crate) const BARE: Function = Function { name: "lambda_runtime", about: "bare", features: "bare", program: "bare", log: "off" };
    pub(crate) const BARE_DEFAULT: Function = Function { name: "lambda_runtime, default features", about: "", features: "bare_default", program: "bare", log: "off" };
    pub(crate) const THUNDRA: Function = Function { name: "thundra", about: "lifecycle and OTLP", features: "thundra", program: "thundra", log: "off" };
    pub(crate) const THUNDRA_STDOUT: Function = Function { name: "thundra, `stdout`", about: "lines on standard output too", features: "thundra_stdout", program: "thundra", log: "off" };
    pub(crate) const THUNDRA_DEFAULT: Function = Function { name: "thundra, default features", about: "`otel`", features: "thundra_default", program: "thundra", log: "off" };
    pub(crate) const THUNDRA_FULL: Function = Function { name: "thundra, `sns` and `kinesis`", about: "brings the AWS SDK and TLS", features: "thundra_full", program: "thundra", log: "off" };
    pub(crate) const TRACING_OPENTELEMETRY: Function = Function { name: "tracing-opentelemetry", about: "OTLP, no TLS", features: "tracing_opentelemetry", program: "tracing_opentelemetry", log: "off" };
    pub(crate) const LAMBDA_OTEL_LITE: Function = Function { name: "lambda-otel-lite", about: "stdout", features: "lambda_otel_lite", program: "lambda_otel_lite", log: "info" };
    pub(crate) const AWSSDK_INSTRUMENTATION: Function = Function { name: "awssdk-instrumentation", about: "X-Ray, brings the AWS SDK's configuration", features: "awssdk_instrumentation", program: "awssdk_instrumentation", log: "off" };

    pub(crate) const FUNCTIONS: [Function; 9] = [BARE, BARE_DEFAULT, THUNDRA, THUNDRA_STDOUT, THUNDRA_DEFAULT, THUNDRA_FULL, TRACING_OPENTELEMETRY, LAMBDA_OTEL_LITE, AWSSDK_INSTRUMENTATION];
}

pub(crate) use all::*;

const PACKAGE: &str = "thundra-bench-lambda";

/// Returns `cargo COMMAND` for the package `lambda` with `features` only, offline.
pub(crate) fn cargo(command: &str, features: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root().join("examples/bench"));
    cargo.args([command, "--offline", "--quiet", "--package", PACKAGE]);
    cargo.args(["--no-default-features", "--features", features]);
    cargo
}

/// Builds all functions, and keeps a copy with symbols and a stripped copy of each.
pub(super) fn build_all() -> Result<()> {
    // Fetches once, with the network if necessary.
    let manifest = root().join("examples/bench/Cargo.toml");
    done(Command::new("cargo").args(["fetch", "--quiet", "--manifest-path"]).arg(manifest))?;
    for function in FUNCTIONS {
        eprintln!("building {}", function.name);
        done(cargo("build", function.features).args(["--release", "--bin", function.program]))?;
        let built = target()?.join("release").join(function.program);
        // Line numbers are removed, because callgrind would split a function into one for each inlined file.
        done(Command::new("strip").args(["--strip-debug", "-o"]).arg(function.with_symbols()?).arg(&built))?;
        done(Command::new("strip").arg("-o").arg(function.path()?).arg(&built))?;
    }
    Ok(())
}

/// The host of a function.
#[derive(Clone, Debug)]
pub(super) enum Host {
    /// All cores.
    Machine,
    /// One core, without time to wake another core.
    Core,
    /// callgrind, which writes the counts to a file.
    Callgrind(PathBuf),
}

fn under(wrapper: &str, arguments: &[&str], program: &Path) -> Command {
    let mut command = clean(wrapper);
    command.args(arguments).arg(program).envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    command
}

/// Runs a command that must succeed.
pub(crate) fn done(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

/// Returns the target directory of the repository.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(results::directory()?.parent().ok_or("the results lie in no target directory")?.to_owned())
}

impl Function {
    /// Returns the path of the stripped binary.
    pub(super) fn path(&self) -> Result<PathBuf> {
        let directory = target()?.join("bench-lambda");
        fs::create_dir_all(&directory)?;
        Ok(directory.join(self.features))
    }

    fn with_symbols(&self) -> Result<PathBuf> {
        Ok(self.path()?.with_extension("symbols"))
    }

    /// Returns the bytes of the stripped binary.
    pub(super) fn size(&self) -> Result<u64> {
        Ok(fs::metadata(self.path()?)?.len())
    }

    /// Returns the crates of the function, macros included, without the function itself.
    pub(crate) fn crates(&self) -> Result<BTreeSet<String>> {
        let output = cargo("tree", self.features).args(["-e", "normal", "--prefix", "none", "-f", "{p}"]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let tree = String::from_utf8(output.stdout)?;
        // A line has `name version`, and then the path, a mark for a macro, and a mark for a repetition.
        let names = tree.lines().map(|line| line.split(" (").next().unwrap_or_default().to_owned());
        Ok(names.filter(|name| !name.is_empty() && !name.starts_with(PACKAGE)).collect())
    }

    /// Returns the command with Lambda's environment, except the address of the Runtime API.
    pub(super) fn command(&self, host: &Host) -> Result<Command> {
        let mut command = match host {
            Host::Machine => clean(self.path()?),
            Host::Core => under("taskset", &["--cpu-list", "0"], &self.path()?),
            Host::Callgrind(profile) => {
                let file = format!("--callgrind-out-file={}", profile.display());
                under("valgrind", &["--tool=callgrind", "--quiet", &file], &self.with_symbols()?)
            }
        };
        command.envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "orders"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/orders"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/21/[$LATEST]0"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "none"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("RUST_LOG", self.log),
        ]);
        Ok(command)
    }
}
