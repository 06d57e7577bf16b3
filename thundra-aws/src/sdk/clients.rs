//! Clients that are traced: always the genuine ones of the SDK.

#[cfg(feature = "config")]
use aws_config::{BehaviorVersion, SdkConfig};

/// Loads the configuration of the AWS SDK from the environment: region, credentials, endpoints, retries.
///
/// It is `aws_config::load_defaults` with the latest behaviour, and a configuration made in any other way does
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

/// Makes a traced client of any AWS SDK crate from an `SdkConfig`.
///
/// The crate is the caller's dependency, and the client its own, genuine type. Services that carry messages
/// have a module here instead, such as `thundra_aws::sns`.
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

/// Adds tracing to the config builder of an AWS client, for one that is customised.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqs")] {
/// use thundra_aws::Traced;
///
/// # let config = aws_types::SdkConfig::builder().behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest()).build();
/// let config = aws_sdk_sqs::config::Builder::from(&config).traced().build();
/// let sqs = aws_sdk_sqs::Client::from_conf(config);
/// # }
/// ```
#[cfg(feature = "config")]
pub trait Traced {
    /// Adds the [interceptor](crate::interceptor()). A second call changes nothing.
    #[must_use]
    fn traced(self) -> Self;
}

macro_rules! services {
    ($($feature:literal $name:ident => $sdk:ident, $title:literal, $carrier:literal $(, $more:ident)?;)*) => {$(
        #[cfg(feature = $feature)]
        impl Traced for $sdk::config::Builder {
            fn traced(self) -> Self {
                self.interceptor(crate::interceptor())
            }
        }

        #[doc = concat!($title, ": the client, and our context in what it sends.")]
        ///
        #[doc = $carrier]
        #[cfg(feature = $feature)]
        pub mod $name {
            use super::Traced as _;
            $(pub use crate::sdk::receive::$name::$more;)?

            #[doc = concat!("A traced client of ", $title, ".")]
            ///
            #[doc = concat!("It is the genuine one: [`", stringify!($sdk), "::Client`].")]
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
        "Each entry of `PutEvents` gets a `TraceHeader`, and a detail that is a JSON object `__context__`.";
    "kinesis" kinesis => aws_sdk_kinesis, "Kinesis Data Streams",
        "A record that is a JSON object gets `__context__`; other data is left alone.", process;
    "lambda" lambda => aws_sdk_lambda, "Lambda",
        "Where the caller waits for the answer it goes into the client context, beside the caller's own; else a \
         payload that is a JSON object gets `__context__`.";
    "sfn" sfn => aws_sdk_sfn, "Step Functions",
        "Each start gets a `traceHeader`, and an input that is a JSON object `__context__`: but not where the \
         execution has a name, which makes the start idempotent by its input.";
    "sns" sns => aws_sdk_sns, "SNS",
        "Messages get String attributes, ten in all; not where `MessageStructure` is `json`, which loses them.";
    "sqs" sqs => aws_sdk_sqs, "SQS",
        "Messages get String attributes, ten in all, and the system attribute `AWSTraceHeader`.", process;
}
