//! [Rules], shadows and buttons of AWS IoT.
//!
//! A rule invokes a function with the message of a device, and with the members added by functions in the `SELECT`, for
//! example `topic()`. The usual names of the members identify an event of a device. An event of `SELECT *` alone looks
//! like the event of a program. A device is an untrusted caller, whatever the form of the message.
//!
//! [Rules]: https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html

use super::direct;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "iot",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Members(|event| event.is_from_device()),
    read: |trigger, event, config| {
        let _ = direct::read(trigger, event, config);
        Some(())
    },
};
