//! Requests to AppSync, and to authorizers.

use serde_json::{Value as Json, json};
use thundra_core::propagation::{ParentSource, Trust};

use super::{TRACEPARENT, attributes, config, detected, headers, recognised};

const OTHER_PARENT: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn iam() -> Json {
    json!({"userArn": "arn:aws:iam::1:user/a", "sourceIp": ["192.0.2.1"]})
}

fn resolver(parent: &str, headers: Json, identity: Json) -> Json {
    json!({"arguments": {"id": "s3cret"}, "identity": identity, "source": null, "request": {"headers": headers},
        "info": {"parentTypeName": parent, "fieldName": "order", "selectionSetGraphQL": "{ s3cret }"}})
}

#[test]
fn a_resolver_is_named_by_its_field() {
    for (event, name, operation, why) in [
        (resolver("Query", headers(), Json::Null), "Query.order", Some("query"), "a query"),
        (resolver("Mutation", headers(), Json::Null), "Mutation.order", Some("mutation"), "a mutation"),
        (resolver("Subscription", headers(), Json::Null), "Subscription.order", Some("subscription"), "a subscription"),
        (resolver("Customer", headers(), Json::Null), "Customer.order", None, "a field of another type"),
        (json!([resolver("Customer", headers(), Json::Null)]), "Customer.order", None, "a batch of one"),
        (
            json!({"typeName": "Query", "fieldName": "order", "arguments": {}, "request": {"headers": headers()}}),
            "Query.order",
            Some("query"),
            "a template of Amplify",
        ),
    ] {
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.span_name.as_deref()), ("appsync", Some(name)), "{why}");
        let recorded = attributes(&trigger);
        let expected = operation.map(|operation| format!("graphql.operation.type={operation}"));
        assert_eq!(recorded.lines().find(|line| line.starts_with("graphql.")), expected.as_deref(), "{why}");
        assert!(!recorded.contains("s3cret"), "{why}: {recorded}");
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "{why}");
        assert_eq!(trigger.messages[0].inbound.correlation.get("id"), Some("c-1"), "{why}");
        assert!(!trigger.has_status, "{why}: a field may be called statusCode");
    }
}

#[test]
fn a_resolver_without_headers_has_no_context() {
    for request in [json!({"headers": null}), json!({}), Json::Null] {
        let mut event = resolver("Query", Json::Null, Json::Null);
        event["request"] = request;
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.messages.len()), ("appsync", 1), "{event}");
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::None, "{event}");
    }
    for event in [
        json!({"arguments": {}, "info": {"name": "order"}}),
        json!({"info": {"fieldName": "order"}}),
        json!({"typeName": "Query", "fieldName": "order"}),
        json!({"info": "fieldName", "arguments": {}}),
    ] {
        assert_eq!(detected(&event).source.name, "other", "{event}");
    }
}

#[test]
fn a_batch_of_one_request_has_its_parent_and_another_has_links() {
    let other = json!({"traceparent": OTHER_PARENT});
    for (batch, messages, trust, why) in [
        (vec![(headers(), iam()); 3], 1, Trust::Full, "one request"),
        (vec![(headers(), iam()), (headers(), Json::Null)], 1, Trust::Edge, "somebody unknown among them"),
        (vec![(headers(), Json::Null); 2], 1, Trust::Edge, "somebody unknown"),
        (vec![(headers(), iam()), (other.clone(), iam())], 2, Trust::Full, "two requests"),
        (vec![(headers(), iam()), (Json::Null, iam())], 2, Trust::Full, "one without headers"),
        (vec![(headers(), Json::Null), (other, iam())], 2, Trust::Edge, "two requests, one of somebody unknown"),
    ] {
        let events = batch.into_iter().map(|(headers, identity)| resolver("Customer", headers, identity));
        let trigger = detected(&events.collect());
        assert_eq!((trigger.source.name, trigger.messages.len(), trigger.trust), ("appsync", messages, trust), "{why}");
        let first = trigger.messages[0].inbound.parent.as_ref().unwrap();
        assert!(TRACEPARENT.contains(&first.trace_id.to_string()), "{why}");
        assert!(trigger.messages.iter().all(|message| message.inbound.untrusted == (trust == Trust::Edge)), "{why}");
        assert_eq!(trigger.messages[0].inbound.correlation.debug_log_enabled(), trust == Trust::Full, "{why}");
        assert_eq!(trigger.span_name.as_deref(), Some("Customer.order"), "{why}");
        assert!(!trigger.is_pipe, "{why}");
    }
}

