//! Calls of this crate to AWS, each on a new thread.
//!
//! Each thread has a runtime, because a program may block the runtime of the program during the initialisation, or have
//! no runtime yet. The calls are outside of any scope, and no subscriber receives the events of the calls. Therefore
//! the calls are neither traced nor logged.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ssm::types::Parameter;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use thundra_core::export::suppress_thread;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, dispatcher};

/// The longest time for a call, retries included.
const LONGEST: Duration = Duration::from_secs(10);

/// The longest time of an attempt.
const ATTEMPT: Duration = Duration::from_secs(3);

/// Waits for calls on a new thread, and passes the result to `then`. Drops the calls and `then` if no thread can be
/// started.
pub(crate) fn on_thread<T>(
    name: &str,
    calls: impl Future<Output = T> + Send + 'static,
    then: impl FnOnce(T) + Send + 'static,
) {
    let on_thread = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        suppress_thread();
        // `Dispatch::none`, because a new subscriber would make `tracing` ask all other subscribers about each span
        // from then on.
        let silent = dispatcher::set_default(&Dispatch::none());
        let result = runtime.block_on(calls);
        drop(silent);
        ask_again();
        then(result);
        runtime.shutdown_background();
    };
    let _ = std::thread::Builder::new().name(name.to_owned()).spawn(on_thread);
}

/// Makes `tracing` ask the subscriber of the program about the spans and events that a call was the first to reach.
/// Until then, all threads use the answer of the silent thread.
fn ask_again() {
    // Without a global subscriber, the answer would be the same. The installation of a global subscriber asks as well.
    if !dispatcher::get_default(|subscriber| subscriber.is::<NoSubscriber>()) {
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Loads the configuration of the calls.
pub(crate) async fn load_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_timeout(LONGEST).operation_attempt_timeout(ATTEMPT).build();
    aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await
}

/// Returns the configuration for a resource. An ARN may name another region than the program's.
pub(crate) fn for_resource(config: &SdkConfig, id: &str) -> SdkConfig {
    match region_of(id) {
        Some(region) => config.to_builder().region(Region::new(region.to_owned())).build(),
        None => config.clone(),
    }
}

/// Returns the region of an ARN.
pub(crate) fn region_of(id: &str) -> Option<&str> {
    let mut parts = id.split(':');
    (parts.next() == Some("arn")).then_some(())?;
    parts.nth(2).filter(|region| !region.is_empty())
}

/// Reads a parameter of SSM Parameter Store, decrypted. `None` from a service that answers without a parameter.
pub(crate) async fn parameter(config: &SdkConfig, name: &str) -> Result<Option<Parameter>, CallError> {
    let client = aws_sdk_ssm::Client::new(&for_resource(config, name));
    let output = client.get_parameter().name(name).with_decryption(true).send().await.map_err(CallError::of)?;
    Ok(output.parameter)
}

/// The reason of a failed call.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The service refused the call.
    Refused { code: String, message: String },
    /// The call did not reach the service, or the response did not reach the program.
    NoAnswer(Box<dyn Error + Send + Sync>),
}

impl CallError {
    pub(crate) fn of<E>(error: E) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match error.code() {
            Some(code) => CallError::Refused {
                code: code.to_owned(),
                message: error.message().unwrap_or("no message").to_owned(),
            },
            None => CallError::NoAnswer(error.into()),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Refused { code, message } => write!(f, "{code}: {message}"),
            CallError::NoAnswer(error) => error.fmt(f),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            CallError::Refused { .. } => None,
            CallError::NoAnswer(error) => error.source(),
        }
    }
}
