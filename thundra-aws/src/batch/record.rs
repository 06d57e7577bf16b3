//! What a record says of itself, whatever its source.

use std::borrow::Cow;
use std::time::SystemTime;

use thundra_core::propagation::{Inbound, ParentSource, Trust};
use thundra_core::{Config, NO_ATTRIBUTES, Scope, ScopeFlags, ScopeRef, SpanKind, TraceContext, semconv};

use crate::payload::{self, Member};
use crate::settings::{BatchSpans, Settings};
use crate::trigger::{Attributes, Extractor, bounded, cut, is_old};

/// One record. Public only in name: the trait [`BatchEvent`](super::BatchEvent) is sealed.
#[allow(unreachable_pub)]
pub trait Record {
    /// Whether those that were not run because an earlier one failed are reported with it.
    const REPORTS_SKIPPED: bool;

    /// Its name in the response. Empty where it has none: AWS takes that for the failure of them all.
    fn identifier(&self) -> String;

    /// Records of the same value keep their order; `None` for a record on its own.
    fn order(&self) -> Option<String>;

    fn describe(&self, extractor: Extractor<'_>) -> Description;

    /// The JSON payload without its context.
    fn payload(&self, description: &Description) -> Option<Cow<'_, [u8]>>;
}

/// What the scope of a record begins with.
#[allow(unreachable_pub)]
#[derive(Debug)]
pub struct Description {
    pub(crate) destination: Option<String>,
    pub(crate) attributes: Attributes,
    pub(crate) inbound: Inbound,
    pub(crate) sent_at: Option<SystemTime>,
    /// The `__context__` inside its payload.
    pub(crate) member: Option<Member>,
    /// The text of the context object it came with, inside its payload or an envelope.
    pub(crate) context: Option<String>,
}

/// Where a batch is worked on: what all its records share.
pub(super) struct Surroundings<'c> {
    pub(super) config: &'c Config,
    spans: BatchSpans,
    pub(super) invocation: Option<ScopeRef>,
    current: Option<TraceContext>,
}

impl<'c> Surroundings<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        Surroundings {
            config,
            spans: Settings::of(config).batch_spans,
            invocation: ScopeRef::current(),
            current: thundra_core::current(),
        }
    }

    /// Returns the reader of records, which trusts them as far as the sender of the batch is trusted.
    pub(super) fn extractor(&self) -> Extractor<'static> {
        let untrusted =
            self.invocation.is_some_and(|invocation| invocation.flags().contains(ScopeFlags::UNTRUSTED_CALLER));
        Extractor::new(self.config.propagators, if untrusted { Trust::Edge } else { Trust::Full })
    }

    /// Begins a record's scope. A record belongs to its producer's trace, unless the invocation stands
    /// between them already, the user wants links, or that trace is over.
    pub(super) fn begin(&self, record: &mut Description) -> Scope {
        let mut inbound = std::mem::take(&mut record.inbound);
        let attributes: Attributes =
            std::mem::take(&mut record.attributes).into_iter().map(|(key, value)| (key, bounded(value))).collect();
        if let Some(ids) = self.invocation.and_then(|invocation| invocation.correlation()) {
            for (key, value) in ids.iter() {
                if inbound.correlation.get(key).is_none() {
                    inbound.correlation.set(key, value);
                }
            }
        }
        let name =
            record.destination.as_ref().map_or("process".into(), |name| Cow::Owned(format!("process {}", cut(name))));
        let mut builder = Scope::builder(name).kind(SpanKind::Consumer).nested();
        let old = is_old(record.sent_at);
        let apart = old || self.spans == BatchSpans::Link;
        match (&self.current, inbound.parent.clone()) {
            // An event of one message: the invocation stands between the two.
            (Some(current), Some(producer)) if current.trace_id == producer.trace_id => {
                inbound = below(current, inbound);
            }
            (Some(current), Some(producer)) if apart => {
                inbound = below(current, inbound);
                builder = builder.link(&producer, named(&attributes));
            }
            (Some(current), Some(_)) => builder = builder.link(current, NO_ATTRIBUTES),
            (Some(current), None) => inbound = below(current, inbound),
            // A record that no invocation stands around begins a trace of its own.
            (None, Some(producer)) if apart => {
                inbound.parent = None;
                inbound.source = if old { ParentSource::Redrive } else { ParentSource::Batch };
                builder = builder.link(&producer, named(&attributes));
            }
            (None, _) => {}
        }
        builder = builder.attributes(attributes);
        if let Some(context) = record.context.take() {
            builder = builder.received_context(context);
        }
        builder.parent(inbound).begin_with(self.config)
    }
}

/// What names a record on the link to its producer.
fn named(attributes: &Attributes) -> Attributes {
    let id = attributes.iter().filter(|(key, _)| *key == semconv::MESSAGING_MESSAGE_ID);
    id.cloned().collect()
}

/// The record's own ids, below a span of this process.
fn below(current: &TraceContext, record: Inbound) -> Inbound {
    let local = Inbound::local(current.clone());
    Inbound::or(local, record)
}

/// The attributes of every span that processes a message.
pub(super) fn process(system: &'static str, destination: Option<&String>) -> Attributes {
    let mut attributes = vec![
        (semconv::MESSAGING_SYSTEM, system.into()),
        (semconv::MESSAGING_OPERATION_NAME, "process".into()),
        (semconv::MESSAGING_OPERATION_TYPE, "process".into()),
    ];
    attributes.extend(destination.map(|name| (semconv::MESSAGING_DESTINATION_NAME, name.clone().into())));
    attributes
}

pub(super) fn without_context<'p>(payload: &'p [u8], description: &Description) -> Cow<'p, [u8]> {
    match &description.member {
        Some(member) => Cow::Owned(payload::strip(payload, member)),
        None => Cow::Borrowed(payload),
    }
}
