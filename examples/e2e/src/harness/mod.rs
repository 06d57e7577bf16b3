//! The harness of the tests: a cloud on this machine, and a receiver of traces.
//!
//! A user of the libraries needs no part of the harness. [`functions`](crate::functions) shows the libraries in use.
//!
//! | module | holds |
//! |---|---|
//! | [`target`] | the directory for files of the examples |
//! | [`python`] | a virtual environment with pinned packages |
//! | [`process`] | a child process that ends with the parent |
//! | [`ministack`] | AWS on a loopback port |
//! | [`moto`] | another AWS, without the functions |
//! | [`kafka`] | a Kafka broker |
//! | [`executables`] | the deployed executables |
//! | [`package`] | an executable as a Lambda deployment package |
//! | [`cloud`] | functions, topics, queues, streams and APIs, made with the AWS SDK |
//! | [`console`] | a console, which gets a copy of what a receiver gets |
//! | [`receiver`] | an OTLP/HTTP endpoint that keeps every span |
//! | [`lambda`] | Lambda's APIs for one function, which is frozen, killed at deadlines, and shut down |
//! | [`collector`] | an OTLP/HTTP endpoint with faults, and the account of the received spans |
//! | [`daemon`] | the X-Ray daemon |
//! | [`rotel`] | a real collector |

pub mod cloud;
pub mod collector;
pub mod console;
pub mod daemon;
pub mod executables;
pub mod kafka;
pub mod lambda;
pub mod ministack;
pub mod moto;
pub mod package;
pub mod process;
pub mod python;
pub mod receiver;
pub mod rotel;
pub mod target;

/// An error of the harness, as one printable line.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Returns a client for servers on this machine, without the shell's proxy.
pub(crate) fn loopback() -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}
