//! What the examples and their tests stand on: a cloud on this machine, and a place where traces arrive.
//!
//! Nothing here is needed to use the libraries. Read [`functions`](crate::functions) for that.
//!
//! | module | holds |
//! |---|---|
//! | [`target`] | the one directory the examples write to |
//! | [`python`] | a virtual environment with pinned packages |
//! | [`process`] | a child that cannot outlive us |
//! | [`ministack`] | AWS on a loopback port |
//! | [`moto`] | another AWS, without the functions |
//! | [`executables`] | what is deployed |
//! | [`package`] | an executable as a Lambda deployment package |
//! | [`cloud`] | functions, topics, queues, streams and APIs, made with the AWS SDK |
//! | [`receiver`] | an OTLP/HTTP endpoint that keeps every span |

pub mod cloud;
pub mod executables;
pub mod ministack;
pub mod moto;
pub mod package;
pub mod process;
pub mod python;
pub mod receiver;
pub mod target;

/// What goes wrong in the harness: one line, made to be printed.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A client for what listens on this machine, which the proxy that a shell names cannot reach.
pub(crate) fn loopback() -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}
