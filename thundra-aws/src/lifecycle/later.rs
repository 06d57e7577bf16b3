//! Batches whose records are read after the runtime has read the event as the handler's type.
//!
//! An unreadable event never reaches the handler, and costs no more than the error then: the senders of thousands of
//! records are not looked for.

use std::time::SystemTime;

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::propagation::Trust;
use thundra_core::{Config, Scope, ScopeFlags, ScopeRef, semconv};

use super::{environment, invocation, reporting, usage};
use crate::settings::Settings;
use crate::trigger;
use crate::{chain, hops, queue_time};

/// The rest of the description of an invocation.
#[derive(Debug)]
pub(crate) struct Later {
    event: Bytes,
    /// The end of the first record in the event.
    first_end: usize,
    caller: Trust,
}

/// Begins the scope of an invocation as [`invocation::begin`] does. The records of a batch are left for later if the
/// handler reports an unreadable event.
pub(crate) fn begin(
    body: &mut Bytes,
    context: &Context,
    attempt: Option<&str>,
    config: &Config,
) -> (Scope, Option<Later>) {
    let caller = invocation::trust(context, config);
    let first = if reporting::is_in_use() { trigger::detect_first(body, caller) } else { None };
    let Some((trigger, first_end)) = first else {
        return (invocation::begin(body, context, attempt, config), None);
    };
    let later = Later { event: body.clone(), first_end, caller };
    let is_cold_start = environment::begin_invocation(config);
    (invocation::begin_with(trigger, is_cold_start, body, context, attempt, config), Some(later))
}

impl Later {
    /// Describes the messages of the event on the invocation, once the event was read as the handler's type. Of an
    /// unreadable event, describes the source alone.
    pub(crate) fn complete(self, invocation: ScopeRef, config: &Config) {
        let flags = invocation.flags();
        if flags.contains(ScopeFlags::FAILED) && !flags.contains(ScopeFlags::HANDLER_CALLED) {
            return self.describe_source(invocation, config);
        }
        let trigger = trigger::detect(&self.event, config, self.caller);
        let waited = trigger.queue_time(SystemTime::now());
        invocation.set_attributes(&trigger.attributes);
        invocation.set_attributes(queue_time::attribute(waited, Settings::of(config).queue_spans).as_slice());
        hops::describe_open(invocation, trigger.messages().iter().map(|message| &message.changes));
        for message in trigger.messages() {
            if let Some(sender) = &message.inbound.parent {
                invocation.add_link(sender, message.attributes.iter().cloned());
            }
        }
        usage::faas::began(invocation, &trigger, waited);
        if trigger.trust == Trust::Edge {
            invocation.set_flags(ScopeFlags::UNTRUSTED_CALLER);
        }
        if !flags.contains(ScopeFlags::CHAIN_TOO_LONG) {
            chain::continue_longest(invocation, trigger.messages(), config);
        }
    }

    /// Describes the source by the first record. The ids of the record describe no batch.
    fn describe_source(&self, invocation: ScopeRef, config: &Config) {
        let mut first = self.event.get(..self.first_end).unwrap_or_default().to_vec();
        first.extend_from_slice(b"]}");
        let trigger = trigger::detect(&first, config, self.caller);
        let of_records = || trigger.messages().iter().flat_map(|message| &message.attributes);
        let is_of_record = |key| of_records().any(|(known, _)| *known == key);
        let of_source = |key| key != semconv::MESSAGING_BATCH_MESSAGE_COUNT && !is_of_record(key);
        let attributes: Vec<_> = trigger.attributes.iter().filter(|(key, _)| of_source(*key)).cloned().collect();
        invocation.set_attributes(&attributes);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use thundra_core::{Env, SpanData, SpanKind};

    use super::*;
    use crate::lifecycle::reporting::Reporting;

    fn event(records: u32) -> Bytes {
        let record = |number: u32| {
            let traceparent = format!("00-{number:032x}-b7ad6b7169203331-01");
            json!({"messageId": number.to_string(), "body": "{}", "attributes": {"SentTimestamp": "1520621625029"},
                "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders",
                "messageAttributes": {"traceparent": {"dataType": "String", "stringValue": traceparent}}})
        };
        json!({"Records": (1..=records).map(record).collect::<Vec<_>>()}).to_string().into()
    }

    fn root(scope: Scope) -> SpanData {
        scope.finish().spans().find(|span| span.kind == SpanKind::Server).unwrap()
    }

    /// Returns the attributes with facts about the event.
    fn attributes(span: &SpanData) -> Vec<String> {
        let of_event = |key: &str| key.starts_with("messaging.") || key == "faas.trigger";
        let attributes = span.attributes.iter().filter(|(key, _)| of_event(key));
        let mut texts: Vec<_> = attributes.map(|(key, value)| format!("{key}={value:?}")).collect();
        texts.sort();
        texts
    }

    #[test]
    fn the_records_of_a_batch_are_read_once_the_event_is_readable() {
        let _ = Reporting::new(());
        let config = Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "orders")]));
        let begin_first = |flags| {
            let mut body = event(200);
            let (scope, later) = begin(&mut body, &Context::default(), None, &config);
            assert_eq!(body, event(200));
            scope.set_flags(flags);
            later.unwrap().complete(*scope, &config);
            root(scope)
        };
        tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
            let whole = root(invocation::begin(&mut event(200), &Context::default(), None, &config));
            let (called, failed) = (ScopeFlags::HANDLER_CALLED, ScopeFlags::FAILED);
            for flags in [called, ScopeFlags::NONE, called | failed] {
                let read = begin_first(flags);
                assert_eq!((attributes(&read), read.links.len()), (attributes(&whole), whole.links.len()));
                assert_eq!((read.links, read.dropped_links), (whole.links.clone(), whole.dropped_links));
            }
            assert_eq!((whole.links.len(), whole.dropped_links), (128, 72));
            let unreadable = begin_first(failed);
            assert!(unreadable.links.is_empty(), "no record but the first is read");
            let is_count = |text: &String| text.starts_with("messaging.batch.message_count=");
            let of_source: Vec<_> = attributes(&whole).into_iter().filter(|text| !is_count(text)).collect();
            assert_eq!(attributes(&unreadable), of_source, "the queue, and no id of a message");
            let (_, later) = begin(&mut event(1), &Context::default(), None, &config);
            assert!(later.is_none(), "a single message gives the parent");
        });
    }
}
