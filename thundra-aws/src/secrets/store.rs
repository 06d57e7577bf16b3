//! Reading secrets from AWS, on a thread of its own.
//!
//! The thread has a runtime of its own, because a program may block its runtime while it initialises, or have none yet.
//! Its calls are outside of any scope and its events go to no subscriber, so they are neither traced nor logged.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::future::try_join_all;
use http::{HeaderName, HeaderValue};
use tracing::subscriber::NoSubscriber;

use super::reference::{Reference, Store};

/// The longest time for a secret, retries included.
const LONGEST: Duration = Duration::from_secs(10);

/// The longest time of an attempt.
const ATTEMPT: Duration = Duration::from_secs(3);

/// The values of headers.
pub(super) type Values = Vec<(HeaderName, HeaderValue)>;

/// The reason why the value of a header could not be read. It does not hold the value.
#[derive(Debug)]
pub(super) struct Unread {
    /// `None` where no value could be read.
    header: Option<HeaderName>,
    reason: Reason,
}

impl Unread {
    /// Returns the reason of a reading that ended without a result.
    pub(super) fn ended() -> Self {
        Unread { header: None, reason: Reason::Thread }
    }
}

#[derive(Debug)]
enum Reason {
    /// The thread that reads could not be started, or ended early.
    Thread,
    Call(Box<dyn Error + Send + Sync>),
    Empty,
    NoMember,
    NoHeaderValue,
}

impl Reason {
    /// Returns the reason of a failed call: the code and the message of the service, or what kept the call from it.
    fn of<E>(error: E) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match error.code() {
            Some(code) => Reason::Call(format!("{code}: {}", error.message().unwrap_or("no message")).into()),
            None => Reason::Call(error.into()),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.header {
            Some(header) => write!(f, "the secret of the OTLP header {header} ")?,
            None => f.write_str("the secrets of OTLP headers ")?,
        }
        f.write_str(match self.reason {
            Reason::Thread | Reason::Call(_) => "could not be read",
            Reason::Empty => "has no text",
            Reason::NoMember => "has no text under the key",
            Reason::NoHeaderValue => "is not a valid header value",
        })
    }
}

impl Error for Unread {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::Call(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Reads secrets on a thread of its own, and hands over the values, or the first failure. Drops `done` where no thread
/// can be started.
pub(super) fn read(
    references: Vec<(HeaderName, Reference)>,
    done: impl FnOnce(Result<Values, Unread>) + Send + 'static,
) {
    let work = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let _silent = tracing::subscriber::set_default(NoSubscriber::new());
        done(runtime.block_on(values(references)));
        runtime.shutdown_background();
    };
    let _ = std::thread::Builder::new().name("thundra-secrets".into()).spawn(work);
}

async fn values(references: Vec<(HeaderName, Reference)>) -> Result<Values, Unread> {
    let timeouts = TimeoutConfig::builder().operation_timeout(LONGEST).operation_attempt_timeout(ATTEMPT).build();
    let config = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let value = async |(header, reference): (HeaderName, Reference)| match value(&config, &reference).await {
        Ok(value) => Ok((header, value)),
        Err(reason) => Err(Unread { header: Some(header), reason }),
    };
    try_join_all(references.into_iter().map(value)).await
}

async fn value(config: &SdkConfig, reference: &Reference) -> Result<HeaderValue, Reason> {
    // An ARN may name another region than that of the program.
    let region = reference.region().map(|region| Region::new(region.to_owned()));
    let config = match region {
        Some(region) => config.to_builder().region(region).build(),
        None => config.clone(),
    };
    let secret = match reference.store {
        Store::ParameterStore => {
            let call = aws_sdk_ssm::Client::new(&config).get_parameter().name(&reference.id).with_decryption(true);
            let output = call.send().await.map_err(Reason::of)?;
            output.parameter.and_then(|parameter| parameter.value)
        }
        Store::SecretsManager => {
            let call = aws_sdk_secretsmanager::Client::new(&config).get_secret_value().secret_id(&reference.id);
            call.send().await.map_err(Reason::of)?.secret_string
        }
    };
    let secret = reference.member(secret.ok_or(Reason::Empty)?).ok_or(Reason::NoMember)?;
    if secret.trim().is_empty() {
        return Err(Reason::Empty);
    }
    let mut value = HeaderValue::try_from(reference.header(&secret)).map_err(|_| Reason::NoHeaderValue)?;
    value.set_sensitive(true);
    Ok(value)
}
