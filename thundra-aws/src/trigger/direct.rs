//! Calls from other programs, recognised by a context in the event.
//!
//! A task of Step Functions looks the same, and so does the record for a [destination] of Lambda.
//!
//! [destination]: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

use thundra_core::Config;

use super::Trigger;
use super::event::Event;
use super::parse::envelope;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "direct",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|_| true),
    read,
};

/// Reads the context that a program put into an event. `None` if there is none.
pub(super) fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let opened = envelope::open(event.text, &trigger.extractor(config))?;
    if !opened.holds_context() {
        return None;
    }
    trigger.context_ranges.extend(opened.range.clone());
    trigger.deliver([opened.into()]);
    Some(())
}
