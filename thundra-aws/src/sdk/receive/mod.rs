//! Queues and streams that a program reads by itself, without Lambda between them.
//!
//! Lambda hands over what a message carries. Who asks a queue gets what he asked for: so [a call for
//! messages](sqs) asks for our attributes too, and takes them out of the answer again, where nobody sees them but
//! [`process`](crate::sqs::process). A Kinesis record has everything in its data.

#[cfg(feature = "sqs")]
mod attributes_md5;
#[cfg(feature = "kinesis")]
pub(crate) mod kinesis;
#[cfg(feature = "sqs")]
mod receipt_cache;
#[cfg(feature = "sqs")]
pub(crate) mod sqs;

use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_types::config_bag::ConfigBag;
use thundra_core::TraceContext;

/// What an answer brought.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) messages: usize,
    /// The spans that sent them, as far as they are known.
    pub(crate) producers: Vec<TraceContext>,
}

/// Asks for what [`process`](crate::sqs::process) needs, where an input is one that receives messages.
#[allow(unused_variables)]
pub(crate) fn ask(input: &mut Input, config: &mut ConfigBag) {
    #[cfg(feature = "sqs")]
    if config.load::<sqs::Asked>().is_none()
        && let Some(asked) = sqs::ask(input, thundra_core::config().propagators)
    {
        config.interceptor_state().store_put(asked);
    }
}

/// Gives the caller the answer that he asked for; `None` for another operation's.
#[allow(unused_variables)]
pub(crate) fn answer(output: &mut Output, config: &mut ConfigBag) -> Option<Received> {
    #[cfg(feature = "sqs")]
    if let Some(asked) = config.load::<sqs::Asked>() {
        let received = sqs::answer(output, asked);
        // A second interceptor would find nothing there and keep that.
        config.interceptor_state().unset::<sqs::Asked>();
        return received;
    }
    #[cfg(feature = "kinesis")]
    if let Some(records) = output.downcast_ref::<aws_sdk_kinesis::operation::get_records::GetRecordsOutput>() {
        let records = records.records.as_slice();
        let in_scope = thundra_core::ScopeRef::current().is_some();
        let producers = in_scope.then(|| kinesis::producers(records, thundra_core::config().propagators));
        return Some(Received { messages: records.len(), producers: producers.unwrap_or_default() });
    }
    None
}
