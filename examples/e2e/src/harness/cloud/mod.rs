//! The control plane: functions, topics, queues, streams and APIs, made with the genuine AWS SDK.
//!
//! Traces show only the functions, because the clients of the control plane are not traced.

mod api;
mod function;
mod messaging;
mod plain;
mod stack;

pub use function::{Code, Function};
pub use messaging::{Mapping, Queue};

use std::fmt::Display;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_lambda::error::ProvideErrorMetadata;

use super::{Error, loopback};

/// The region of all resources.
const REGION: &str = "us-east-1";

/// An account on an emulator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cloud {
    endpoint: String,
    http: reqwest::Client,
    lambda: aws_sdk_lambda::Client,
    gateway: aws_sdk_apigatewayv2::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    kinesis: aws_sdk_kinesis::Client,
}

impl Cloud {
    /// Creates clients for the emulator at `endpoint`.
    ///
    /// # Errors
    ///
    /// If the plain HTTP client cannot be created.
    pub fn at(endpoint: &str) -> Result<Self, Error> {
        let config = config(endpoint);
        Ok(Self {
            endpoint: endpoint.to_owned(),
            http: loopback()?,
            lambda: aws_sdk_lambda::Client::new(&config),
            gateway: aws_sdk_apigatewayv2::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
        })
    }
}

/// Returns the configuration of a client for the emulator at `endpoint`.
///
/// Neither the environment nor a profile in the home directory is read, so a client reaches no real account and no
/// proxy.
#[must_use]
pub fn config(endpoint: &str) -> SdkConfig {
    #[expect(deprecated, reason = "later versions obey the proxy of the environment, which cannot reach loopback")]
    let behavior = BehaviorVersion::v2025_01_17();
    SdkConfig::builder()
        .behavior_version(behavior)
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "examples")))
        .build()
}

/// Formats an SDK error as one line: the attempt, and the error of the service.
fn refused<E: ProvideErrorMetadata + Display>(what: impl Display) -> impl FnOnce(E) -> Error {
    move |error| match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("cannot {what}: {code}: {message}").into(),
        (Some(code), None) => format!("cannot {what}: {code}").into(),
        _ => format!("cannot {what}: {error}").into(),
    }
}

/// Returns a required value of a response, although the type is optional.
fn given<T>(value: Option<T>, what: &str) -> Result<T, Error> {
    value.ok_or_else(|| format!("the answer names no {what}").into())
}
