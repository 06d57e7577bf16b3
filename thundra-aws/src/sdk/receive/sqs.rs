//! SQS: `ReceiveMessage`, and [`process`].
//!
//! A message comes with the attributes that were asked for and no others. Asked for besides are:
//!
//! - the system attributes `AWSTraceHeader` and `SentTimestamp`;
//! - the message attributes with our names.
//!
//! What the caller did not ask for is taken out of the answer before he sees it, and `MD5OfMessageAttributes` is
//! made [anew](attributes_md5) of those that remain: it is the digest of what an answer brings.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_sqs::operation::receive_message::{ReceiveMessageInput, ReceiveMessageOutput};
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as SystemName, QueueAttributeName,
};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use thundra_core::propagation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, Propagators, Trust, USER_AGENT,
};
use thundra_core::{ScopeRef, diagnostics, semconv};

use super::{Received, attributes_md5, receipt_cache};
use crate::batch::{self, Delivery};
use crate::sdk::request::last;
use crate::trigger::Extractor;
use crate::trigger::sqs::{Body, SqsMessage};

const TRACE_HEADER: &str = "AWSTraceHeader";
const SENT_TIMESTAMP: &str = "SentTimestamp";
/// What an id has at most.
const MAX_ID_BYTES: usize = 256;
/// What baggage and `tracestate` have at most.
const MAX_LONG_BYTES: usize = 8192;
/// What `AWSTraceHeader` has at most.
const MAX_SYSTEM_BYTES: usize = 1024;
/// Names that stand for all of them.
const ALL: [&str; 2] = ["All", ".*"];

/// Works on a message in a scope of its own: in its producer's trace, with its correlation ids.
///
/// The message is to come from a [traced client](crate::sqs::client), which asks SQS for what is needed and hides it from
/// everyone else; it is handed over as it was received. The result passes through, and what is done with the
/// message after that, such as deleting it, is up to the caller.
///
/// ```text
/// SQS.SendMessage [producer]              … another program
/// └ process jobs [consumer]               … this one
///   └ whatever is called or recorded in it
/// ```
///
/// A message older than an hour, and every one under `THUNDRA_BATCH_SPANS=link`, begins a trace of its own that
/// is linked to its producer. Within a scope, such as a Lambda invocation, it is a record of that scope's batch:
/// see [`batch`]. Outside of any its spans leave with the next flush: a program that calls [`init`](crate::init)
/// makes one about once a second.
///
/// # Errors
///
/// Those of `f`: they are recorded and passed on.
///
/// # Examples
///
/// ```no_run
/// # async fn ship(_: &str) -> Result<(), std::io::Error> { Ok(()) }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let _telemetry = thundra_aws::init();
/// let sqs = thundra_aws::sqs::client(&thundra_aws::load_config().await);
/// # let queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
/// loop {
///     let received = sqs.receive_message().queue_url(queue).wait_time_seconds(20).send().await?;
///     for message in received.messages.unwrap_or_default() {
///         let receipt = message.receipt_handle.clone();
///         thundra_aws::sqs::process(message, async |message| ship(message.body().unwrap_or_default()).await).await?;
///         sqs.delete_message().queue_url(queue).set_receipt_handle(receipt).send().await?;
///     }
/// }
/// # }
/// ```
pub async fn process<R, E, F, Fut>(message: Message, f: F) -> Result<R, E>
where
    E: Display,
    F: FnOnce(Message) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    let hidden = message.receipt_handle.as_deref().and_then(receipt_cache::get).unwrap_or_default();
    let delivery = describe(&message, &hidden, thundra_core::config().propagators);
    let in_scope = || {
        tell_of_evicted();
        f(message)
    };
    batch::one(delivery, thundra_core::config(), in_scope).await
}

/// Says of how many messages too many others were received before they were processed. Where the span is not recorded,
/// the next one says so.
fn tell_of_evicted() {
    let Some(scope) = ScopeRef::current().filter(ScopeRef::recorded) else { return };
    let evicted = receipt_cache::evicted();
    if evicted > 0 {
        scope.set_attribute(semconv::THUNDRA_EVICTED_MESSAGES, evicted);
        diagnostics::once(
            "receive.evicted",
            "more than 1000 SQS messages were received before thundra_aws::sqs::process had the first of them: it is \
             worked on without its trace and its correlation ids, as are those after it (said once)",
        );
    }
}

