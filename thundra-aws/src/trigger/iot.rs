//! [Rules], shadows and buttons of AWS IoT.
//!
//! A rule invokes a function with the message of a device, and with members that functions such as `topic()` in the
//! `SELECT` add. The members are recognised by their usual names. An event of `SELECT *` alone looks like the event of a
//! program. A device is an untrusted caller, whatever its message looks like.
//!
//! [Rules]: https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html

use super::direct;
use super::parse::json::Object;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "iot",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Members(|event| is_from_device(&event.members)),
    read: |trigger, event, config| {
        let _ = direct::read(trigger, event, config);
        Some(())
    },
};

/// The usual names of the members beside the topic.
const RULE: [&str; 9] =
    ["clientid", "clientId", "client_id", "principal", "traceid", "traceId", "thingName", "thing_name", "thingname"];
/// Members of the other events of IoT, from failed rules, rules without a topic, connections, shadows, buttons and
/// authorizers.
const OTHERS: [&[&str]; 9] = [
    &["ruleName", "base64OriginalPayload"],
    &["clientId", "principalIdentifier"],
    &["clientId", "sessionIdentifier"],
    &["clientid", "principal"],
    &["clientid", "traceid"],
    &["state", "metadata", "version", "timestamp"],
    &["serialNumber", "clickType"],
    &["deviceEvent", "deviceInfo"],
    &["protocolData", "connectionMetadata"],
];

/// Returns `true` for an event of AWS IoT.
pub(super) fn is_from_device(event: &Object<'_>) -> bool {
    let has = |name: &&str| event.has(name);
    let of_rule = || event.text("topic").is_some_and(|topic| topic.contains('/') || RULE.iter().any(has));
    of_rule() || OTHERS.iter().any(|names| names.iter().all(has))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_devices_are_recognised() {
        for (event, of_device, why) in [
            (json!({"t": 21, "topic": "devices/7/data"}), true, "a topic of MQTT"),
            (json!({"t": 21, "topic": "devices", "clientid": "7"}), true, "a rule that adds two things"),
            (json!({"t": 21, "clientid": "7", "principal": "cert"}), true, "two others"),
            (json!({"clientId": "7", "traceId": "t"}), false, "a client and a trace of another kind"),
            (json!({"topic": "orders"}), false, "a topic of another kind"),
            (json!({"clientId": "7", "orders": []}), false, "a client of another kind"),
            (json!({"serialNumber": "G030", "clickType": "SINGLE", "batteryVoltage": "2000mV"}), true, "a button"),
            (json!({"clientId": "7", "eventType": "connected", "principalIdentifier": "cert"}), true, "a connection"),
            (json!({"state": {}, "metadata": {}, "version": 3, "timestamp": 1}), true, "a shadow"),
            (json!({"state": "open", "metadata": {}, "timestamp": 1}), false, "a program's own words"),
            (json!({"ruleName": "r", "topic": "t", "base64OriginalPayload": "e30="}), true, "a rule that failed"),
            (json!({"arguments": {"a": 1}}), false, "a program"),
        ] {
            assert_eq!(is_from_device(&Object::parse(&event.to_string()).unwrap()), of_device, "{why}");
        }
    }
}
