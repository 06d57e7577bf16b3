//! The trust in callers, by the form of the event.

use serde_json::{Value as Json, json};
use thundra_core::propagation::{ParentSource, Trust};

use super::{TRACEPARENT, config, detected, recognised, sqs, v1, v2};
use crate::trigger::detect;

fn lattice(identity: Json) -> Json {
    json!({"version": "2.0", "path": "/pets/7", "method": "GET", "headers": {"traceparent": [TRACEPARENT]},
        "requestContext": {"serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/a", "identity": identity}})
}

fn lattice_v1(identity: &str) -> Json {
    json!({"raw_path": "/pets/7", "method": "GET", "headers": {"traceparent": TRACEPARENT, "x-amzn-lattice-identity": identity}})
}

fn template(mut context: Json) -> Json {
    context["http-method"] = json!("GET");
    json!({"params": {"header": {"traceparent": TRACEPARENT}}, "context": context})
}

#[test]
fn the_edge_is_trusted_only_with_iam() {
    let iam = json!({"iam": {"userArn": "arn:aws:iam::1:user/a"}});
    let visitor = json!({"iam": {"userArn": "arn:aws:iam::1:role/a", "cognitoIdentity": {"identityId": "i"}}});
    let url = "x.lambda-url.eu-west-1.on.aws";
    for (event, trusted, why) in [
        (v2(url, "$default", Json::Null), false, "no authorizer"),
        (v2(url, "$default", iam.clone()), true, "IAM"),
        (v2("api.example.org", "$default", iam), true, "IAM at API Gateway"),
        (v2("api.example.org", "$default", visitor), false, "a Cognito identity"),
        (v2("api.example.org", "$default", json!({"jwt": {"claims": {"userArn": "x"}}})), false, "a token"),
        (
            v2("api.example.org", "$default", json!({"lambda": {"iam": {"userArn": "x"}}})),
            false,
            "an authorizer's own words",
        ),
        (v1(json!({"userArn": null, "caller": null, "sourceIp": "192.0.2.1"})), false, "nobody"),
        (v1(json!({"userArn": "", "caller": ""})), false, "nobody, in other words"),
        (v1(json!({"userArn": {}, "caller": []})), false, "nonsense"),
        (v1(json!({"userArn": " ", "caller": "-"})), false, "nobody, in signs"),
        (v1(json!({"userArn": "null", "caller": "Anonymous"})), false, "nobody, in words"),
        (v1(json!({"userArn": "someone"})), false, "no ARN"),
        (v2(url, "$default", json!({"iam": {"userArn": "null"}})), false, "nobody there, in words"),
        (v1(json!({"userArn": "", "caller": "AIDA", "cognitoIdentityId": ""})), true, "IAM, beside empty texts"),
        (v1(json!({"userArn": "arn:aws:iam::1:user/a", "cognitoIdentityPoolId": "p"})), false, "a pool of identities"),
        (
            v1(json!({"userArn": "arn:aws:sts::1:assumed-role/a/CognitoIdentityCredentials"})),
            false,
            "a visitor's session",
        ),
        (
            v2(url, "$default", json!({"iam": {"userArn": "", "cognitoIdentity": null}})),
            false,
            "nobody at a function URL",
        ),
        (v2(url, "$default", json!({"iam": {"userArn": null}})), false, "nobody there"),
        (lattice(json!({"type": "AWS_IAM", "principal": "arn:aws:iam::1:role/a"})), true, "IAM at VPC Lattice"),
        (lattice(json!({"type": "AWS_IAM", "principal": ""})), false, "nobody at VPC Lattice"),
        (lattice(json!({"type": "AWS_IAM"})), false, "nobody there either"),
        (lattice(json!({"type": "NONE", "principal": "arn:aws:iam::1:role/a"})), false, "not authenticated"),
        (lattice(json!({"sourceVpcArn": "arn:aws:ec2:eu-west-1:1:vpc/a"})), false, "a network alone"),
        (
            lattice(
                json!({"type": "AWS_IAM", "principal": "arn:aws:sts::1:assumed-role/a/b", "sessionName": "CognitoIdentityCredentials"}),
            ),
            false,
            "a Cognito identity at VPC Lattice",
        ),
        (lattice_v1("Principal=arn:aws:iam::1:role/a; SessionName=a; Type=AWS_IAM"), true, "VPC Lattice, first format"),
        (lattice_v1("Type=NONE"), false, "nobody, first format"),
        (
            lattice_v1("Principal=arn:aws:iam::1:role/a;SessionName=CognitoIdentityCredentials"),
            false,
            "a visitor, first format",
        ),
        (v1(json!({"userArn": "arn:aws:iam::1:user/a", "cognitoIdentityId": null})), true, "IAM, first format"),
        (v1(json!({"caller": "AIDA"})), true, "IAM, by its caller"),
        (template(json!({"user-arn": "arn:aws:iam::1:user/a", "cognito-identity-id": ""})), true, "IAM, in a template"),
        (template(json!({"user-arn": "", "caller": ""})), false, "nobody in a template"),
        (
            template(json!({"user-arn": "arn:aws:sts::1:assumed-role/a/b", "cognito-identity-id": "i"})),
            false,
            "a Cognito identity in a template",
        ),
        (v1(json!({"caller": "AROA", "cognitoIdentityId": "i"})), false, "a Cognito identity, first format"),
    ] {
        let trigger = detected(&event);
        assert_eq!(trigger.messages[0].inbound.untrusted, !trusted, "{why}");
        assert_eq!(trigger.trust == Trust::Full, trusted, "{why}");
        let all = recognised(event.to_string().as_bytes(), &config(&[("THUNDRA_TRUST", "all")]));
        assert!(!all.messages[0].inbound.untrusted && all.trust == Trust::Full, "{why}");
        let visitor = detect(event.to_string().as_bytes(), &config(&[]), Trust::Edge);
        assert!(visitor.messages[0].inbound.untrusted && visitor.trust == Trust::Edge, "{why}, forged");
    }
}