/// What a message came with that its receiver did not ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    queue: Option<Arc<str>>,
    system: HashMap<SystemName, String>,
    attributes: HashMap<String, MessageAttributeValue>,
}

impl Hidden {
    /// Whether it tells of the sender.
    pub(super) fn has_context(&self) -> bool {
        !self.attributes.is_empty() || self.system.contains_key(&SystemName::AwsTraceHeader)
    }

    #[cfg(test)]
    pub(super) fn of_trace(header: &str) -> Self {
        Hidden { system: HashMap::from([(SystemName::AwsTraceHeader, header.to_owned())]), ..Hidden::default() }
    }
}

/// What a call asks for beside what its caller wants.
#[derive(Debug)]
pub(crate) struct Asked {
    queue: Option<Arc<str>>,
    system: Vec<SystemName>,
    /// The message attributes that the caller wants, where others are asked for too.
    theirs: Option<Vec<String>>,
}

impl Storable for Asked {
    type Storer = StoreReplace<Self>;
}

/// `None` when this is another operation's input.
pub(super) fn ask(input: &mut Input, formats: Propagators) -> Option<Asked> {
    let receive = input.downcast_mut::<ReceiveMessageInput>().filter(|_| formats != Propagators::NONE)?;
    let queue = receive.queue_url.as_deref().map(|url| last(url, '/').into());
    let wanted = [TRACE_HEADER, SENT_TIMESTAMP].into_iter().filter(|name| formats.xray || *name != TRACE_HEADER);
    // The older of two members that mean the same: the request keeps to the one its caller uses, and what he asks
    // for in either is his.
    #[allow(deprecated)]
    let (older, newer) = (&mut receive.attribute_names, &mut receive.message_system_attribute_names);
    let older = older.as_mut().filter(|names| !names.is_empty());
    let of_older = older.iter().flat_map(|names| names.iter()).map(QueueAttributeName::as_str);
    let asked: Vec<&str> = of_older.chain(newer.iter().flatten().map(SystemName::as_str)).collect();
    let has = |wanted: &str| asked.iter().any(|name| ALL.contains(name) || *name == wanted);
    let system: Vec<SystemName> = wanted.filter(|name| !has(name)).map(SystemName::from).collect();
    match older {
        Some(names) if newer.as_ref().is_none_or(Vec::is_empty) => {
            names.extend(system.iter().map(|name| QueueAttributeName::from(name.as_str())));
        }
        _ => newer.get_or_insert_default().extend_from_slice(&system),
    }
    let theirs = receive.message_attribute_names.clone().unwrap_or_default();
    let ours: Vec<String> = names(formats).into_iter().filter(|name| !covers(&theirs, name)).collect();
    let asks = !ours.is_empty();
    if asks {
        receive.message_attribute_names.get_or_insert_default().extend(ours);
    }
    Some(Asked { queue, system, theirs: asks.then_some(theirs) })
}

/// Whether one of these names, of which some stand for all that begin alike, asks for an attribute.
fn covers(names: &[String], attribute: &str) -> bool {
    names.iter().any(|name| match name.strip_suffix(".*") {
        Some(prefix) => attribute.starts_with(prefix),
        None => name == attribute || ALL.contains(&name.as_str()),
    })
}

/// The attributes that we write, as far as these formats have them.
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

/// `None` when this is another operation's output.
pub(super) fn answer(output: &mut Output, asked: &Asked) -> Option<Received> {
    let messages = output.downcast_mut::<ReceiveMessageOutput>()?.messages.as_deref_mut().unwrap_or_default();
    let mut producers = Vec::new();
    let in_scope = thundra_core::ScopeRef::current().is_some();
    for message in messages.iter_mut() {
        let hidden = hide(message, asked);
        if in_scope {
            producers.extend(describe(message, &hidden, thundra_core::config().propagators).into_producer());
        }
        if let Some(receipt) = &message.receipt_handle {
            receipt_cache::keep(receipt.clone(), hidden);
        }
    }
    Some(Received { messages: messages.len(), producers })
}

