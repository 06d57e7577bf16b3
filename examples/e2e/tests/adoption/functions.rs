//! The functions: events, and the traces of the adopted form.

use serde_json::{Value, json};
use thundra_examples::harness::lambda::Event;

/// A function in both forms.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// The function takes two events at once.
    pub(crate) concurrent: bool,
    pub(crate) events: fn() -> Vec<Event>,
    /// The spans of all events: name, kind and error of each, indented below the parent.
    pub(crate) tree: &'static str,
}

pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "greeting",
        concurrent: false,
        events: || events(&[json!({ "name": "Ada" }), json!({ "title": "Countess" })]),
        tree: "
greeting [Server]
  compose
greeting [Server] ✗ the event could not be read as the handler's type: missing field `name` at line 1 column 20
",
    },
    Function {
        name: "concurrent",
        concurrent: true,
        events: || events(&[json!({ "step": 1 }), json!({ "step": 2 })]),
        tree: "
concurrent [Server]
concurrent [Server]
",
    },
    Function {
        name: "error_type",
        concurrent: false,
        events: || {
            events(&[
                json!({ "balance": 100, "cents": 30 }),
                json!({ "balance": 10, "cents": 30 }),
                json!({ "balance": 10, "cents": 0 }),
            ])
        },
        tree: "
error_type [Server]
error_type [Server] ✗ 20 cents are missing
error_type [Server] ✗ there is nothing to withdraw
",
    },
    Function {
        name: "error_thiserror",
        concurrent: false,
        events: || {
            events(&[
                json!({ "numbers": ["1", "2"] }),
                json!({ "numbers": ["1", "two"] }),
                json!({ "numbers": ["2147483647", "1"] }),
            ])
        },
        tree: "
error_thiserror [Server]
error_thiserror [Server] ✗ \"two\" is no number: invalid digit found in string
error_thiserror [Server] ✗ the sum is too large
",
    },
    Function {
        name: "error_anyhow",
        concurrent: false,
        events: || events(&[json!({ "items": 2 }), json!({}), json!({ "items": 0 })]),
        tree: "
error_anyhow [Server]
error_anyhow [Server] ✗ an order needs a number of items
error_anyhow [Server] ✗ an order needs an item
",
    },
    Function {
        name: "shared_client",
        concurrent: false,
        events: || events(&[json!({ "item": "cheese" }), json!({ "item": "truffles" })]),
        tree: "
shared_client [Server]
  GET [Client]
shared_client [Server] ✗ HTTP status client error (404 Not Found) for url (http://prices/prices/truffles)
  GET [Client] ✗
",
    },
    Function {
        name: "queue_message",
        concurrent: false,
        events: || events(&[json!({ "order": 7 })]),
        tree: "
queue_message [Server]
  SQS.SendMessage [Producer]
",
    },
    Function {
        name: "queue",
        concurrent: false,
        events: || events(&[sqs(&[r#"{"text":"one"}"#]), sqs(&[r#"{"text":"two"}"#, r#"{"text":"three"}"#])]),
        tree: "
queue [Server]
  note
queue [Server]
  note
  note
",
    },
    Function {
        name: "partial_batch",
        concurrent: false,
        events: || events(&[sqs(&[r#"{"weight":3}"#, r#"{"weight":70}"#, "no JSON"])]),
        tree: "
partial_batch [Server]
  process notes [Consumer]
    ship
  process notes [Consumer] ✗ too heavy
    ship ✗ too heavy
  process notes [Consumer] ✗ the payload is no adoption::adopted::partial_batch::Parcel: expected ident at line 1 column 2
",
    },
    Function {
        name: "stream",
        concurrent: false,
        events: || events(&[kinesis(&["b25l", "dHdv"])]),
        tree: "
stream [Server]
  SNS.Publish [Producer]
  SNS.Publish [Producer]
",
    },
    Function {
        name: "tenant",
        concurrent: false,
        events: || {
            let event = || Event::new(&json!({})).unwrap();
            vec![event().tenant("blue"), event().tenant("blue"), event()]
        },
        tree: "
tenant [Server]
tenant [Server]
tenant [Server] ✗ a call without a tenant
",
    },
    Function {
        name: "sign_up",
        concurrent: false,
        events: || events(&[sign_up("ada@example.com"), sign_up("ada@example.org")]),
        tree: "
sign_up [Server]
sign_up [Server]
",
    },
    Function {
        name: "bus_event",
        concurrent: false,
        events: || {
            events(&[json!({
                "version": "0",
                "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
                "detail-type": "Order Shipped",
                "source": "shop.shipping",
                "account": "123456789012",
                "time": "2026-11-26T12:00:00Z",
                "region": "us-east-1",
                "resources": [],
                "detail": { "order": "o-7", "parcels": 2 }
            })])
        },
        tree: "
bus_event [Server]
",
    },
    Function {
        name: "streamed",
        concurrent: false,
        events: || events(&[json!({ "end": 3 }), json!({})]),
        tree: "
streamed [Server]
streamed [Server] ✗ an end is needed
",
    },
    Function {
        name: "layers",
        concurrent: false,
        events: || events(&[json!({}), json!({})]),
        tree: "
layers [Server]
layers [Server]
",
    },
    Function {
        name: "http_basic",
        concurrent: false,
        events: || events(&[http("GET", "/hello", "name=Ada", ""), http("GET", "/hello", "", "")]),
        tree: "
GET [Server]
GET [Server]
",
    },
    Function {
        name: "http_axum",
        concurrent: false,
        events: || {
            events(&[
                http("POST", "/orders", "", r#"{"item":"cheese"}"#),
                http("GET", "/orders/0", "", ""),
                http("GET", "/orders/1", "", ""),
                http("GET", "/elsewhere", "", ""),
            ])
        },
        tree: "
init
POST /orders [Server]
GET /orders/{id} [Server]
GET /orders/{id} [Server]
GET [Server]
",
    },
    Function {
        name: "http_middleware",
        concurrent: false,
        events: || {
            let mut authorized = http("GET", "/profile", "", "");
            authorized["requestContext"]["authorizer"] = json!({ "lambda": { "user": "ada" } });
            events(&[authorized, http("GET", "/profile", "", "")])
        },
        tree: "
GET /profile [Server]
GET /profile [Server]
",
    },
    Function {
        name: "http_cors",
        concurrent: false,
        events: || events(&[http("OPTIONS", "/", "", ""), http("POST", "/", "", "four")]),
        tree: "
OPTIONS [Server]
POST [Server]
",
    },
    Function {
        name: "http_streamed",
        concurrent: false,
        events: || events(&[http("GET", "/count/3", "", ""), http("GET", "/elsewhere", "", "")]),
        tree: "
GET /count/{end} [Server]
GET [Server]
",
    },
];

fn events(events: &[Value]) -> Vec<Event> {
    events.iter().map(|event| Event::new(event).unwrap()).collect()
}

/// Returns a request to a function URL.
fn http(method: &str, path: &str, query: &str, body: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "content-type": "application/json",
            "host": "abcd.lambda-url.us-east-1.on.aws",
            "origin": "https://shop.example",
            "access-control-request-method": "GET"
        },
        "queryStringParameters": query.split_once('=').map(|(name, value)| json!({ name: value })),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcd",
            "domainName": "abcd.lambda-url.us-east-1.on.aws",
            "domainPrefix": "abcd",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl/8.14.1"
            },
            "requestId": "5f2e1d1c-0000-4000-8000-000000000000",
            "routeKey": "$default",
            "stage": "$default",
            "time": "26/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_694_400_000_u64
        },
        "body": body,
        "isBase64Encoded": false
    })
}

fn sqs(bodies: &[&str]) -> Value {
    let record = |(n, body): (usize, &&str)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-66197597{n:04}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795694400000",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1795694400001"
            },
            "messageAttributes": {},
            "md5OfBody": "098f6bcd4621d373cade4e832627b4f6",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:notes",
            "awsRegion": "us-east-1"
        })
    };
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

fn kinesis(data: &[&str]) -> Value {
    let record = |(n, data): (usize, &&str)| {
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "1",
                "sequenceNumber": format!("4959033827149025660855969254092570275932420852313751{n:04}"),
                "data": data,
                "approximateArrivalTimestamp": 1_795_694_400.128
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("shardId-000000000006:4959033827149025660855969254092570275932420852313751{n:04}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/parcels"
        })
    };
    json!({ "Records": data.iter().enumerate().map(record).collect::<Vec<_>>() })
}

fn sign_up(email: &str) -> Value {
    json!({
        "version": "1",
        "region": "us-east-1",
        "userPoolId": "us-east-1_AbCdEfGhI",
        "userName": "ada",
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "7hk0s0p6example" },
        "triggerSource": "PreSignUp_SignUp",
        "request": { "userAttributes": { "email": email }, "validationData": null },
        "response": { "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false }
    })
}
