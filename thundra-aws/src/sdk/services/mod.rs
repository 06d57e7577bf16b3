//! The services.

pub(crate) mod dynamodb;
#[cfg(feature = "eventbridge")]
pub(crate) mod eventbridge;
#[cfg(feature = "kinesis")]
pub(crate) mod kinesis;
#[cfg(feature = "lambda")]
pub(crate) mod lambda;
#[cfg(feature = "sfn")]
pub(crate) mod sfn;
#[cfg(feature = "sns")]
pub(crate) mod sns;
#[cfg(feature = "sqs")]
pub(crate) mod sqs;
