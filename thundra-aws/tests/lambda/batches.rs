//! `#[handler(batch)]`: handlers of single records.

use aws_lambda_events::event::firehose::KinesisFirehoseEvent;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use serde::Deserialize;
use serde_json::{Value, json};
use thundra_aws::{Error, handler};

use crate::peers::{Lambda, Seen};

#[derive(Deserialize)]
struct Order {
    id: u64,
}

/// The highest delivered id.
struct Last(u64);

async fn connect() -> Last {
    Last(8)
}

mod order {
    use super::*;

    #[handler(batch, init = connect)]
    pub(super) async fn main(order: Order, last: &Last) -> Result<(), Error> {
        if order.id > last.0 { Err("sold out".into()) } else { Ok(()) }
    }
}

mod message {
    use super::*;

    #[handler(batch, concurrent)]
    pub(super) async fn main(SqsMessage { body, .. }: SqsMessage) -> Result<(), &'static str> {
        if body.is_some_and(|body| body.contains('9')) { Err("sold out") } else { Ok(()) }
    }
}

mod named {
    use super::*;

    #[handler(batch = SqsEvent)]
    pub(super) async fn main(text: String) -> Result<usize, String> {
        if text.contains('9') { Err(text) } else { Ok(text.len()) }
    }
}

mod lines {
    use super::*;

    #[handler(batch = KinesisFirehoseEvent)]
    pub(super) async fn main(line: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
        Ok((!line.starts_with(b"DEBUG")).then_some(line))
    }
}

/// Runs the program called `name`. Returns `None` for an unknown name.
pub(crate) fn program(name: &str) -> Option<std::process::ExitCode> {
    Some(match name {
        "batch_order" => order::main(),
        "batch_message" => message::main(),
        "batch_named" => named::main(),
        "batch_lines" => lines::main(),
        _ => return None,
    })
}

fn sqs(bodies: &[&str]) -> Value {
    let record = |(n, body): (usize, &&str)| {
        json!({ "messageId": format!("m-{n}"), "body": body, "eventSource": "aws:sqs", "attributes": {},
                "messageAttributes": {}, "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders" })
    };
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

#[tokio::test]
async fn a_function_of_one_record_answers_for_the_batch() {
    for program in ["batch_order", "batch_message", "batch_named"] {
        let lambda = Lambda::start(program, &[]).await;
        let response = lambda.invoke(sqs(&[r#"{"id":7}"#, r#"{"id":9}"#, r#"{"id":8}"#])).await.unwrap();
        assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] }), "{program}");
        let error = lambda.invoke(sqs(&[r#"{"id":9}"#])).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().starts_with("1 of 1 records of the batch failed"), "{error}");
        lambda.wait_for(|seen| seen.iter().flat_map(Seen::roots).count() == 2).await;
        let (seen, _) = lambda.stop().await;
        let records = seen.iter().flat_map(Seen::spans).filter(|span| span.name == "process orders").count();
        assert_eq!(records, 4, "{program}");
    }
}

#[tokio::test]
async fn a_batch_without_a_name_is_told_apart_by_its_source() {
    let data = |text: &str| {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.encode(text)
    };
    let (good, bad) = (data(r#"{"id":7}"#), data(r#"{"id":9}"#));
    let kinesis = |number: &str, data: &str| {
        json!({ "eventSource": "aws:kinesis", "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
                "kinesis": { "data": data, "sequenceNumber": number, "partitionKey": "a", "approximateArrivalTimestamp": 1 } })
    };
    let kafka = |offset: u8, data: &str| json!({ "topic": "orders", "partition": 0, "offset": offset, "timestamp": 1, "value": data, "headers": [] });
    let rabbit = json!({ "basicProperties": { "headers": {}, "deliveryMode": 1, "priority": 1, "bodySize": 1 },
                         "redelivered": false, "data": good });
    let lambda = Lambda::start("batch_order", &[]).await;
    for (event, response) in [
        (
            json!({ "Records": [kinesis("1", &good), kinesis("2", &bad)] }),
            json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] }),
        ),
        (
            json!({ "eventSource": "aws:kafka", "records": { "orders-0": [kafka(1, &good), kafka(2, &bad)] } }),
            json!({ "batchItemFailures": [{ "itemIdentifier": { "partition": "orders-0", "offset": 2 } }] }),
        ),
        (json!({ "eventSource": "aws:rmq", "rmqMessagesByQueue": { "orders::/": [rabbit] } }), Value::Null),
        (json!({ "Records": [] }), json!({ "batchItemFailures": [] })),
        (
            json!({ "window": {}, "state": {}, "isFinalInvokeForWindow": true, "Records": [] }),
            json!({ "batchItemFailures": [] }),
        ),
        (json!({ "eventSource": "aws:kafka", "records": {} }), json!({ "batchItemFailures": [] })),
    ] {
        assert_eq!(lambda.invoke(event).await.unwrap(), response);
    }
    for (event, remedy) in [
        (json!({ "order": 7 }), "name the event"),
        (json!([{ "eventSource": "aws:sqs", "messageId": "m-1", "body": good }]), "pipe of EventBridge"),
    ] {
        let error = lambda.invoke(event).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().contains(remedy), "{error}");
    }
    lambda.stop().await;
}

#[tokio::test]
async fn the_result_of_a_record_of_firehose_is_its_data() {
    let record = |id: &str, data: &str| json!({ "recordId": id, "data": data, "approximateArrivalTimestamp": 1 });
    let event = json!({ "deliveryStreamArn": "arn:aws:firehose:eu-west-1:1:deliverystream/lake",
                        "records": [record("r-1", "aGk="), record("r-2", "REVCVUcgaGk=")] });
    let lambda = Lambda::start("batch_lines", &[]).await;
    let response = lambda.invoke(event).await.unwrap();
    let result = |n: usize| [&response["records"][n]["result"], &response["records"][n]["data"]].map(Value::to_string);
    assert_eq!(
        (result(0), result(1)),
        ([r#""Ok""#, r#""aGk=""#].map(str::to_owned), [r#""Dropped""#, r#""""#].map(str::to_owned))
    );
    lambda.stop().await;
}
