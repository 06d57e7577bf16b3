//! A child process that ends with the parent, however the parent ends.
//!
//! The child holds the reading end of a pipe as standard input, the parent the writing end. When the parent drops the
//! writing end, returns, panics or is killed, the pipe closes and the child ends. No signal handler is needed. Programs
//! without this convention run under a small Python launcher, which also ends the children of the program.

use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use super::python::Environment;

/// The time for a child to end after the pipe was closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs a program in a new process group, and ends the group when standard input closes. A byte on standard input lets
/// the program run on alone. The launcher removes `TMPDIR`, which only the program uses.
const LAUNCHER: &str = "
import os, shutil, signal, subprocess, sys, threading
os.setsid()
def leash():
    if sys.stdin.buffer.read(1):
        return
    end()
def end():
    shutil.rmtree(os.environ['TMPDIR'], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
signal.signal(signal.SIGTERM, lambda *_: end())
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=leash, daemon=True).start()
program.wait()
end()";

/// A child process. Dropping the value ends the process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    leash: Option<ChildStdin>,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which must end when standard input ends. The environment holds only `PATH`, `variables`, and
    /// `scratch` as home and temporary directory. The output goes to the file `log`.
    ///
    /// With an empty environment, the child reaches no real account, collector or proxy of the shell, not even through
    /// a file in the home directory.
    ///
    /// # Errors
    ///
    /// If the program cannot be started, or the log or `scratch` cannot be created.
    pub fn start<'a>(
        command: &mut Command,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        scratch: &Path,
        log: &Path,
    ) -> Result<Self, Error> {
        let fail = |error| format!("cannot write {}: {error}", log.display());
        let output = File::create(log).map_err(fail)?;
        let errors = output.try_clone().map_err(fail)?;
        fs::create_dir_all(scratch).map_err(|error| format!("cannot make {}: {error}", scratch.display()))?;

        command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", scratch).env("TMPDIR", scratch).envs(variables);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
        let leash = child.stdin.take();
        Ok(Self { child, leash, log: log.to_owned() })
    }

    /// Starts any program like [`start`](Self::start), under a launcher. The launcher ends the program with all
    /// children and removes `scratch`.
    ///
    /// # Errors
    ///
    /// The errors of [`start`](Self::start).
    pub fn launch<'a>(
        python: &Environment,
        program: &[&str],
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        scratch: &Path,
        log: &Path,
    ) -> Result<Self, Error> {
        let mut command = Command::new(python.python());
        command.args(["-I", "-u", "-c", LAUNCHER]).args(program);
        Self::start(&mut command, variables, scratch, log)
    }

    /// Waits until `ready` returns `true`.
    ///
    /// # Errors
    ///
    /// If the process ends, or is not ready after `patience`. The error names the log.
    pub async fn ready(&mut self, patience: Duration, mut ready: impl AsyncFnMut() -> bool) -> Result<(), Error> {
        let deadline = Instant::now() + patience;
        while !ready().await {
            if self.has_ended() {
                return Err(format!("it ended while starting: see {}", self.log.display()).into());
            }
            if Instant::now() > deadline {
                return Err(format!("it did not come up in {patience:?}: see {}", self.log.display()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Returns the path of the log.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Returns the process id, which for a launched process is also the id of the group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Lets a launched process run on after the parent.
    ///
    /// # Errors
    ///
    /// If the process has ended already.
    pub fn release(mut self) -> Result<(), Error> {
        let mut leash = self.leash.take().ok_or("the process has ended")?;
        leash.write_all(b"k").map_err(|error| format!("the process has ended: {error}"))?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.leash.take().is_none() {
            return; // released
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns a loopback port without a listener. Another process may take the port a moment later.
///
/// # Errors
///
/// If no port is free.
pub fn free_port() -> Result<u16, Error> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Starts a listening program. Another process may take the port first, so a failed start is retried.
///
/// # Errors
///
/// The last error of `start`, after three failures.
pub async fn on_free_port<T>(mut start: impl AsyncFnMut(u16) -> Result<T, Error>) -> Result<T, Error> {
    let mut tries = 3;
    loop {
        tries -= 1;
        match start(free_port()?).await {
            Err(_) if tries > 0 => continue,
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::target;

    fn start(program: &str, variables: &[(&str, &str)]) -> Result<Process, Error> {
        let log = target::path(&format!("test-{program}.log"))?;
        Process::start(&mut Command::new(program), variables.iter().copied(), &env::temp_dir(), &log)
    }

    #[test]
    fn a_dropped_process_ends() {
        let process = start("cat", &[]).unwrap();
        let started = Instant::now();
        drop(process);
        assert!(started.elapsed() < PATIENCE, "it ended by itself");
    }

    #[test]
    fn a_process_knows_only_what_it_is_told() {
        let mut process = start("env", &[("SAID", "yes")]).unwrap();
        process.child.wait().unwrap();
        let log = fs::read_to_string(process.log()).unwrap();
        let mut names: Vec<_> = log.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["HOME", "PATH", "SAID", "TMPDIR"]);
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let error = start("no-such-program", &[]).unwrap_err();
        assert!(error.to_string().starts_with("cannot start no-such-program: "), "{error}");
    }
}
