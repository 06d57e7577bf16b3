//! The trigger of an invocation, read from the bytes of the event.
//!
//! [`detect`] recognises the event sources in the table [`SOURCES`](table::SOURCES). Each row is a file of this module,
//! or a row of the file [`services`] if the source carries no context. Any other event, well-formed or not, has the
//! source `other`. Nothing fails, and the handler receives the event unchanged.
//!
//! A new source takes a file with a `Source` and a row in the table. A source with records for `batch` also takes a
//! file in `batch`. A source of untrusted callers gives the trigger the [`edge_trust`].
//!
//! # Cost
//!
//! The time is linear in the bytes read. Records are read once, and only if the first record is of a known source.
//! Requests are read up to the `body`.
//!
//! # Trust
//!
//! Queues, streams and invokes come from AWS on behalf of the account, and are trusted. At the public edge (API
//! Gateway, function URLs, load balancers, CloudFront, AppSync, IoT devices) the function takes the trace context and
//! well-formed ids. The function obeys neither the sampling flag nor the debug switch, unless AWS authenticated the
//! caller by IAM or the environment has `THUNDRA_TRUST=all`. The same rule holds for services that speak with people
//! (Lex, Connect, …). A Cognito identity is an end user, possibly a guest, and never trusted by IAM.
//!
//! # Privacy
//!
//! Attributes hold no payload, no credential and no value of a query. `url.query` has the names, each with the value
//! `REDACTED`. Every text is cut at 2,048 bytes, and most texts of a request earlier.

mod event;
mod first_record;
mod iam;
mod message;
mod parse;
mod source;
mod table;

mod cloud_events;
mod destination;
mod direct;
mod documentdb;
mod durable;
mod event_bridge;
mod event_bus;
mod http;
mod iot;
mod kinesis_analytics;
mod s3;
pub(crate) mod s3_batch;
mod s3_object_lambda;
mod schedule;
mod services;
mod sns;
mod step_functions;

#[cfg_attr(not(feature = "batch"), allow(dead_code))]
pub(crate) mod dynamodb;
#[cfg_attr(not(feature = "batch"), allow(dead_code))]
pub(crate) mod firehose;
#[cfg_attr(not(feature = "batch"), allow(dead_code))]
pub(crate) mod kafka;
pub(crate) mod kinesis;
#[cfg_attr(not(feature = "batch"), allow(dead_code))]
pub(crate) mod mq;
pub(crate) mod sqs;
pub(crate) mod warmup;

use std::ops::Range;
use std::time::{Duration, SystemTime};

use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{Config, Value, semconv};

pub(crate) use durable::Execution;
pub(crate) use first_record::detect_first;
pub(crate) use message::Message;
#[cfg(test)]
pub(crate) use parse::aggregate::tests::aggregated;
#[cfg(feature = "batch")]
pub(crate) use parse::aggregate::{Aggregate, UserRecord};
pub(crate) use parse::arn;
#[cfg_attr(not(feature = "batch"), allow(unused_imports))]
pub(crate) use parse::extract::Extractor;
#[cfg(feature = "kinesis")]
pub(crate) use parse::packed::contexts;
pub(crate) use source::{FaasTrigger, Source};

use crate::attributes::{Attributes, all_bounded, bound_all, bounded};
use table::{OTHER, recognise};

/// `false` in a build without the feature `triggers`, which reads no event. The compiler then drops the code behind
/// everything read from events.
const READS: bool = cfg!(feature = "triggers");

/// The trigger of an invocation.
#[derive(Debug)]
pub(crate) struct Trigger {
    /// The source of the event.
    pub(crate) source: &'static Source,
    /// The kind of the source; for a durable execution, of the source of the input.
    pub(crate) faas_trigger: FaasTrigger,
    /// The trust in the caller, for the event and for the headers beside the event.
    pub(crate) trust: Trust,
    /// `true` for a batch whose messages are read later.
    is_read_later: bool,
    /// `true` for a list of records from a pipe of EventBridge.
    pub(crate) is_pipe: bool,
    /// `true` if the response of the function has a `statusCode` for the client.
    pub(crate) has_status: bool,
    /// The name of the root span. `None` for the name of the function.
    pub(crate) span_name: Option<String>,
    /// The attributes of the root span, including `faas.trigger`.
    pub(crate) attributes: Attributes,
    messages: Vec<Message>,
    forwarded: Option<Inbound>,
    context_ranges: Vec<Range<usize>>,
    default_correlation_id: Option<String>,
    execution: Option<Execution>,
}

impl Trigger {
    fn new(source: &'static Source, trust: Trust) -> Self {
        Trigger {
            source,
            faas_trigger: source.faas_trigger,
            trust,
            is_read_later: false,
            is_pipe: false,
            has_status: false,
            span_name: None,
            attributes: vec![(semconv::FAAS_TRIGGER, source.faas_trigger.as_str().into())],
            messages: Vec::new(),
            forwarded: None,
            context_ranges: Vec::new(),
            default_correlation_id: None,
            execution: None,
        }
    }

