//! The process of a function: environment, signals, output and memory.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::task::spawn_blocking;

use super::settings::{Output, Settings};
use crate::harness::Error;

/// A running process. Dropping the [`Exit`] kills the process.
#[derive(Debug)]
pub(super) struct Sandbox {
    pid: Pid,
    stopped: bool,
}

/// The end of a process, and of the threads that keep its output.
pub(super) struct Exit(Child, Vec<JoinHandle<()>>);

/// The output of the processes of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
}

impl Sandbox {
    /// Starts the program of a function, with the environment from Lambda.
    pub(super) fn start(settings: &Settings, api: &str, written: &Written) -> Result<(Self, Exit), Error> {
        let kept = |name: &str| name == "PATH" || name.starts_with("LD_") || name.starts_with("LLVM_");
        let mut command = Command::new(&settings.program);
        command
            .env_clear()
            .envs(env::vars().filter(|(name, _)| kept(name)))
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", api),
                ("AWS_LAMBDA_FUNCTION_NAME", "reliable"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/reliable"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/26/[$LATEST]0"),
                ("AWS_REGION", "eu-central-1"),
            ])
            .envs(settings.platform.variables())
            .envs(settings.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(match settings.stdout {
                Output::Kept | Output::Closed => Stdio::piped(),
                Output::Full => File::options().write(true).open("/dev/full")?.into(),
            })
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|error| format!("cannot start {}: {error}", settings.program.display()))?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).ok_or("the process has no id")?;
        let mut keepers = Vec::new();
        if let Some(pipe) = child.stderr.take() {
            keepers.push(keep(pipe.into_owned_fd()?.into(), &written.stderr));
        }
        if let Some(pipe) = child.stdout.take().filter(|_| settings.stdout == Output::Kept) {
            keepers.push(keep(pipe.into_owned_fd()?.into(), &written.stdout));
        }
        Ok((Self { pid, stopped: false }, Exit(child, keepers)))
    }

    /// Stops the process, like Lambda's freeze.
    pub(super) fn freeze(&mut self) {
        if !std::mem::replace(&mut self.stopped, true) {
            self.signal(Signal::STOP);
        }
    }

    /// Lets the process go on.
    pub(super) fn thaw(&mut self) {
        if std::mem::take(&mut self.stopped) {
            self.signal(Signal::CONT);
        }
    }

    pub(super) fn terminate(&mut self) {
        self.thaw();
        self.signal(Signal::TERM);
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Returns `true` if the kernel has stopped the process.
    pub(super) fn is_stopped(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|fields| fields.trim_start().starts_with('T'))
    }

    /// Returns the resident memory in bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
    }

    /// Sends a signal. The process may have ended a moment ago.
    fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid, signal);
    }
}

impl Exit {
    /// Waits for the end of the process, and until all of its output is kept.
    pub(super) async fn wait(mut self) -> Option<ExitStatus> {
        let status = self.0.wait().await.ok();
        let _ = spawn_blocking(|| self.1.into_iter().for_each(|keeper| drop(keeper.join()))).await;
        status
    }
}

impl Written {
    pub(super) fn stdout(&self) -> Vec<u8> {
        lock(&self.stdout).clone()
    }

    pub(super) fn stderr(&self) -> String {
        String::from_utf8_lossy(&lock(&self.stderr)).into_owned()
    }
}

/// Keeps the bytes of a pipe, on a separate thread.
fn keep(mut pipe: File, kept: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let kept = Arc::clone(kept);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            lock(&kept).extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