#[test]
fn untrusted_callers_switch_nothing_on() {
    let context = json!({"traceparent": TRACEPARENT, "x-correlation-id": "c-1", "debug-log-enabled": "true", "call-chain-length": 9});
    let attribute = |(key, value): (&String, &Json)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (key.clone(), json!({"Type": "String", "dataType": "String", "Value": value, "stringValue": value}))
    };
    let attributes: Json = context.as_object().unwrap().iter().map(attribute).collect();
    let body = json!({"__context__": context}).to_string();
    for (event, why) in [
        (json!({"__context__": context, "a": 1}), "a program's call"),
        (json!({"source": "s", "detail-type": "t", "detail": {"__context__": context}}), "EventBridge"),
        (json!({"Records": [sqs(attributes.clone(), None, json!("hi"))]}), "SQS"),
        (json!({"Records": [sqs(json!({}), None, json!(body))]}), "a body of SQS"),
        (json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageAttributes": attributes}}]}), "SNS"),
        (json!({"requestContext": {}, "requestPayload": {"__context__": context}}), "a failed invocation"),
    ] {
        for (caller, obeyed) in [(Trust::Full, true), (Trust::Edge, false)] {
            let trigger = detect(event.to_string().as_bytes(), &config(&[]), caller);
            let inbound = &trigger.messages[0].inbound;
            assert_eq!(inbound.source, ParentSource::TraceParent, "{why}");
            assert_eq!(inbound.correlation.get("id"), Some("c-1"), "{why}");
            assert_eq!(inbound.untrusted, !obeyed, "{why}");
            assert_eq!(inbound.correlation.debug_log_enabled(), obeyed, "{why}");
            assert_eq!(inbound.correlation.chain_length(), if obeyed { 9 } else { 1 }, "{why}");
            assert_eq!(trigger.trust, caller, "{why}");
        }
    }
    for (mut event, edge, why) in [
        (json!({"topic": "devices/7/data", "clientid": "7"}), true, "a rule of IoT"),
        (
            json!({"topic": "devices/7/data", "source": "s", "detail-type": "t", "detail": {"__context__": context}}),
            true,
            "a rule, forged",
        ),
        (json!({"serialNumber": "G030", "clickType": "SINGLE"}), true, "a button"),
        (json!({"order": 7}), false, "a program"),
    ] {
        event["__context__"] = context.clone();
        let trigger = detected(&event);
        let inbound = &trigger.messages[0].inbound;
        assert_eq!((inbound.untrusted, trigger.trust == Trust::Edge), (edge, edge), "{why}");
        assert_eq!(inbound.correlation.debug_log_enabled(), !edge, "{why}");
        let all = recognised(event.to_string().as_bytes(), &config(&[("THUNDRA_TRUST", "all")]));
        assert!(all.messages[0].inbound.correlation.debug_log_enabled(), "{why}");
    }
    let forged = format!(r#"{{"Records":[{}],"topic":"devices/7"}}"#, sqs(attributes.clone(), None, json!("hi")));
    let window = format!(r#"{{"Records":[{}],"window":{{}}}}"#, sqs(attributes, None, json!("hi")));
    for (event, edge) in [(forged, Trust::Edge), (window, Trust::Full)] {
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!((trigger.source.name, trigger.trust), ("sqs", edge));
        assert_eq!(trigger.messages[0].inbound.untrusted, edge == Trust::Edge);
    }
    // A device may write more members than are read, and the members of a rule come after the members of a device.
    let mut many: String = (0..300).map(|n| format!(r#""{n}":1,"#)).collect();
    for last in [r#""topic":"devices/7""#, r#""clientid":"7","principal":"cert""#] {
        let event = format!(r#"{{"__context__":{context},{many}{last}}}"#);
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!((trigger.source.name, trigger.trust), ("iot", Trust::Edge), "{last}");
        assert!(!trigger.messages[0].inbound.correlation.debug_log_enabled(), "{last}");
        many += r#""topic":1,"#;
    }
    let resolvers = json!([{"arguments": {}, "info": {"fieldName": "order"}}]);
    assert_eq!((detected(&resolvers).source.name, detected(&resolvers).trust), ("appsync", Trust::Edge));
}

#[test]
fn an_authorizer_without_a_path_trusts_nobody() {
    let event = r#"{"methodArn":"a","headers":{},"requestContext":{"connectionId":"1","eventType":"CONNECT",
        "identity":{"caller":"AIDA"}},"body":null}"#;
    let trigger = recognised(event.as_bytes(), &config(&[]));
    assert_eq!((trigger.source.name, trigger.trust), ("authorizer", Trust::Edge));
}