    /// Returns `true` for several messages. An invocation links to the senders of several messages, and is the child of
    /// the sender of a single message.
    pub(crate) fn is_batch(&self) -> bool {
        READS && (self.is_read_later || self.messages.len() > 1)
    }

    /// Returns the messages in the event. A request is a single message, and each record is a message. An event without
    /// a sender holds no message.
    #[inline]
    pub(crate) fn messages(&self) -> &[Message] {
        if READS { &self.messages } else { &[] }
    }

    /// Returns the context of a program that forwarded the event of another source to the function.
    #[inline]
    pub(crate) fn forwarded(&self) -> Option<&Inbound> {
        self.forwarded.as_ref().filter(|_| READS)
    }

    /// Returns the ranges to cut from the event to remove each `__context__`, in order.
    #[inline]
    pub(crate) fn context_ranges(&self) -> &[Range<usize>] {
        if READS { &self.context_ranges } else { &[] }
    }

    /// Returns the correlation id of an invocation without a correlation id from the caller. With API Gateway, the id
    /// is the request id, which the client gets too.
    #[inline]
    pub(crate) fn default_correlation_id(&self) -> Option<&str> {
        self.default_correlation_id.as_deref().filter(|_| READS)
    }

    /// Returns the durable execution of the invocation.
    #[inline]
    pub(crate) fn execution(&self) -> Option<&Execution> {
        self.execution.as_ref().filter(|_| READS)
    }

    /// Returns the longest wait of a message for work that begins `now`.
    pub(crate) fn queue_time(&self, now: SystemTime) -> Option<Duration> {
        self.messages().iter().filter_map(|message| message.queue_time(now)).max()
    }

    /// Returns the extractor for the contexts in the event.
    fn extractor(&self, config: &Config) -> Extractor<'static> {
        Extractor::of(config, self.trust)
    }

    fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.attributes.push((key, bounded(value.into())));
    }

    fn set_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    fn set_all(&mut self, attributes: Attributes) {
        self.attributes.extend(all_bounded(attributes));
    }

    /// Takes the messages of the event. A single message lends its attributes to the root span.
    fn deliver(&mut self, messages: impl IntoIterator<Item = Message>) {
        self.messages.extend(messages);
        self.messages.iter_mut().for_each(|message| bound_all(&mut message.attributes));
        if let [only] = self.messages.as_slice() {
            self.attributes.extend(only.attributes.iter().cloned());
        }
    }

    /// Takes the messages of the event, with context ranges in the text of the event, and cuts the contexts out.
    fn deliver_without_contexts(&mut self, messages: Vec<Message>) {
        self.context_ranges = messages.iter().filter_map(|message| message.context_range.clone()).collect();
        self.deliver(messages);
    }
}

/// Returns the name of the source of an event.
#[cfg(feature = "batch")]
pub(crate) fn source_name(text: &[u8]) -> &'static str {
    recognise(text, |_| true).and_then(|(_, source)| source).unwrap_or(&OTHER).name
}

/// Recognises an event. `caller` is the trust in the caller of the function.
///
/// Without the feature `triggers`, nothing is read, and the event may come from anyone.
pub(crate) fn detect(text: &[u8], config: &Config, caller: Trust) -> Trigger {
    if !READS {
        return Trigger::new(&OTHER, edge_trust(config));
    }
    detect_among(text, config, caller, |_| true)
}

/// Recognises an event of a selected source.
fn detect_among(text: &[u8], config: &Config, caller: Trust, is_selected: fn(&Source) -> bool) -> Trigger {
    let recognised = recognise(text, is_selected);
    // The text is empty for a handler in place, because the event is not visible and may come from anyone.
    let is_edge = recognised.as_ref().map_or(text.trim_ascii().is_empty(), |(event, _)| event.is_from_device());
    let trust = if is_edge { edge_trust(config) } else { caller };
    let trigger = recognised.and_then(|(event, source)| {
        let mut trigger = Trigger::new(source?, trust);
        if trigger.source.is_pipe(&event) {
            trigger.is_pipe = true;
            trigger.set(semconv::THUNDRA_TRIGGER_PIPE, true);
        }
        (trigger.source.read)(&mut trigger, &event, config)?;
        direct::read_forwarded(&mut trigger, &event, &Extractor::of(config, trust));
        Some(trigger)
    });
    trigger.unwrap_or_else(|| Trigger::new(&OTHER, trust))
}

/// Returns the trust in callers at the public edge.
pub(crate) fn edge_trust(config: &Config) -> Trust {
    if config.trust_all { Trust::Full } else { Trust::Edge }
}

/// Returns the common value of all records.
fn common<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests;
