//! A real OTLP collector on loopback ports: rotel (PyPI `rotel`).

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use super::process::{self, Process};
use super::python::Environment;
use super::{Error, target};

/// The tested release.
const PACKAGE: &str = "rotel==0.0.1a15";

/// Runs the executable in the package, which has no script for the executable.
const PROGRAM: &str = "
import os, rotel, sys
agent = os.path.join(os.path.dirname(rotel.__file__), 'rotel-agent')
os.execv(agent, [agent, *sys.argv[1:]])";

/// The time for rotel to come up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running rotel, which prints all received telemetry. Dropping the value ends the process.
#[derive(Debug)]
pub struct Rotel {
    process: Process,
    endpoint: String,
}

impl Rotel {
    /// Installs rotel if necessary and starts it on free ports. The log is `target/thundra-examples/<name>.log`.
    ///
    /// # Errors
    ///
    /// If there is no suitable Python, the package cannot be installed, or rotel does not come up.
    pub async fn start(name: &str) -> Result<Self, Error> {
        let python = tokio::task::spawn_blocking(|| Environment::with("rotel", &[PACKAGE])).await??;
        let interpreter = python.python();
        let [http, grpc] = [process::free_port()?, process::free_port()?].map(|port| format!("127.0.0.1:{port}"));
        #[rustfmt::skip]
        let command = [
            &*interpreter.to_string_lossy(), "-I", "-c", PROGRAM, "start",
            "--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc, "--exporter", "blackhole",
            "--debug-log", "traces", "--debug-log", "logs", "--debug-log", "metrics", "--debug-log-verbosity", "detailed", "--batch-timeout", "100ms",
        ];
        let (scratch, log) = (target::path(name)?, target::path(&format!("{name}.log"))?);
        let mut process = Process::launch(&python, &command, [], &scratch, &log)?;
        process.ready(PATIENCE, async || TcpStream::connect(&http).is_ok()).await?;
        Ok(Self { process, endpoint: format!("http://{http}") })
    }

    /// Returns the value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the whole output of rotel.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub fn log(&self) -> Result<String, Error> {
        Ok(fs::read_to_string(self.process.log())?)
    }
}
