//! Reading secrets from AWS, on a thread of its own.

use std::error::Error;
use std::fmt;

use aws_config::SdkConfig;
use futures_util::future::try_join_all;
use http::{HeaderName, HeaderValue};

use super::reference::{Reference, Store};
use crate::own_calls::{self, CallError};

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
    Call(CallError),
    Empty,
    NoMember,
    NoHeaderValue,
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
            Reason::Call(error) => Some(error),
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
    own_calls::on_thread("thundra-secrets", values(references), done);
}

async fn values(references: Vec<(HeaderName, Reference)>) -> Result<Values, Unread> {
    let config = own_calls::load_config().await;
    let value = async |(header, reference): (HeaderName, Reference)| match value(&config, &reference).await {
        Ok(value) => Ok((header, value)),
        Err(reason) => Err(Unread { header: Some(header), reason }),
    };
    try_join_all(references.into_iter().map(value)).await
}

async fn value(config: &SdkConfig, reference: &Reference) -> Result<HeaderValue, Reason> {
    let secret = match reference.store {
        Store::ParameterStore => {
            let parameter = own_calls::parameter(config, &reference.id).await.map_err(Reason::Call)?;
            parameter.and_then(|parameter| parameter.value)
        }
        Store::SecretsManager => {
            let config = own_calls::for_resource(config, &reference.id);
            let call = aws_sdk_secretsmanager::Client::new(&config).get_secret_value().secret_id(&reference.id);
            call.send().await.map_err(|error| Reason::Call(CallError::of(error)))?.secret_string
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
