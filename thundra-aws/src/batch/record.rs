//! The scope of a record, for all sources.

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::propagation::{Inbound, ParentSource, Trust};
use thundra_core::{Config, NO_ATTRIBUTES, Scope, ScopeFlags, ScopeRef, SpanKind, TraceContext, semconv};

use crate::attributes::{Attributes, all_bounded, cut};
use crate::settings::{BatchSpans, QueueSpans, Settings};
use crate::trigger::{Extractor, Message};
use crate::{chain, hops, payload, queue_time};

/// A record from a queue or a stream.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The name of the queue or stream.
    destination: Option<String>,
    /// The attributes common to all records of the source.
    attributes: Attributes,
    message: Message,
}

impl Delivery {
    /// Describes a message from a queue or a stream.
    pub(super) fn new(destination: Option<&str>, attributes: Attributes, message: Message) -> Self {
        Delivery { destination: destination.map(str::to_owned), attributes, message }
    }

    /// Returns the span of the producer.
    #[cfg(feature = "sqs")]
    pub(crate) fn into_producer(self) -> Option<TraceContext> {
        self.message.inbound.parent
    }

    /// Removes the `__context__` from the payload of the record.
    pub(crate) fn without_context<'p>(&self, payload: Cow<'p, [u8]>) -> Cow<'p, [u8]> {
        match &self.message.context_range {
            Some(range) => payload::strip(&payload, range).into(),
            None => payload,
        }
    }
}

/// The surroundings of a batch, shared by all records.
pub(super) struct Surroundings<'c> {
    config: &'c Config,
    spans: BatchSpans,
    queue_spans: QueueSpans,
    /// The invocation triggered by the batch.
    pub(super) invocation: Option<ScopeRef>,
    /// The current span during the work on the batch.
    current: Option<TraceContext>,
    /// `true` if the event of the invocation has no other record: record and invocation are in the same chain of calls.
    is_alone: bool,
}

impl<'c> Surroundings<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        Surroundings {
            config,
            spans: Settings::of(config).batch_spans,
            queue_spans: Settings::of(config).queue_spans,
            invocation: ScopeRef::current(),
            current: thundra_core::current(),
            is_alone: false,
        }
    }

    /// Returns the surroundings of a batch with `count` records.
    pub(super) fn of_records(self, count: usize) -> Self {
        Surroundings { is_alone: count == 1, ..self }
    }

    /// Returns the reader of records. The reader trusts a record as far as the sender of the batch is trusted.
    pub(super) fn extractor(&self) -> Extractor<'static> {
        let is_untrusted =
            self.invocation.is_some_and(|invocation| invocation.flags().contains(ScopeFlags::UNTRUSTED_CALLER));
        Extractor::of(self.config, if is_untrusted { Trust::Edge } else { Trust::Full })
    }

    /// Begins the scope of a record, and takes the context out of the delivery.
    ///
    /// A record belongs to the trace of its producer, unless the invocation is the producer's child already, the user
    /// asked for links, or the trace has ended.
    pub(super) fn begin(&self, record: &mut Delivery) -> Scope {
        let message = &mut record.message;
        let is_old = message.is_old();
        let is_apart = is_old || self.spans == BatchSpans::Link;
        let mut inbound = std::mem::take(&mut message.inbound);
        let packed = std::mem::take(&mut message.packed);
        self.add_correlation_of_invocation(&mut inbound);
        let mut attributes = std::mem::take(&mut record.attributes);
        attributes.append(&mut message.attributes);
        let attributes = all_bounded(attributes);
        let name = match &record.destination {
            Some(name) => Cow::Owned(format!("process {}", cut(name))),
            None => Cow::Borrowed("process"),
        };
        let mut builder = Scope::builder(name).kind(SpanKind::Consumer).nested();
        match (&self.current, inbound.parent.clone()) {
            // An event of a single message: the invocation is the child of the producer, and the record is the child of
            // the invocation.
            (Some(current), Some(producer)) if current.trace_id == producer.trace_id => {
                inbound = below(current, inbound);
            }
            (Some(current), Some(producer)) if is_apart => {
                inbound = below(current, inbound);
                builder = builder.link(&producer, message_id(&attributes));
            }
            (Some(current), Some(_)) => builder = builder.link(current, NO_ATTRIBUTES),
            (Some(current), None) => inbound = below(current, inbound),
            // Without an invocation, the record begins a new trace.
            (None, Some(producer)) if is_apart => {
                inbound.parent = None;
                inbound.source = if is_old { ParentSource::Redrive } else { ParentSource::Batch };
                builder = builder.link(&producer, message_id(&attributes));
            }
            (None, None) if !packed.is_empty() => inbound.source = ParentSource::Batch,
            (None, _) => {}
        }
        for sender in &packed {
            if let Some(producer) = &sender.inbound.parent {
                builder = builder.link(producer, sender.attributes.iter().cloned());
            }
        }
        let waited = message.queue_time(SystemTime::now());
        builder = queue_time::describe(builder, waited, self.queue_spans);
        builder = hops::describe(builder, [&message.changes]);
        // The wait of a record below a span of this process would begin before the parent.
        if waited.is_some() && inbound.source != ParentSource::Local {
            builder = queue_time::precede(builder, message.sent_at, &attributes, self.queue_spans);
        }
        builder = builder.own_attributes(attributes);
        if let Some(context) = message.received_context.take() {
            builder = builder.received_context(context);
        }
        let scope = builder.parent(inbound).begin_with(self.config);
        chain::continue_longest(*scope, &packed, self.config);
        scope
    }

    /// Adds the correlation ids of the invocation under keys without an id of the record.
    fn add_correlation_of_invocation(&self, record: &mut Inbound) {
        let ids = self.invocation.and_then(|invocation| invocation.correlation());
        for (key, value) in ids.iter().flat_map(|ids| ids.iter()) {
            if record.correlation.get(key).is_none() {
                record.correlation.set(key, value);
            }
        }
        if self.is_alone && ids.is_some_and(|ids| ids.debug_log_enabled()) {
            record.correlation.draw_debug(|| true);
        }
    }
}

/// Returns the attribute with the name of a record, for the link to the producer.
fn message_id(attributes: &Attributes) -> Attributes {
    // A record of Kafka has an offset for an id.
    let ids = [semconv::MESSAGING_MESSAGE_ID, semconv::MESSAGING_KAFKA_OFFSET];
    let id = attributes.iter().filter(|(key, _)| ids.contains(key));
    id.cloned().collect()
}

/// Returns the ids of the record with the current span as the parent.
fn below(current: &TraceContext, record: Inbound) -> Inbound {
    Inbound::local(current.clone()).or(record)
}
