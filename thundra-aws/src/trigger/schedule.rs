//! [Schedules] of EventBridge: rules and EventBridge Scheduler. A schedule has no sender.
//!
//! [Schedules]: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html

use thundra_core::semconv;

use super::event_bridge;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "schedule",
    faas_trigger: FaasTrigger::Timer,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        event_bridge::kind(&event.members).is_some_and(|(source, detail_type)| match &*source {
            "aws.events" => detail_type == "Scheduled Event",
            source => source == "aws.scheduler",
        })
    }),
    read: |trigger, event, _| {
        trigger.set_some(semconv::FAAS_TIME, event.members.text("time").map(String::from));
        Some(())
    },
};
