//! A virtual environment with pinned packages, created once under `target/`.
//!
//! MiniStack, moto and rotel come from PyPI. The tests need Python 3.10 or newer with the `venv` module. This module
//! finds the interpreter, creates the environment and installs the packages. If several test processes need one
//! environment at the same time, the first creates the environment and the others wait.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Error, target};

/// The oldest Python for MiniStack.
const OLDEST: (u32, u32) = (3, 10);

/// The names of interpreters, the likeliest first.
const CANDIDATES: [&str; 8] =
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python", "py"];

/// A program that prints the version, and `1` if an environment with pip can be created. Debian ships `venv` without
/// `ensurepip`.
const PROBE: &str = "
import importlib.util as u, sys
print(*sys.version_info[:2], int(all(map(u.find_spec, ('venv', 'ensurepip')))))";

/// A Python virtual environment.
#[derive(Clone, Debug)]
pub struct Environment {
    directory: PathBuf,
}

impl Environment {
    /// Returns the environment `target/thundra-examples/<name>` with exactly `packages` (`name==version`) and
    /// dependencies. A missing or different environment is created, with a line on stderr.
    ///
    /// Blocks while `pip` works.
    ///
    /// # Errors
    ///
    /// If no suitable Python is found, or `venv` or `pip` fails.
    pub fn with(name: &str, packages: &[&str]) -> Result<Self, Error> {
        let environment = Self { directory: target::path(name)? };
        let marker = environment.directory.join("installed");
        let wanted = packages.join("\n");

        let _lock = lock(&environment.directory.with_extension("lock"))?;
        let installed = fs::read_to_string(&marker).is_ok_and(|found| found == wanted);
        if !installed || !environment.python().exists() {
            environment.make(packages)?;
            fs::write(&marker, wanted).map_err(|error| format!("cannot write {}: {error}", marker.display()))?;
        }
        Ok(environment)
    }

    /// Returns the interpreter of the environment.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// Returns the path of an installed program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join("bin").join(name)
    }

    fn make(&self, packages: &[&str]) -> Result<(), Error> {
        let python = Interpreter::find()?;
        eprintln!("installing {} into {} (once)", packages.join(" "), self.directory.display());
        let venv = Command::new(python.program).args(["-I", "-m", "venv", "--clear"]).arg(&self.directory).output();
        succeeded("python -m venv", venv)?;
        let pip = Command::new(self.python())
            .args(["-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(packages)
            .stdin(Stdio::null())
            .output();
        succeeded("pip install", pip)
    }
}

/// A Python that can create virtual environments.
#[derive(Debug)]
struct Interpreter {
    program: &'static str,
}

impl Interpreter {
    fn find() -> Result<Self, Error> {
        let mut found = Vec::new();
        for program in CANDIDATES {
            match probe(program) {
                Some(Found { version, venv: true }) if version >= OLDEST => return Ok(Self { program }),
                Some(other) => found.push(other),
                None => {}
            }
        }
        Err(advice(&found).into())
    }
}

/// The properties of a candidate.
#[derive(Debug)]
struct Found {
    version: (u32, u32),
    venv: bool,
}

/// Runs `program` and reads the version and the modules. `None` if the program is missing or not Python 3: version
/// managers leave stubs on the path.
fn probe(program: &str) -> Option<Found> {
    let output = Command::new(program).args(["-I", "-c", PROBE]).stdin(Stdio::null()).output().ok()?;
    parse(str::from_utf8(&output.stdout).ok()?)
}

fn parse(answer: &str) -> Option<Found> {
    let mut numbers = answer.split_whitespace().map(str::parse::<u32>);
    let mut next = || numbers.next()?.ok();
    Some(Found { version: (next()?, next()?), venv: next()? == 1 })
}

/// Returns a line with the package to install.
fn advice(found: &[Found]) -> String {
    let (major, minor) = OLDEST;
    match found.iter().max_by_key(|found| found.version) {
        None => format!("no Python found: install Python {major}.{minor} or newer (package python3 and python3-venv)"),
        Some(Found { version, .. }) if *version < OLDEST => format!(
            "Python {}.{} is too old: install Python {major}.{minor} or newer (package python3 and python3-venv)",
            version.0, version.1
        ),
        Some(Found { version, .. }) => format!(
            "Python {}.{} has no venv module: install the package python3-venv (or python{0}.{1}-venv)",
            version.0, version.1
        ),
    }
}

/// Waits until no other process works on the same environment. Dropping the file ends the lock.
fn lock(path: &Path) -> Result<File, Error> {
    let fail = |error| format!("cannot lock {}: {error}", path.display());
    let file = File::create(path).map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(file)
}

/// Formats a failed command as a line: the name and the last line of output.
fn succeeded(name: &str, output: std::io::Result<std::process::Output>) -> Result<(), Error> {
    let output = output.map_err(|error| format!("{name} did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it said nothing");
    Err(format!("{name} failed: {last}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_answer_is_read() {
        let found = parse("3 11 1\n").unwrap();
        assert_eq!((found.version, found.venv), ((3, 11), true));
        assert!(parse("").is_none(), "a stub says nothing");
        assert!(parse("pyenv: python3.12: command not found").is_none());
    }

    #[test]
    fn the_advice_names_the_package_to_install() {
        let old = Found { version: (3, 8), venv: true };
        let bare = Found { version: (3, 12), venv: false };
        assert_eq!(advice(&[]), "no Python found: install Python 3.10 or newer (package python3 and python3-venv)");
        assert_eq!(
            advice(std::slice::from_ref(&old)),
            "Python 3.8 is too old: install Python 3.10 or newer (package python3 and python3-venv)"
        );
        assert_eq!(
            advice(&[old, bare]),
            "Python 3.12 has no venv module: install the package python3-venv (or python3.12-venv)"
        );
    }

    #[test]
    fn a_failed_command_becomes_one_line() {
        let output = Command::new("sh").args(["-c", "echo first >&2; echo '  why  ' >&2; exit 3"]).output();
        assert_eq!(succeeded("pip install", output).unwrap_err().to_string(), "pip install failed: why");
    }
}
