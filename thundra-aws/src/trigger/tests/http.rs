//! The names, headers and attributes of requests.

use serde_json::{Value as Json, json};
use thundra_core::propagation::ParentSource;

use super::{TRACEPARENT, attributes, config, detected, headers, recognised, v1, v2};
use crate::payload;

#[test]
fn requests_are_named_by_their_route() {
    for (event, source, name, id, why) in [
        (
            v2("x.execute-api.eu-west-1.amazonaws.com", "GET /pets/{id}", Json::Null),
            "http_api",
            Some("GET /pets/{id}"),
            Some("r-1"),
            "a route",
        ),
        (
            v2("api.example.org", "ANY /pets/{id}", Json::Null),
            "http_api",
            Some("GET /pets/{id}"),
            Some("r-1"),
            "any method",
        ),
        (v2("api.example.org", "$default", Json::Null), "http_api", Some("GET"), Some("r-1"), "no route"),
        (
            v2("x.lambda-url.eu-west-1.on.aws", "$default", Json::Null),
            "function_url",
            Some("GET"),
            None,
            "a function URL",
        ),
        (v1(Json::Null), "rest_api", Some("HTTP /pets/{id}"), Some("r-1"), "an unknown method"),
        (
            json!({"version": "1.0", "resource": "$default", "path": "/", "httpMethod": "GET", "headers": headers(), "requestContext": {"requestId": "r-1"}}),
            "rest_api",
            Some("GET"),
            Some("r-1"),
            "the format 1.0 without a route",
        ),
        (
            json!({"httpMethod": "GET", "path": "/", "requestContext": {"elb": {}}, "multiValueHeaders": {"traceparent": [TRACEPARENT]}}),
            "load_balancer",
            Some("GET"),
            None,
            "a load balancer",
        ),
        (
            json!({"headers": headers(), "requestContext": {"connectionId": "1", "eventType": "CONNECT", "routeKey": "$connect"}}),
            "web_socket",
            Some("$connect"),
            None,
            "a WebSocket",
        ),
    ] {
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.source.faas_trigger.as_str()), (source, "http"), "{why}");
        assert_eq!(trigger.span_name.as_deref(), name, "{why}");
        assert_eq!(trigger.default_correlation_id.as_deref(), id, "{why}");
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "{why}");
        assert!(!format!("{:?}", trigger.attributes).contains("s3cret"), "{why}");
    }
    assert!(
        attributes(&detected(&v1(Json::Null)))
            .contains("http.request.method=_OTHER\nhttp.request.method_original=PATCHY\n")
    );
}

#[test]
fn each_line_of_a_repeated_header_is_read() {
    let single = json!({"tracestate": "b=2", "baggage": "y=2", "X-Correlation-Id": "c-2", "traceparent": TRACEPARENT});
    let lines = json!({"Tracestate": ["a=1", "b=2"], "baggage": ["x=1", "y=2"], "x-correlation-id": ["c-1", "c-2"]});
    let rest = json!({"resource": "/", "path": "/", "httpMethod": "GET", "headers": single, "multiValueHeaders": lines,
        "requestContext": {"identity": {}}});
    let mut balancer =
        json!({"path": "/", "httpMethod": "GET", "multiValueHeaders": lines, "requestContext": {"elb": {}}});
    balancer["multiValueHeaders"]["traceparent"] = json!([TRACEPARENT]);
    let joined =
        json!({"tracestate": "a=1,b=2", "baggage": "x=1,y=2", "x-correlation-id": "c-1", "traceparent": TRACEPARENT});
    let http = json!({"rawPath": "/", "headers": joined, "requestContext": {"http": {"method": "GET"}}});
    for event in [rest, balancer, http] {
        let inbound = detected(&event).messages.remove(0).inbound;
        assert_eq!(inbound.parent.unwrap().trace_state.as_deref(), Some("a=1,b=2"), "{event}");
        assert_eq!(inbound.baggage.as_deref(), Some("x=1,y=2"), "{event}");
        assert_eq!(inbound.correlation.get("id"), Some("c-1"), "{event}");
    }
}

