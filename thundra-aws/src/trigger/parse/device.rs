//! The members of an event that identify a device of AWS IoT.

use super::json::Object;

/// The usual names of the members beside the topic.
const RULE: [&str; 9] =
    ["clientid", "clientId", "client_id", "principal", "traceid", "traceId", "thingName", "thing_name", "thingname"];
/// Members of the other events of IoT, from failed rules, rules without a topic, connections, shadows, buttons and
/// authorizers.
const OTHERS: [&[&str]; 8] = [
    &["ruleName", "base64OriginalPayload"],
    &["clientId", "principalIdentifier"],
    &["clientId", "sessionIdentifier"],
    &["clientid", "principal"],
    &["clientid", "traceid"],
    &["serialNumber", "clickType"],
    &["deviceEvent", "deviceInfo"],
    &["protocolData", "connectionMetadata"],
];

/// The members of a shadow, the first two with objects.
const SHADOW: [&str; 4] = ["state", "metadata", "version", "timestamp"];

/// Returns `true` for an event of AWS IoT, given the members in two parts.
pub(crate) fn is_event(places: [&Object<'_>; 2]) -> bool {
    let has = |name: &&str| places.iter().any(|members| members.has(name));
    let is_object = |name: &&str| places.iter().any(|members| members.object(name).is_some());
    let topic = places.iter().find_map(|members| members.text("topic"));
    topic.is_some_and(|topic| topic.contains('/') || RULE.iter().any(has))
        || OTHERS.iter().any(|names| names.iter().all(has))
        || SHADOW.iter().all(has) && SHADOW.iter().take(2).all(is_object)
}

/// Returns `true` for a member that may identify a device.
pub(crate) fn tells(name: &str) -> bool {
    name == "topic" || [&RULE[..], &SHADOW].iter().chain(&OTHERS).any(|names| names.contains(&name))
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
            (json!({"state": "open", "metadata": {}, "version": 3, "timestamp": 1}), false, "a program's own words"),
            (json!({"ruleName": "r", "topic": "t", "base64OriginalPayload": "e30="}), true, "a rule that failed"),
            (json!({"arguments": {"a": 1}}), false, "a program"),
        ] {
            let event = event.to_string();
            let (event, nothing) = (Object::parse(&event).unwrap(), Object::default());
            for places in [[&event, &nothing], [&nothing, &event]] {
                assert_eq!(is_event(places), of_device, "{why}");
            }
        }
    }
}