/// Takes out of a message what its receiver did not ask for.
fn hide(message: &mut Message, asked: &Asked) -> Hidden {
    let mut hidden = Hidden { queue: asked.queue.clone(), ..Hidden::default() };
    if let Some(system) = &mut message.attributes {
        let taken: Vec<_> = asked.system.iter().filter_map(|name| system.remove_entry(name)).collect();
        if !taken.is_empty() && system.is_empty() {
            message.attributes = None;
        }
        hidden.system = taken.into_iter().filter(|(_, value)| value.len() <= MAX_SYSTEM_BYTES).collect();
    }
    if let Some(theirs) = &asked.theirs
        && let Some(attributes) = &mut message.message_attributes
    {
        let taken: Vec<_> = attributes.extract_if(|name, _| !covers(theirs, name)).collect();
        if !taken.is_empty() {
            // An answer without attributes has no digest of them.
            message.md5_of_message_attributes = attributes_md5::of(attributes).filter(|_| !attributes.is_empty());
            message.message_attributes.take_if(|attributes| attributes.is_empty());
        }
        hidden.attributes = taken.into_iter().filter(|(name, value)| is_worth_keeping(name, value)).collect();
    }
    hidden
}

/// Whether this can be read as one of ours: a producer may write nearly a megabyte under a name of ours, and it
/// would stay in memory until others have come.
fn is_worth_keeping(name: &str, value: &MessageAttributeValue) -> bool {
    let is_long = ["baggage", "tracestate"].iter().any(|long| name.eq_ignore_ascii_case(long));
    let is_printable = |value: &str| value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let fits = |value: &str| if is_long { value.len() <= MAX_LONG_BYTES } else { value.len() <= MAX_ID_BYTES };
    value.binary_value.is_none() && value.string_value().is_some_and(|value| fits(value) && is_printable(value))
}

