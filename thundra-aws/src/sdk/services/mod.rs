//! The AWS services with special attributes or messages: a file and a row for each.
//!
//! The interceptor traces the calls of every service, and looks up the row of the service once a call. No code outside
//! the folder compares names of services. A new service takes a file with a `SERVICE` and a row in [`SERVICES`]. A
//! service with ids in the messages also takes [`Messages`](service::Messages), a row in [`clients`](super::clients),
//! and a Cargo feature. A context in a payload also takes a variant of
//! [`PayloadService`](crate::payload_patterns::PayloadService).

/// Returns `Some` if the feature is on, and `None` without compiling the value otherwise.
macro_rules! if_feature {
    ($feature:literal, $value:expr) => {{
        #[cfg(feature = $feature)]
        {
            Some($value)
        }
        #[cfg(not(feature = $feature))]
        {
            None
        }
    }};
}

mod checkpoint;
pub(crate) mod dynamodb;
pub(crate) mod eventbridge;
pub(crate) mod firehose;
mod items;
pub(crate) mod kinesis;
pub(crate) mod lambda;
pub(crate) mod s3;
pub(crate) mod secrets_manager;
mod service;
pub(crate) mod sfn;
pub(crate) mod sns;
pub(crate) mod sqs;
#[cfg(test)]
mod tests;

use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::RequestedTelemetryAttributes;
use aws_types::SigningName;

pub(crate) use self::service::{Operation, Request, Service};

static SERVICES: [&Service; 10] = [
    &sqs::SERVICE,
    &sns::SERVICE,
    &dynamodb::SERVICE,
    &s3::SERVICE,
    &lambda::SERVICE,
    &kinesis::SERVICE,
    &eventbridge::SERVICE,
    &sfn::SERVICE,
    &firehose::SERVICE,
    &secrets_manager::SERVICE,
];

/// Any other service.
static OTHER: Service = Service {
    id: "",
    signing_name: "",
    names: &[],
    attributes: |_, _| {},
    request: |_| Vec::new(),
    batch_size: |_| None,
    response: |_, _| None,
    writes: None,
    messages: None,
};

/// SDK crates of credential providers, without `aws_sdk_`. No program can wrap the clients of a credential provider.
const CREDENTIAL_CLIENTS: [&str; 4] = ["signin", "sso", "ssooidc", "sts"];

/// Returns the service with this id.
pub(crate) fn find(id: &str) -> &'static Service {
    SERVICES.iter().find(|service| service.id == id).unwrap_or(&&OTHER)
}

/// Returns the service of the call with this configuration.
pub(crate) fn called(config: &ConfigBag) -> &'static Service {
    config.load::<Metadata>().map_or(&OTHER, |metadata| find(metadata.service()))
}

/// Makes the SDK capture the input members that name a resource, unless the type of the input is known.
///
/// The SDK reads the requested names before serialization, when only the signing name is known.
pub(crate) fn capture_names(input: &Input, config: &mut ConfigBag) {
    let Some(signing_name) = config.load::<SigningName>() else { return };
    let service = SERVICES.iter().find(|service| service.signing_name == signing_name.as_ref());
    let names = service.map_or(&[][..], |service| service.names);
    if !names.is_empty() && service.and_then(|service| service.name_in(input)).is_none() {
        let mut requested = config.load::<RequestedTelemetryAttributes>().cloned().unwrap_or_default();
        requested.capture_only(names);
        config.interceptor_state().store_put(requested);
    }
}

/// Returns `true` if `thundra_aws` has a module for the SDK crate, given without `aws_sdk_`.
pub(crate) fn has_module(sdk_crate: &str) -> bool {
    SERVICES.iter().any(|service| service.messages.as_ref().is_some_and(|messages| messages.module == sdk_crate))
}

/// Returns `true` if credential providers use the SDK crate, given without `aws_sdk_`.
pub(crate) fn is_of_credentials(sdk_crate: &str) -> bool {
    CREDENTIAL_CLIENTS.contains(&sdk_crate)
}