#[test]
fn requests_are_described_by_the_conventions() {
    let edited = |mut event: Json, edit: fn(&mut Json)| {
        edit(&mut event);
        event
    };
    let api = || v2("x.execute-api.eu-west-1.amazonaws.com", "$default", Json::Null);
    let balancer =
        |headers: Json| json!({"httpMethod": "GET", "path": "/", "requestContext": {"elb": {}}, "headers": headers});
    for (event, expected, why) in [
        (
            json!({"params": {"header": {"Host": "a.example", "X-Forwarded-For": "192.0.2.1"}, "querystring": {"a": "s3cret"}},
                "context": {"http-method": "GET", "resource-path": "/pets/{id}"}}),
            &[
                "http.request.method=GET",
                "http.route=/pets/{id}",
                "url.query=a=REDACTED",
                "server.address=a.example",
                "client.address=192.0.2.1",
            ][..],
            "a REST API with a mapping template",
        ),
        (api(), &["url.scheme=https", "server.address=x.execute-api.eu-west-1.amazonaws.com"][..], "an HTTP API"),
        (v2("x.lambda-url.eu-west-1.on.aws", "$default", Json::Null), &["url.scheme=https"], "a function URL"),
        (v1(Json::Null), &["url.scheme=https"], "a REST API"),
        (
            edited(api(), |event| event["headers"]["x-forwarded-proto"] = json!("http")),
            &["url.scheme=https"],
            "a forged scheme",
        ),
        (
            edited(api(), |event| event["requestContext"]["http"]["protocol"] = json!("HTTP/1.0")),
            &["network.protocol.version=1.0"],
            "HTTP/1.0",
        ),
        (
            edited(api(), |event| event["requestContext"]["http"]["protocol"] = json!("HTTP/2.0")),
            &["network.protocol.version=2"],
            "HTTP/2",
        ),
        (edited(api(), |event| event["rawQueryString"] = json!("s3cret")), &["url.query=REDACTED"], "a value alone"),
        (
            edited(v1(Json::Null), |event| event["queryStringParameters"] = json!({"a b": "1", "c": ""})),
            &["url.query=REDACTED=REDACTED&c=REDACTED"],
            "no name",
        ),
        (balancer(json!({"host": "[2001:db8::1]"})), &["server.address=2001:db8::1"], "an IPv6 literal"),
        (
            balancer(json!({"host": "[2001:db8::1]:8443"})),
            &["server.address=2001:db8::1", "server.port=8443"],
            "with a port",
        ),
        (
            balancer(json!({"host": "shop.example:8443"})),
            &["server.address=shop.example", "server.port=8443"],
            "a name with a port",
        ),
        (
            balancer(json!({"host": "shop.example", "x-forwarded-port": "444"})),
            &["server.address=shop.example", "server.port=444"],
            "another port",
        ),
        (
            balancer(json!({"x-forwarded-for": "[2001:db8::2]:4711, 10.0.0.1", "x-forwarded-proto": "http"})),
            &["client.address=2001:db8::2", "url.scheme=http"],
            "a caller",
        ),
    ] {
        let attributes = attributes(&detected(&event));
        for line in expected {
            assert!(attributes.lines().any(|found| found == *line), "{why}: {line} in\n{attributes}");
        }
    }
    for (headers, key) in [
        (json!({"host": "no host"}), "server.address"),
        (json!({"x-forwarded-for": "<script>"}), "client.address"),
        (json!({}), "url.scheme"),
    ] {
        assert!(!attributes(&detected(&balancer(headers))).contains(key), "{key}");
    }
}

#[test]
fn the_body_of_a_request_is_not_read() {
    let head = r#"{"version":"2.0","routeKey":"GET /a","rawPath":"/a","rawQueryString":"","headers":{},"requestContext":{"http":{"method":"GET"}}"#;
    for (event, source) in [
        (format!(r#"{head},"body":"cut off"#), "http_api"),
        (format!(r#"{head},"other":"cut off"#), "other"),
        (format!(r#"{{"body":"first",{}}}"#, &head[1..]), "http_api"),
    ] {
        assert_eq!(recognised(event.as_bytes(), &config(&[])).source.name, source, "{event}");
    }
}

#[test]
fn a_program_adds_a_context_on_either_side_of_a_large_body() {
    let context = r#""__context__":{"x-correlation-id":"c-1"}"#;
    let of_client = r#"{\"__context__\":{\"x-correlation-id\":\"c-2\"}}"#;
    let (long, padding) = (format!("{of_client}{}", "x".repeat(100_000)), "y".repeat(20_000));
    let request = |inside: &str, after: &str| {
        let head = r#""version":"2.0","routeKey":"POST /","rawPath":"/","rawQueryString":"","headers":{},"requestContext":{"apiId":"a","domainName":"d","http":{"method":"POST","path":"/"}}"#;
        format!(r#"{{{inside}{head},"body":"{long}"{after}}}"#)
    };
    for (event, is_taken, why) in [
        (request(&format!("{context},"), ""), true, "the first member"),
        (request("", &format!(",{context}")), true, "the last member"),
        (request("", &format!(r#","isBase64Encoded":false, {context} "#)), true, "after other members"),
        (request("", &format!(r#",{context},"isBase64Encoded":false"#)), true, "before other members"),
        (request("", ""), false, "in the body of the client alone"),
        (request("", &format!(r#","queryStringParameters":{{{context}}}"#)), false, "inside of another member"),
        (request("", &format!(r#",{context},"more":"{padding}""#)), false, "far from the end"),
    ] {
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!(trigger.source.name, "http_api", "{why}");
        let id = trigger.forwarded.as_ref().and_then(|inbound| inbound.correlation.get("id"));
        assert_eq!((id, trigger.context_ranges.len()), (is_taken.then_some("c-1"), usize::from(is_taken)), "{why}");
        if let [range] = trigger.context_ranges.as_slice() {
            let left = String::from_utf8(payload::strip(event.as_bytes(), range)).unwrap();
            assert_eq!(left.matches(context).count(), 0, "{why}");
            assert!(serde_json::from_str::<Json>(&left).is_ok(), "{why}");
        }
    }
}
