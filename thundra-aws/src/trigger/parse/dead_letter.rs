//! The attributes added by AWS to the message of a dead-letter queue.
//!
//! | sender | says |
//! |---|---|
//! | Lambda | the attributes `RequestID`, `ErrorCode` and `ErrorMessage` |
//! | a rule of EventBridge | `RULE_ARN`, `ERROR_CODE`, … |
//! | a schedule of EventBridge Scheduler | `SCHEDULE_ARN`, `ERROR_CODE`, … |
//! | a redrive of SQS | the system attribute `DeadLetterQueueSourceArn` |
//!
//! SNS adds nothing.

use std::borrow::Cow;

use thundra_core::semconv;

use crate::attributes::Attributes;

/// The names of the sender, by the service.
const SENDERS: [&str; 2] = ["RULE_ARN", "SCHEDULE_ARN"];

/// Returns the attributes of a dead letter, given the attributes and the previous queue of the message.
pub(crate) fn describe(pairs: &[(Cow<'_, str>, Cow<'_, str>)], queue: Option<&str>) -> Attributes {
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
    let by_lambda = || get("RequestID").and(get("ErrorCode")).map(|error| ("lambda", error));
    let by_rule = || Some((SENDERS.iter().find_map(|name| get(name))?, get("ERROR_CODE")?));
    let mut attributes = Attributes::new();
    if let Some((sender, error)) = by_lambda().or_else(by_rule) {
        attributes.push((semconv::THUNDRA_DEAD_LETTER_SENDER, sender.to_owned().into()));
        attributes.push((semconv::THUNDRA_DEAD_LETTER_ERROR, error.to_owned().into()));
    }
    attributes.extend(queue.map(|queue| (semconv::THUNDRA_DEAD_LETTER_QUEUE_SOURCE, queue.to_owned().into())));
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letters_say_who_sent_them() {
        let rule = "arn:aws:events:eu-west-1:1:rule/orders";
        let queue = "arn:aws:sqs:eu-west-1:1:orders";
        for (pairs, before, expected, why) in [
            (&[("RequestID", "r"), ("ErrorCode", "200"), ("ErrorMessage", "m")][..], None, "lambda 200", "Lambda"),
            (
                &[("RULE_ARN", rule), ("ERROR_CODE", "NO_PERMISSIONS")],
                None,
                &format!("{rule} NO_PERMISSIONS"),
                "a rule",
            ),
            (&[], Some(queue), queue, "a redrive"),
            (&[("RequestID", "r")], None, "", "an id of the user's"),
            (&[("ERROR_CODE", "7")], None, "", "a code of the user's"),
        ] {
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| (Cow::from(*key), Cow::from(*value))).collect();
            let values: Vec<_> = describe(&pairs, before).iter().map(|(_, value)| value.to_string()).collect();
            assert_eq!(values.join(" "), expected, "{why}");
        }
    }
}
