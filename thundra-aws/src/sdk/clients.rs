//! Traced clients. Each is the genuine client of an AWS SDK crate, with the [interceptor](crate::interceptor()) added.

#[cfg(feature = "config")]
use aws_config::{BehaviorVersion, SdkConfig};

/// Loads the configuration of the AWS SDK from the environment: region, credentials, endpoints, retries.
///
/// Equals `aws_config::load_defaults` with the latest behaviour version. The traced clients take any other `SdkConfig`
/// as well.
///
/// # Examples
///
/// ```no_run
/// # async fn example() {
/// let config = thundra_aws::load_config().await;
/// # #[cfg(feature = "sns")]
/// let sns: aws_sdk_sns::Client = thundra_aws::sns::client(&config);
/// # }
/// ```
#[cfg(feature = "config")]
pub async fn load_config() -> SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

/// Creates a traced client of any AWS SDK crate from an `SdkConfig`.
///
/// The crate is a dependency of the caller, and the client has the type of the crate. For a service with a feature of
/// `thundra-aws`, call the `client` function of the module instead: `thundra_aws::sns::client`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqs")] {
/// # let config = aws_types::SdkConfig::builder().behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest()).build();
/// let sqs: aws_sdk_sqs::Client = thundra_aws::client!(aws_sdk_sqs, &config);
/// # }
/// ```
#[macro_export]
macro_rules! client {
    ($($sdk:ident)::+, $config:expr $(,)?) => {
        $($sdk)::+::Client::from_conf(
            $($sdk)::+::config::Builder::from($config).interceptor($crate::interceptor()).build(),
        )
    };
}

#[cfg(feature = "config")]
mod sealed {
    pub trait Sealed {}
}

/// Adds tracing to the config builder of an AWS SDK crate, for a client with custom settings.
///
/// The trait is sealed, and implemented for the services of the enabled features. The builder of any other service
/// takes [`interceptor`](crate::interceptor()).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqs")] {
/// use thundra_aws::ConfigBuilderExt;
///
/// # let config = aws_types::SdkConfig::builder().behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest()).build();
/// let config = aws_sdk_sqs::config::Builder::from(&config).traced().build();
/// let sqs = aws_sdk_sqs::Client::from_conf(config);
/// # }
/// ```
#[cfg(feature = "config")]
pub trait ConfigBuilderExt: sealed::Sealed {
    /// Adds the [interceptor](crate::interceptor()). A second call changes nothing.
    #[must_use]
    fn traced(self) -> Self;
}

macro_rules! services {
    ($($feature:literal $name:ident => $sdk:ident, $title:literal, $carrier:literal $(, $more:ident)?;)*) => {$(
        #[cfg(feature = $feature)]
        impl sealed::Sealed for $sdk::config::Builder {}

        #[cfg(feature = $feature)]
        impl ConfigBuilderExt for $sdk::config::Builder {
            fn traced(mut self) -> Self {
                self.push_interceptor(super::interceptor::permanent_interceptor());
                self
            }
        }

        #[doc = concat!($title, ": a traced client, which writes the ids of the current scope into its requests.")]
        ///
        #[doc = $carrier]
        #[cfg(feature = $feature)]
        pub mod $name {
            use super::ConfigBuilderExt as _;
            $(pub use crate::sdk::services::$name::messages::$more;)?

            #[doc = concat!("Creates a traced client of ", $title, ".")]
            ///
            #[doc = concat!("The client is the genuine [`", stringify!($sdk), "::Client`].")]
            ///
            /// # Examples
            ///
            /// ```no_run
            /// # async fn example() {
            /// let config = thundra_aws::load_config().await;
            #[doc = concat!("let client: ", stringify!($sdk), "::Client = thundra_aws::", $feature, "::client(&config);")]
            /// # }
            /// ```
            pub fn client(config: &aws_config::SdkConfig) -> $sdk::Client {
                $sdk::Client::from_conf($sdk::config::Builder::from(config).traced().build())
            }
        }
    )*};
}

services! {
    "eventbridge" eventbridge => aws_sdk_eventbridge, "EventBridge",
        "Each entry of `PutEvents` gets a `TraceHeader`. A detail that is a JSON object gets a `__context__` member.";
    "kinesis" kinesis => aws_sdk_kinesis, "Kinesis Data Streams",
        "A record that is a JSON object gets a `__context__` member. Other data does not change.", process;
    "lambda" lambda => aws_sdk_lambda, "Lambda",
        "For a synchronous invocation the ids go into the client context, beside the members of the caller. For an \
         asynchronous one they go into a payload that is a JSON object, as a `__context__` member.";
    "sfn" sfn => aws_sdk_sfn, "Step Functions",
        "Each start gets a `traceHeader`. An input that is a JSON object gets a `__context__` member, unless the \
         execution has a name: a named start is idempotent by its input.";
    "sns" sns => aws_sdk_sns, "SNS",
        "Messages get attributes of the type String, up to ten in all. With `MessageStructure=json` SNS drops \
         attributes, and such messages do not change.";
    "sqs" sqs => aws_sdk_sqs, "SQS",
        "Messages get attributes of the type String, up to ten in all, and the system attribute `AWSTraceHeader`.",
        process;
}
