//! Requests of every kind: the name, the parent and the status of the root span. The program comes from the
//! [details](crate::details), and responds with `{"statusCode": 503}`.

use serde_json::{Value, json};

use crate::peers::Lambda;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn resolver(parent: &str) -> Value {
    json!({ "arguments": {}, "identity": null, "request": { "headers": { "traceparent": parent } },
            "info": { "parentTypeName": "Query", "fieldName": "order" } })
}

#[tokio::test]
async fn a_request_has_the_parent_of_its_headers_and_a_status_only_if_it_is_the_clients() {
    let line = json!([{ "key": "traceparent", "value": TRACEPARENT }]);
    let headers = json!({ "traceparent": TRACEPARENT });
    let lambda = Lambda::start("details", &[]).await;
    for (mut event, name, status) in [
        (
            json!({ "httpMethod": "GET", "path": "/", "headers": headers, "requestContext": { "elb": {} } }),
            "GET",
            "503",
        ),
        (
            json!({ "Records": [{ "cf": { "config": {}, "request": { "method": "GET", "uri": "/", "headers": { "traceparent": line } } } }] }),
            "GET",
            "",
        ),
        (resolver(TRACEPARENT), "Query.order", ""),
        (
            json!({ "authorizationToken": "t", "requestContext": { "apiId": "a" }, "requestHeaders": headers }),
            "details",
            "",
        ),
    ] {
        event["ends"] = json!("503");
        lambda.invoke(event.clone()).await.unwrap();
        let root = lambda.traced().await;
        assert_eq!((root.name.as_str(), root.text("http.response.status_code").as_str()), (name, status), "{event}");
        assert_eq!((root.kind, root.parent.as_str()), (2, "b7ad6b7169203331"), "{event}");
        assert_eq!(root.status.is_some(), !status.is_empty(), "{event}");
    }
    lambda.stop().await;
}

#[tokio::test]
async fn the_fields_of_several_requests_are_linked() {
    let lambda = Lambda::start("details", &[]).await;
    let other = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01";
    for (batch, parent, links) in [
        (json!([resolver(TRACEPARENT), resolver(TRACEPARENT)]), "b7ad6b7169203331", 0),
        (json!([resolver(TRACEPARENT), resolver(other)]), "", 2),
    ] {
        lambda.invoke(batch).await.unwrap();
        let root = lambda.traced().await;
        assert_eq!((root.name.as_str(), root.parent.as_str(), root.links.len()), ("Query.order", parent, links));
    }
    lambda.stop().await;
}
