//! EventBridge, and the schedules that it runs: <https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html>.
//!
//! `detail.__context__` is the sender's, and is cut out; an [envelope] in the detail stays. A schedule has no sender.
//!
//! [envelope]: super::parse::envelope

use thundra_core::semconv;

use super::parse::envelope::{self, Opened};
use super::parse::extract::Extractor;
use super::parse::json::Object;
use super::parse::time;
use super::{Message, Source, Trigger, message_id};
use crate::payload::{self, Member};

pub(super) fn detect(body: &str, event: &Object<'_>, extractor: Extractor<'_>) -> Option<Trigger> {
    let (source, detail_type) = (event.text("source")?, event.text("detail-type")?);
    let detail = event.raw("detail")?;
    let time = event.text("time");
    let sent_at = time.as_deref().and_then(time::from_rfc3339);
    if matches!((source.as_ref(), detail_type.as_ref()), ("aws.events", "Scheduled Event") | ("aws.scheduler", _)) {
        let mut trigger = Trigger::new(Source::Schedule, "timer");
        trigger.set_some(semconv::FAAS_TIME, time.map(String::from));
        return Some(trigger);
    }
    let mut trigger = Trigger::new(Source::EventBridge, "pubsub");
    // The event does not name its bus.
    trigger.processes("aws_eventbridge", None);
    trigger.set(semconv::AWS_EVENTBRIDGE_SOURCE, source.into_owned());
    trigger.set(semconv::AWS_EVENTBRIDGE_DETAIL_TYPE, detail_type.into_owned());
    let member = payload::find(detail.as_bytes()).filter(Member::is_context);
    let opened = match &member {
        Some(member) => Some(Opened::context(member.json.clone(), &extractor)),
        None => envelope::open(detail, &extractor),
    };
    // Both are the same text: the distance is where the detail begins.
    let offset = (detail.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    trigger.context_member = member.map(|member| member.shifted(offset));
    let attributes = Vec::from_iter(message_id(event.text("id")));
    Some(trigger.batch_of(vec![Message { attributes, sent_at, ..opened.unwrap_or_default().into() }]))
}
