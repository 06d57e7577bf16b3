//! Events from untrusted callers, apart from HTTP requests: the messages of devices on AWS IoT, and tokens for
//! authorizers.
//!
//! A rule of IoT invokes a function with the message of a device, and with members that functions such as `topic()` in
//! the `SELECT` add. The members are recognised by their usual names. An event of `SELECT *` alone looks like the event
//! of a program.

use super::event::Event;
use super::parse::json::Object;

/// The usual names of the members beside the topic.
const RULE: [&str; 9] =
    ["clientid", "clientId", "client_id", "principal", "traceid", "traceId", "thingName", "thing_name", "thingname"];
/// Members of the other events of IoT, from failed rules, rules without a topic, connections, shadows, buttons and
/// authorizers.
const IOT: [&[&str]; 9] = [
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

/// Returns `true` for an event from an untrusted caller. Members beside `Records` may show an untrusted caller too.
pub(super) fn is_edge(event: &Event<'_>) -> bool {
    is_edge_object(&event.members)
}

fn is_edge_object(event: &Object<'_>) -> bool {
    is_iot(event) || is_authorizer(event)
}

/// Returns `true` for an event of AWS IoT.
pub(super) fn is_iot(event: &Object<'_>) -> bool {
    let has = |name: &&str| event.has(name);
    let of_rule = || event.text("topic").is_some_and(|topic| topic.contains('/') || RULE.iter().any(has));
    of_rule() || IOT.iter().any(|names| names.iter().all(has))
}

/// Returns `true` for a request to an authorizer.
fn is_authorizer(event: &Object<'_>) -> bool {
    event.has("authorizationToken") && (event.has("methodArn") || event.has("requestContext"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_untrusted_callers_are_recognised() {
        for (event, edge, why) in [
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
            (
                json!({"type": "TOKEN", "authorizationToken": "t", "methodArn": "arn:aws:execute-api:a"}),
                true,
                "a token",
            ),
            (json!({"authorizationToken": "t", "requestContext": {"apiId": "a"}}), true, "a token of AppSync"),
            (json!({"arguments": {"a": 1}}), false, "a program"),
        ] {
            assert_eq!(is_edge_object(&Object::parse(&event.to_string()).unwrap()), edge, "{why}");
        }
    }
}
