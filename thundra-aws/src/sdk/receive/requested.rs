//! The attributes requested in a `ReceiveMessage`, beside the requests of the caller:
//!
//! - the system attributes `AWSTraceHeader`, `SentTimestamp` and `ApproximateReceiveCount`;
//! - the message attributes with our names.

use std::sync::Arc;

use aws_sdk_sqs::operation::receive_message::ReceiveMessageInput;
use aws_sdk_sqs::types::{MessageSystemAttributeName as SystemName, QueueAttributeName};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use thundra_core::propagation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, Propagators, USER_AGENT,
};

pub(super) const TRACE_HEADER: &str = "AWSTraceHeader";
pub(super) const SENT_TIMESTAMP: &str = "SentTimestamp";
pub(super) const RECEIVE_COUNT: &str = "ApproximateReceiveCount";
/// Names for every attribute.
const ALL: [&str; 2] = ["All", ".*"];

/// The attributes added to a request.
#[derive(Debug)]
pub(super) struct Requested {
    /// Name of the queue. A message does not have the name.
    pub(super) queue: Option<Arc<str>>,
    /// System attributes added for the interceptor.
    pub(super) system: Vec<SystemName>,
    /// Message attributes requested by the caller. `None` if no attribute was added.
    pub(super) callers: Option<Vec<String>>,
}

impl Storable for Requested {
    type Storer = StoreReplace<Self>;
}

/// Adds attributes to the input of `ReceiveMessage`. Returns `None` for any other input.
pub(super) fn add(input: &mut Input, formats: Propagators) -> Option<Requested> {
    let receive = input.downcast_mut::<ReceiveMessageInput>().filter(|_| formats != Propagators::NONE)?;
    let queue = receive.queue_url.as_deref().and_then(|url| url.rsplit('/').next()).map(Arc::from);
    let wanted = [TRACE_HEADER, SENT_TIMESTAMP, RECEIVE_COUNT];
    let wanted = wanted.into_iter().filter(|name| formats.xray || *name != TRACE_HEADER);
    // Two members mean the same, and the older one is deprecated. The request keeps to the member that the caller uses.
    #[allow(deprecated)]
    let (older, newer) = (&mut receive.attribute_names, &mut receive.message_system_attribute_names);
    let older = older.as_mut().filter(|names| !names.is_empty());
    let of_older = older.iter().flat_map(|names| names.iter()).map(QueueAttributeName::as_str);
    let callers: Vec<&str> = of_older.chain(newer.iter().flatten().map(SystemName::as_str)).collect();
    let has = |wanted: &str| callers.iter().any(|name| ALL.contains(name) || *name == wanted);
    let system: Vec<SystemName> = wanted.filter(|name| !has(name)).map(SystemName::from).collect();
    match older {
        Some(names) if newer.as_ref().is_none_or(Vec::is_empty) => {
            names.extend(system.iter().map(|name| QueueAttributeName::from(name.as_str())));
        }
        _ => newer.get_or_insert_default().extend_from_slice(&system),
    }
    let callers = receive.message_attribute_names.clone().unwrap_or_default();
    let ours: Vec<String> = names(formats).into_iter().filter(|name| !covers(&callers, name)).collect();
    let adds = !ours.is_empty();
    if adds {
        receive.message_attribute_names.get_or_insert_default().extend(ours);
    }
    Some(Requested { queue, system, callers: adds.then_some(callers) })
}

/// Returns `true` if the requested names cover an attribute. A name ending in `.*` covers a prefix.
pub(super) fn covers(names: &[String], attribute: &str) -> bool {
    names.iter().any(|name| match name.strip_suffix(".*") {
        Some(prefix) => attribute.starts_with(prefix),
        None => name == attribute || ALL.contains(&name.as_str()),
    })
}