#[test]
fn channels_are_named_by_their_namespace() {
    for operation in ["PUBLISH", "SUBSCRIBE"] {
        let info = json!({"channel": {"path": "/orders/s3cret"}, "channelNamespace": {"name": "orders"}, "operation": operation});
        let trigger =
            detected(&json!({"identity": iam(), "request": {"headers": headers()}, "info": info, "events": null}));
        assert_eq!((trigger.source.name, trigger.trust), ("appsync_events", Trust::Full));
        assert_eq!(trigger.messages[0].inbound.correlation.chain_length(), 3);
        let expected = format!("aws.appsync.channel_namespace.name=orders\naws.appsync.operation={operation}\n");
        assert!(attributes(&trigger).ends_with(&expected), "{}", attributes(&trigger));
        assert!(!attributes(&trigger).contains("s3cret"));
    }
}

#[test]
fn the_headers_before_an_authorizer_are_a_context() {
    let context = |more: Json| {
        let mut context =
            json!({"requestId": "r-1", "identity": {"caller": "AIDA", "userArn": "arn:aws:iam::1:user/a"}});
        context.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        context
    };
    let http = json!({"http": {"method": "GET"}});
    for (event, source, has_context, why) in [
        (
            json!({"type": "TOKEN", "authorizationToken": "s3cret", "methodArn": "arn:aws:execute-api:eu-west-1:1:api/prod/GET/pets/7"}),
            "authorizer",
            false,
            "a token",
        ),
        (
            json!({"type": "REQUEST", "methodArn": "a", "httpMethod": "GET", "path": "/pets/7", "headers": headers(), "requestContext": context(json!({}))}),
            "authorizer",
            true,
            "a REST API",
        ),
        (
            json!({"version": "1.0", "type": "REQUEST", "identitySource": "s3cret", "authorizationToken": "s3cret", "methodArn": "a", "httpMethod": "GET", "path": "/pets/7", "headers": headers(), "requestContext": context(json!({}))}),
            "authorizer",
            true,
            "an HTTP API, 1.0",
        ),
        (
            json!({"version": "2.0", "type": "REQUEST", "routeArn": "a", "identitySource": ["s3cret"], "rawPath": "/pets/7", "headers": headers(), "requestContext": context(http)}),
            "authorizer",
            true,
            "an HTTP API, 2.0",
        ),
        (
            json!({"type": "REQUEST", "methodArn": "a", "headers": headers(), "requestContext": context(json!({"connectionId": "1", "eventType": "CONNECT"}))}),
            "authorizer",
            true,
            "a WebSocket API",
        ),
        (
            json!({"authorizationToken": "s3cret", "requestContext": {"apiId": "a", "operationName": "Order", "queryString": "query s3cret"}, "requestHeaders": headers()}),
            "appsync_authorizer",
            true,
            "AppSync",
        ),
        (
            json!({"authorizationToken": "s3cret", "requestContext": {"apiId": "a"}}),
            "appsync_authorizer",
            false,
            "AppSync, a token alone",
        ),
        (
            json!({"token": "s3cret", "protocolData": {"http": {"headers": headers(), "queryString": "?token=s3cret"}}, "connectionMetadata": {"id": "1"}}),
            "iot_authorizer",
            true,
            "IoT over HTTP",
        ),
        (
            json!({"token": "s3cret", "protocolData": {"mqtt": {"password": "s3cret", "username": "s3cret"}}, "connectionMetadata": {"id": "1"}}),
            "iot_authorizer",
            false,
            "IoT over MQTT",
        ),
    ] {
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.trust, trigger.has_status), (source, Trust::Edge, false), "{why}");
        assert_eq!(trigger.span_name, None, "{why}");
        let inbound = &trigger.messages[0].inbound;
        let (parent, id) =
            if has_context { (ParentSource::TraceParent, Some("c-1")) } else { (ParentSource::None, None) };
        assert_eq!((inbound.source, inbound.correlation.get("id")), (parent, id), "{why}");
        assert_eq!((inbound.untrusted, inbound.correlation.debug_log_enabled()), (true, false), "{why}");
        assert!(!format!("{:?}", trigger.attributes).contains("s3cret"), "{why}");
        let all = recognised(event.to_string().as_bytes(), &config(&[("THUNDRA_TRUST", "all")]));
        assert_eq!(all.trust, Trust::Full, "{why}");
    }
}

#[test]
fn a_token_comes_with_the_method_and_the_path() {
    for (arn, expected) in [
        (
            "arn:aws:execute-api:eu-west-1:1:api/prod/GET/pets/7",
            "faas.trigger=http\nhttp.request.method=GET\nurl.path=/pets/7\nurl.scheme=https\n",
        ),
        (
            "arn:aws:execute-api:eu-west-1:1:api/prod/GET/",
            "faas.trigger=http\nhttp.request.method=GET\nurl.path=/\nurl.scheme=https\n",
        ),
        ("arn:aws:execute-api:eu-west-1:1:api/prod/$connect", "faas.trigger=http\nurl.scheme=https\n"),
        ("a", "faas.trigger=http\nurl.scheme=https\n"),
    ] {
        let trigger = detected(&json!({"type": "TOKEN", "authorizationToken": "t", "methodArn": arn}));
        assert_eq!(attributes(&trigger), expected, "{arn}");
    }
}
