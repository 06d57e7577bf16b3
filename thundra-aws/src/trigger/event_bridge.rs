//! EventBridge, and the schedules that it runs: <https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html>.
//!
//! `detail.__context__` is the sender's, and is cut out. A schedule has no sender.

use thundra_core::propagation::Propagators;
use thundra_core::semconv;

use super::envelope::Opened;
use super::json::Object;
use super::{Message, Source, Trigger, message, time};
use crate::payload::{self, Member};

pub(super) fn detect(body: &str, event: &Object<'_>, formats: Propagators) -> Option<Trigger> {
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
    let opened = member.as_ref().map(|member| Opened::context(member.json.clone())).unwrap_or_default();
    // Both are the same text: the distance is where the detail begins.
    let offset = (detail.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    trigger.context_member = member.map(|member| member.shifted(offset));
    let id = event.text("id").map(|id| (semconv::MESSAGING_MESSAGE_ID, id.into_owned().into()));
    let message = Message { attributes: id.into_iter().collect(), sent_at, ..message(opened, formats) };
    Some(trigger.batch_of(vec![message]))
}
