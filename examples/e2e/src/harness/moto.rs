//! Another AWS on a loopback port: moto (PyPI `moto`), one process, no Docker.
//!
//! A second emulator shows that more than one implementation can read a message. moto delivers messages and records to
//! queues and streams, and runs no functions.

use std::time::Duration;

use super::process::{self, Process};
use super::python::Environment;
use super::{Error, loopback, target};

/// The tested release.
const PACKAGE: &str = "moto[server]==5.2.5";

/// The time for moto to come up, usually one second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The settings that make moto run state machines. By default, moto only keeps the inputs.
const SETTINGS: &str = r#"{"stepfunctions": {"execute_state_machine": true}}"#;

/// A running moto. Dropping the value ends moto.
#[derive(Debug)]
pub struct Moto {
    process: Process,
    port: u16,
}

impl Moto {
    /// Installs moto if necessary and starts it on a free port. The log is `target/thundra-examples/<name>.log`.
    ///
    /// # Errors
    ///
    /// If there is no suitable Python, the package cannot be installed, or moto does not come up.
    pub async fn start(name: &str) -> Result<Self, Error> {
        let python = tokio::task::spawn_blocking(|| Environment::with("moto", &[PACKAGE])).await??;
        process::on_free_port(async |port| Self::start_on(port, &python, name).await).await
    }

    async fn start_on(port: u16, python: &Environment, name: &str) -> Result<Self, Error> {
        let log = target::path(&format!("{name}.log"))?;
        let scratch = target::path(&format!("{name}-{port}"))?;
        let program = python.program("moto_server");
        let process = Process::launch(
            python,
            &[&program.to_string_lossy(), "-H", "127.0.0.1"],
            // The address of moto for state machines, which call moto under the same name.
            [("MOTO_PORT", port.to_string().as_str())],
            &scratch,
            &log,
        )?;
        let mut moto = Self { process, port };
        let settings = format!("{}/moto-api/config", moto.endpoint());
        let http = loopback()?;
        let up = async || {
            http.post(&settings).body(SETTINGS).send().await.is_ok_and(|response| response.status().is_success())
        };
        moto.process.ready(PATIENCE, up).await.map_err(|error| format!("moto: {error}"))?;
        Ok(moto)
    }

    /// Returns the address of all services.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
