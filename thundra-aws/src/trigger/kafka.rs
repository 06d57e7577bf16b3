//! Kafka: [Amazon MSK] and self-managed clusters.
//!
//! The records are recognised and not read. A context in the headers is ignored.
//!
//! [Amazon MSK]: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html

use super::message::process;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "kafka",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        let source = event.members.text("eventSource");
        source.is_some_and(|source| ["aws:kafka", "SelfManagedKafka"].contains(&&*source))
    }),
    read: |trigger, _, _| {
        trigger.set_all(process("kafka", None));
        Some(())
    },
};