fn describe(message: &Message, hidden: &Hidden, formats: Propagators) -> Delivery {
    let system = |name: &str| {
        let name = SystemName::from(name);
        hidden.system.get(&name).or_else(|| message.attributes.as_ref()?.get(&name)).map(|text| text.as_str().into())
    };
    let attributes = message.message_attributes.iter().flatten().chain(&hidden.attributes);
    let attributes = attributes.filter_map(|(name, value)| Some((name.as_str().into(), value.string_value()?.into())));
    let read = SqsMessage {
        id: message.message_id.as_deref().map(Into::into),
        body: Body::Text(message.body.as_deref().unwrap_or_default()),
        attributes: attributes.collect(),
        trace_header: system(TRACE_HEADER),
        sent_timestamp: system(SENT_TIMESTAMP),
    };
    batch::sqs_delivery(hidden.queue.as_deref(), read, Extractor::new(formats, Trust::Full))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system attributes and the message attributes that are asked for, given those of the caller.
    #[allow(deprecated)]
    fn asked(change: impl FnOnce(&mut ReceiveMessageInput)) -> ([String; 3], Vec<SystemName>, Option<Vec<String>>) {
        let mut receive = ReceiveMessageInput::builder().queue_url("https://sqs/1/jobs").build().unwrap();
        change(&mut receive);
        let mut input = Input::erase(receive);
        let asked = ask(&mut input, Propagators::default()).unwrap();
        let receive = input.downcast_ref::<ReceiveMessageInput>().unwrap();
        let older = receive.attribute_names().iter().map(QueueAttributeName::as_str);
        let system = receive.message_system_attribute_names().iter().map(SystemName::as_str);
        let joined = [
            older.collect::<Vec<_>>().join(" "),
            system.collect::<Vec<_>>().join(" "),
            receive.message_attribute_names().join(" "),
        ];
        (joined, asked.system, asked.theirs)
    }

    #[test]
    #[allow(deprecated)]
    fn asked_for_is_what_is_needed_and_what_the_caller_wants() {
        const OURS: &str = "x-correlation-id call-chain-length debug-log-enabled x-correlation-traceparent \
            x-correlation-.* User-Agent traceparent tracestate baggage";
        let none = || Some(Vec::new());
        let both = || vec![SystemName::AwsTraceHeader, SystemName::SentTimestamp];
        assert_eq!(asked(|_| {}), (["", "AWSTraceHeader SentTimestamp", OURS].map(str::to_owned), both(), none()));
        let all = asked(|receive| {
            receive.message_system_attribute_names = Some(vec![SystemName::All]);
            receive.message_attribute_names = Some(vec!["All".to_owned()]);
        });
        assert_eq!(all, (["", "All", "All"].map(str::to_owned), vec![], None));
        let some = asked(|receive| {
            receive.message_system_attribute_names = Some(vec![SystemName::SentTimestamp]);
            receive.message_attribute_names = Some(vec!["tenant".to_owned()]);
        });
        let names = ["", "SentTimestamp AWSTraceHeader", &format!("tenant {OURS}")].map(str::to_owned);
        assert_eq!(some, (names, vec![SystemName::AwsTraceHeader], Some(vec!["tenant".to_owned()])));
        let older = asked(|receive| receive.attribute_names = Some(vec![QueueAttributeName::from("SenderId")]));
        assert_eq!(older, (["SenderId AWSTraceHeader SentTimestamp", "", OURS].map(str::to_owned), both(), none()));
        let empty = asked(|receive| {
            receive.attribute_names = Some(vec![QueueAttributeName::All]);
            receive.message_system_attribute_names = Some(vec![]);
        });
        assert_eq!(empty, (["All", "", OURS].map(str::to_owned), vec![], none()), "an empty newer list is none");
        let both_lists = asked(|receive| {
            receive.attribute_names = Some(vec![QueueAttributeName::from("SentTimestamp")]);
            receive.message_system_attribute_names = Some(vec![SystemName::SenderId]);
        });
        let names = ["SentTimestamp", "SenderId AWSTraceHeader", OURS].map(str::to_owned);
        assert_eq!(both_lists, (names, vec![SystemName::AwsTraceHeader], none()));
        let all_in_older = asked(|receive| {
            receive.attribute_names = Some(vec![QueueAttributeName::All]);
            receive.message_system_attribute_names = Some(vec![SystemName::SenderId]);
        });
        assert_eq!(all_in_older, (["All", "SenderId", OURS].map(str::to_owned), vec![], none()));
        let mut input = Input::erase(ReceiveMessageInput::builder().build().unwrap());
        assert!(ask(&mut input, Propagators::NONE).is_none());
    }

    #[test]
    fn asked_for_is_nothing_that_the_caller_has_asked_for() {
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
            let ([_, _, names], _, _) = asked(|receive| receive.message_attribute_names = Some(theirs));
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn what_cannot_be_ours_is_not_kept() {
        let text =
            |value: String| MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap();
        let given = [
            ("x-correlation-order", "o".repeat(256), true),
            ("x-correlation-long", "o".repeat(257), false),
            ("x-correlation-huge", "o".repeat(1_000_000), false),
            ("x-correlation-lines", "a\nb".to_owned(), false),
            ("x-correlation-letters", "grün".to_owned(), false),
            ("baggage", "b".repeat(8192), true),
            ("tracestate", "b".repeat(8193), false),
        ];
        let mut message = Message::builder()
            .attributes(SystemName::AwsTraceHeader, "x".repeat(1025))
            .attributes(SystemName::SentTimestamp, "1")
            .build();
        let attributes = given.iter().map(|(name, value, _)| ((*name).to_owned(), text(value.clone())));
        message.message_attributes = Some(attributes.collect());
        let system = vec![SystemName::AwsTraceHeader, SystemName::SentTimestamp];
        let hidden = hide(&mut message, &Asked { queue: None, system, theirs: Some(Vec::new()) });
        for (name, _, kept) in given {
            assert_eq!(hidden.attributes.contains_key(name), kept, "{name}");
        }
        assert_eq!(hidden.system.into_keys().collect::<Vec<_>>(), [SystemName::SentTimestamp]);
        assert_eq!(message, Message::builder().build(), "hidden is all of it");
    }
}
