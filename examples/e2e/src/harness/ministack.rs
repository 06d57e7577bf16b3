//! AWS on a loopback port: MiniStack (PyPI `ministack`), one process, no Docker.
//!
//! MiniStack runs the genuine `bootstrap` executable of each function against a Lambda Runtime API of its own, and
//! delivers messages and records to the subscribed functions.

use std::path::Path;
use std::time::Duration;

use super::process::{self, Process};
use super::python::Environment;
use super::{Error, loopback, target};

/// The tested release.
const PACKAGE: &str = "ministack==1.5.33";

/// The package with which MiniStack expands templates of AWS SAM.
const SAM: &str = "aws-sam-translator==1.115.0";

/// The time for MiniStack to come up, usually one second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running MiniStack. Dropping the value ends MiniStack and all functions, and removes the temporary files.
#[derive(Debug)]
pub struct MiniStack {
    process: Process,
    port: u16,
}

impl MiniStack {
    /// Installs MiniStack if necessary and starts it on a free port. The log is `target/thundra-examples/<name>.log`.
    ///
    /// # Errors
    ///
    /// If there is no suitable Python, the package cannot be installed, or MiniStack does not come up.
    pub async fn start(name: &str) -> Result<Self, Error> {
        Self::start_with("ministack", &[PACKAGE], name).await
    }

    /// Starts a MiniStack as [`start`](Self::start) does. CloudFormation accepts templates of AWS SAM, too.
    ///
    /// # Errors
    ///
    /// The errors of [`start`](Self::start).
    pub async fn start_with_sam(name: &str) -> Result<Self, Error> {
        Self::start_with("ministack-sam", &[PACKAGE, SAM], name).await
    }

    async fn start_with(
        environment: &'static str,
        packages: &'static [&'static str],
        name: &str,
    ) -> Result<Self, Error> {
        let python = tokio::task::spawn_blocking(|| Environment::with(environment, packages)).await??;
        process::on_free_port(async |port| Self::start_on(port, &python, name).await).await
    }

    async fn start_on(port: u16, python: &Environment, name: &str) -> Result<Self, Error> {
        let log = target::path(&format!("{name}.log"))?;
        let scratch = target::path(&format!("{name}-{port}"))?;
        let program = python.program("ministack");
        let process = Process::launch(
            python,
            &[&program.to_string_lossy()],
            [
                ("GATEWAY_PORT", port.to_string().as_str()),
                ("BIND_HOST", "127.0.0.1"),
                // The address of MiniStack for functions: MiniStack passes the variable on to each function.
                ("AWS_ENDPOINT_URL", &endpoint(port)),
                // Unused listeners on fixed ports.
                ("IOT_MTLS_ENABLED", "0"),
                ("SFTP_ENABLED", "0"),
            ],
            &scratch,
            &log,
        )?;
        let mut ministack = Self { process, port };
        let ready = format!("{}/_ministack/ready", ministack.endpoint());
        let http = loopback()?;
        let up = async || http.get(&ready).send().await.is_ok_and(|response| response.status().is_success());
        ministack.process.ready(PATIENCE, up).await.map_err(|error| format!("MiniStack: {error}"))?;
        Ok(ministack)
    }

    /// Returns the address of all services.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// Returns the path of the log, in which MiniStack and the functions write.
    #[must_use]
    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// Leaves MiniStack running after this process, and returns the command to end MiniStack.
    ///
    /// # Errors
    ///
    /// If the process has ended already.
    pub fn keep(self) -> Result<String, Error> {
        let stop = format!("kill -- -{}", self.process.id());
        self.process.release()?;
        Ok(stop)
    }
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