/// Returns the names of our attributes in these formats.
fn names(formats: Propagators) -> Vec<String> {
    let correlation =
        [CORRELATION_ID, CALL_CHAIN_LENGTH, DEBUG_LOG_ENABLED, CORRELATION_TRACEPARENT, "x-correlation-.*", USER_AGENT];
    let names = [
        (formats.correlation, &correlation[..]),
        (formats.tracecontext, &["traceparent", "tracestate"]),
        (formats.baggage, &["baggage"]),
    ];
    let names = names.into_iter().filter(|(written, _)| *written).flat_map(|(_, names)| names);
    names.map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the requested attributes, given the change of the caller.
    #[allow(deprecated)]
    fn requested(change: impl FnOnce(&mut ReceiveMessageInput)) -> ([String; 3], Vec<SystemName>, Option<Vec<String>>) {
        let mut receive = ReceiveMessageInput::builder().queue_url("https://sqs/1/jobs").build().unwrap();
        change(&mut receive);
        let mut input = Input::erase(receive);
        let requested = add(&mut input, Propagators::default()).unwrap();
        let receive = input.downcast_ref::<ReceiveMessageInput>().unwrap();
        let older = receive.attribute_names().iter().map(QueueAttributeName::as_str);
        let system = receive.message_system_attribute_names().iter().map(SystemName::as_str);
        let joined = [
            older.collect::<Vec<_>>().join(" "),
            system.collect::<Vec<_>>().join(" "),
            receive.message_attribute_names().join(" "),
        ];
        (joined, requested.system, requested.callers)
    }

    #[test]
    #[allow(deprecated)]
    fn a_request_has_what_is_needed_and_what_the_caller_wants() {
        const OURS: &str = "x-correlation-id call-chain-length debug-log-enabled x-correlation-traceparent \
            x-correlation-.* User-Agent traceparent tracestate baggage";
        let none = || Some(Vec::new());
        let all_three =
            || vec![SystemName::AwsTraceHeader, SystemName::SentTimestamp, SystemName::ApproximateReceiveCount];
        assert_eq!(
            requested(|_| {}),
            (
                ["", "AWSTraceHeader SentTimestamp ApproximateReceiveCount", OURS].map(str::to_owned),
                all_three(),
                none()
            )
        );
        let all = requested(|receive| {
            receive.message_system_attribute_names = Some(vec![SystemName::All]);
            receive.message_attribute_names = Some(vec!["All".to_owned()]);
        });
        assert_eq!(all, (["", "All", "All"].map(str::to_owned), vec![], None));
        let some = requested(|receive| {
            receive.message_system_attribute_names = Some(vec![SystemName::SentTimestamp]);
            receive.message_attribute_names = Some(vec!["tenant".to_owned()]);
        });
        let names =
            ["", "SentTimestamp AWSTraceHeader ApproximateReceiveCount", &format!("tenant {OURS}")].map(str::to_owned);
        assert_eq!(
            some,
            (
                names,
                vec![SystemName::AwsTraceHeader, SystemName::ApproximateReceiveCount],
                Some(vec!["tenant".to_owned()])
            )
        );
        let older = requested(|receive| receive.attribute_names = Some(vec![QueueAttributeName::from("SenderId")]));
        assert_eq!(
            older,
            (
                ["SenderId AWSTraceHeader SentTimestamp ApproximateReceiveCount", "", OURS].map(str::to_owned),
                all_three(),
                none()
            )
        );
        let empty = requested(|receive| {
            receive.attribute_names = Some(vec![QueueAttributeName::All]);
            receive.message_system_attribute_names = Some(vec![]);
        });
        assert_eq!(empty, (["All", "", OURS].map(str::to_owned), vec![], none()), "an empty newer list is none");
        let both_lists = requested(|receive| {
            receive.attribute_names = Some(vec![QueueAttributeName::from("SentTimestamp")]);
            receive.message_system_attribute_names = Some(vec![SystemName::SenderId]);
        });
        let names = ["SentTimestamp", "SenderId AWSTraceHeader ApproximateReceiveCount", OURS].map(str::to_owned);
        assert_eq!(both_lists, (names, vec![SystemName::AwsTraceHeader, SystemName::ApproximateReceiveCount], none()));
        let all_in_older = requested(|receive| {
            receive.attribute_names = Some(vec![QueueAttributeName::All]);
            receive.message_system_attribute_names = Some(vec![SystemName::SenderId]);
        });
        assert_eq!(all_in_older, (["All", "SenderId", OURS].map(str::to_owned), vec![], none()));
        let mut input = Input::erase(ReceiveMessageInput::builder().build().unwrap());
        assert!(add(&mut input, Propagators::NONE).is_none());
    }

    #[test]
    fn nothing_is_requested_twice() {
        const CORRELATION: &str = "x-correlation-id call-chain-length debug-log-enabled x-correlation-traceparent x-correlation-.* User-Agent";
        for (theirs, expected) in [
            (&["All"][..], "All".to_owned()),
            (&["tenant", ".*"], "tenant .*".to_owned()),
            (&["trace.*", "baggage"], format!("trace.* baggage {CORRELATION}")),
            (
                &["x-correlation-.*"],
                "x-correlation-.* call-chain-length debug-log-enabled User-Agent traceparent \
                tracestate baggage"
                    .to_owned(),
            ),
            (&["x-correlation-order"], format!("x-correlation-order {CORRELATION} traceparent tracestate baggage")),
            (&["x-correlation-o.*"], format!("x-correlation-o.* {CORRELATION} traceparent tracestate baggage")),
            (&["Traceparent"], format!("Traceparent {CORRELATION} traceparent tracestate baggage")),
        ] {
            let theirs = theirs.iter().map(|name| (*name).to_owned()).collect();
            let ([_, _, names], _, _) = requested(|receive| receive.message_attribute_names = Some(theirs));
            assert_eq!(names, expected);
        }
    }
}
