//! Events of Lambda@Edge.

use serde_json::{Value as Json, json};
use thundra_core::propagation::{ParentSource, Trust};

use super::{TRACEPARENT, attributes, detected, fixtures, recognised};
use crate::trigger::tests::config;

fn event(headers: Json, more: Json) -> Json {
    let request = json!({"clientIp": "203.0.113.178", "method": "GET", "uri": "/pets/7", "querystring": "a=s3cret", "headers": headers});
    let mut cf = json!({"config": {"distributionId": "E1", "eventType": "viewer-request", "requestId": "r-1"}, "request": request});
    cf.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"Records": [{ "cf": cf }]})
}

#[test]
fn the_headers_of_the_viewer_are_a_context() {
    let line = |value: &str| json!([{"key": "Name", "value": value}]);
    let headers =
        json!({"traceparent": line(TRACEPARENT), "x-correlation-id": line("c-1"), "debug-log-enabled": line("true")});
    let twice = json!({"traceparent": [{"key": "traceparent", "value": TRACEPARENT}, {"key": "traceparent", "value": TRACEPARENT}]});
    for (event, source, id, why) in [
        (event(headers.clone(), json!({})), ParentSource::TraceParent, Some("c-1"), "a request"),
        (event(headers, json!({"response": {"status": "200"}})), ParentSource::TraceParent, Some("c-1"), "a response"),
        (event(twice, json!({})), ParentSource::Malformed, None, "two parents"),
        (
            event(json!({"traceparent": TRACEPARENT}), json!({})),
            ParentSource::TraceParent,
            None,
            "a header in another form",
        ),
        (event(json!({}), json!({})), ParentSource::None, None, "no headers"),
        (event(Json::Null, json!({"config": null})), ParentSource::None, None, "hardly anything"),
    ] {
        let trigger = detected(&event);
        assert_eq!(
            (trigger.source.name, trigger.trust, trigger.has_status),
            ("cloudfront", Trust::Edge, false),
            "{why}"
        );
        let [message] = trigger.messages.as_slice() else { panic!("{why}") };
        assert_eq!((message.inbound.source, message.inbound.correlation.get("id")), (source, id), "{why}");
        assert!(!message.inbound.correlation.debug_log_enabled(), "{why}");
        assert!(!format!("{:?}", trigger.attributes).contains("s3cret"), "{why}");
    }
    for other in [json!({"Records": [{"cf": {}}]}), json!({"Records": [{"cf": 1}]}), json!({"cf": {"request": {}}})] {
        assert_eq!(detected(&other).source.name, "other", "{other}");
    }
}

#[test]
fn an_event_is_described_as_the_request_that_it_is_about() {
    for kind in ["viewer-request", "origin-request", "origin-response", "viewer-response"] {
        let trigger = recognised(&fixtures::events()[&format!("cloudfront-{kind}")], &config(&[]));
        assert_eq!(trigger.span_name.as_deref(), Some("GET"), "{kind}");
        assert_eq!(
            attributes(&trigger),
            format!(
                "faas.trigger=http\nhttp.request.method=GET\nurl.path=/pets/7\nurl.query=size=REDACTED&token=REDACTED\n\
                 server.address=d111111abcdef8.cloudfront.net\nclient.address=203.0.113.178\nuser_agent.original=curl/8.0\n\
                 aws.cloudfront.distribution.id=EDFDVBD6EXAMPLE\naws.cloudfront.event_type={kind}\n"
            )
        );
    }
}
