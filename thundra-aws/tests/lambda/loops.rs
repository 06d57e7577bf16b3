//! Chains of calls over the limit: the invocation or the record at the end of the chain does not begin.

use std::process::ExitCode;

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::streams::KinesisEventResponse;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, batch, correlation, handler, service_fn};
use thundra_core::ScopeRef;

use crate::peers::{Lambda, Seen};

const LIMIT: (&str, &str) = ("THUNDRA_MAX_CHAIN_LENGTH", "3");
const TOO_LONG: &str = "the chain of calls has 4 programs, more than THUNDRA_MAX_CHAIN_LENGTH=3 allows: perhaps a loop";

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match name {
        "loops" => runtime().block_on(thundra_aws::run(service_fn(work))).unwrap(),
        "loops_concurrent" => runtime().block_on(thundra_aws::run_concurrent(service_fn(work))).unwrap(),
        "loops_handler" => assert_eq!(own::main(), ExitCode::SUCCESS),
        "loops_state" => assert_eq!(with_state::main(), ExitCode::SUCCESS),
        "loops_in_place" => {
            correlation::restart_chain();
            runtime().block_on(thundra_aws::run(service_fn(in_place))).unwrap();
        }
        "loops_stream" => runtime().block_on(thundra_aws::run(service_fn(stream))).unwrap(),
        "loops_batch" => runtime().block_on(thundra_aws::run(service_fn(each))).unwrap(),
        "loops_batch_concurrent" => runtime().block_on(thundra_aws::run_concurrent(service_fn(each))).unwrap(),
        #[cfg(feature = "sqs")]
        "loops_worker" => {
            use aws_sdk_sqs::types::{Message, MessageAttributeValue};

            let length = MessageAttributeValue::builder().data_type("String").string_value("7").build().unwrap();
            let message = Message::builder().message_attributes("call-chain-length", length).build();
            let received = async |_| {
                eprintln!("works on a received message");
                Ok::<_, Error>(())
            };
            runtime().block_on(async {
                thundra_aws::sqs::process(message, received).await.unwrap();
                thundra_aws::run(service_fn(work)).await.unwrap();
            });
        }
        #[cfg(feature = "http")]
        "loops_http" => {
            let app = lambda_http::service_fn(async |_: lambda_http::Request| Ok::<_, Error>("worked"));
            runtime().block_on(thundra_aws::http::run(app)).unwrap();
        }
        other => panic!("no program {other}"),
    }
}

/// Returns the length of the chain of calls.
async fn work(event: LambdaEvent<Value>) -> Result<u32, Error> {
    eprintln!("the handler is called");
    if event.payload["page"].is_number() {
        correlation::restart_chain();
    }
    Ok(ScopeRef::current().and_then(|scope| scope.correlation()).unwrap().chain_length())
}

#[handler]
async fn in_place(event: LambdaEvent<Value>) -> Result<u32, Error> {
    work(event).await
}

async fn each(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    batch::each_record(event.payload, async |message| {
        eprintln!("works on {:?}", message.message_id);
        Ok::<_, Error>(())
    })
    .await
}

async fn stream(event: LambdaEvent<KinesisEvent>) -> Result<KinesisEventResponse, Error> {
    batch::each_record(event.payload, async |record| {
        eprintln!("works on {:?}", record.kinesis.sequence_number);
        Ok::<_, Error>(())
    })
    .await
}

mod own {
    use super::*;

    #[handler]
    pub(super) async fn main(event: LambdaEvent<Value>) -> Result<u32, Error> {
        work(event).await
    }
}

mod with_state {
    use super::*;

    async fn connect() -> Result<String, Error> {
        Ok("state".into())
    }

    #[handler(init = connect, concurrent)]
    pub(super) async fn main(event: LambdaEvent<Value>, _state: &String) -> Result<u32, Error> {
        work(event).await
    }
}

fn invoke(length: u32) -> Value {
    json!({ "__context__": { "x-correlation-id": "c-1", "call-chain-length": length }, "order": 7 })
}

/// Returns a batch of messages with the received chain lengths in `lengths`; zero for none.
fn messages(lengths: &[u32]) -> Value {
    let message = |(number, length): (usize, &u32)| {
        let attributes = json!({ "call-chain-length": { "dataType": "String", "stringValue": length.to_string() } });
        json!({ "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
                "messageId": format!("m-{number}"), "body": "{}", "attributes": {},
                "messageAttributes": if *length > 0 { attributes } else { json!({}) } })
    };
    json!({ "Records": lengths.iter().enumerate().map(message).collect::<Vec<_>>() })
}

#[tokio::test]
async fn an_invocation_over_the_limit_answers_an_error_without_its_handler() {
    for program in ["loops", "loops_concurrent", "loops_handler", "loops_state", "loops_in_place"] {
        let lambda = Lambda::start(program, &[LIMIT]).await;
        assert_eq!(lambda.invoke(invoke(2)).await.unwrap(), json!(3), "{program}: the longest that runs");
        let error = lambda.invoke(invoke(3)).await.unwrap_err();
        assert_eq!(error["errorType"], "chain_too_long", "{program}");
        assert_eq!(error["errorMessage"], TOO_LONG, "{program}");
        let root = lambda.traced().await;
        assert_eq!((root.text("error.type"), root.status.as_deref()), ("chain_too_long".into(), Some(TOO_LONG)));
        assert_eq!(lambda.invoke(json!({ "order": 7 })).await.unwrap(), json!(1), "{program}: and goes on");
        let (_, stderr) = lambda.stop().await;
        assert_eq!(stderr.matches("the handler is called").count(), 2, "{program}: {stderr}");
        assert!(stderr.contains("restart_chain"), "{program}: {stderr}");
        let outside = stderr.contains("the chain of calls does not begin anew: this code runs in no invocation");
        assert_eq!(outside, program == "loops_in_place", "{program}: {stderr}");
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_stopped() {
    let lambda = Lambda::start("loops", &[]).await;
    assert_eq!(lambda.invoke(invoke(500)).await.unwrap(), json!(501));
    assert_eq!(lambda.invoke(messages(&[500, 7])).await.unwrap(), json!(1));
    let (_, stderr) = lambda.stop().await;
    assert!(!stderr.contains("CHAIN_LENGTH"), "{stderr}");
}

#[tokio::test]
async fn a_stranger_stops_nothing() {
    let lambda = Lambda::start("loops", &[LIMIT]).await;
    let request = json!({ "httpMethod": "GET", "path": "/", "headers": { "call-chain-length": "99" },
                          "requestContext": { "elb": {} } });
    assert_eq!(lambda.invoke(request.clone()).await.unwrap(), json!(1));
    let topic = json!({ "topic": "devices/7", "clientid": "7", "__context__": { "call-chain-length": 99 } });
    assert_eq!(lambda.invoke(topic).await.unwrap(), json!(1));
    lambda.stop().await;
    let lambda = Lambda::start("loops", &[LIMIT, ("THUNDRA_TRUST", "all")]).await;
    assert_eq!(lambda.invoke(request).await.unwrap_err()["errorType"], "chain_too_long", "unless it is trusted");
    lambda.stop().await;
}

#[cfg(feature = "http")]
#[tokio::test]
async fn an_application_over_the_limit_fails_its_invocation() {
    let lambda = Lambda::start("loops_http", &[LIMIT, ("THUNDRA_TRUST", "all")]).await;
    let request = |length: &str| {
        json!({ "httpMethod": "GET", "path": "/", "headers": { "call-chain-length": length },
                "queryStringParameters": {}, "multiValueQueryStringParameters": {}, "multiValueHeaders": {},
                "isBase64Encoded": false, "body": null,
                "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/1" } } })
    };
    assert_eq!(lambda.invoke(request("2")).await.unwrap()["body"], "worked");
    assert_eq!(lambda.invoke(request("3")).await.unwrap_err()["errorType"], "chain_too_long");
    lambda.stop().await;
}

#[tokio::test]
async fn recursion_that_is_meant_restarts_its_chain() {
    let lambda = Lambda::start("loops", &[LIMIT]).await;
    let mut event = invoke(2);
    event["page"] = json!(1);
    assert_eq!(lambda.invoke(event).await.unwrap(), json!(1));
    lambda.stop().await;
}

#[tokio::test]
async fn a_record_over_the_limit_fails_alone() {
    for program in ["loops_batch", "loops_batch_concurrent"] {
        let lambda = Lambda::start(program, &[LIMIT]).await;
        let response = lambda.invoke(messages(&[1, 7, 0, 2])).await.unwrap();
        assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] }), "{program}");
        let root = lambda.traced().await;
        assert_eq!((&root.status, root.text("thundra.batch.failures")), (&None, "1".into()), "{program}");
        let (seen, stderr) = lambda.stop().await;
        let failed: Vec<_> = seen.iter().flat_map(Seen::spans).filter(|span| span.status.is_some()).collect();
        let [record] = failed.as_slice() else { panic!("{program}: {failed:?}") };
        assert_eq!((record.kind, record.text("error.type")), (5, "chain_too_long".into()), "{program}");
        assert_eq!(stderr.matches("works on").count(), 3, "{program}: {stderr}");
        for named in ["MaximumRetryAttempts", "on-failure destination", "maxReceiveCount", "restart_chain"] {
            assert!(stderr.contains(named), "{program}: {named}: {stderr}");
        }
    }
}

#[tokio::test]
async fn a_stopped_record_holds_up_those_behind_it_and_no_others() {
    let lambda = Lambda::start("loops_batch", &[LIMIT]).await;
    let mut event = messages(&[1, 7, 0, 2, 0]);
    for (record, group) in event["Records"].as_array_mut().unwrap().iter_mut().zip(["a", "b", "a", "b", "c"]) {
        record["eventSourceARN"] = json!("arn:aws:sqs:eu-west-1:123456789012:orders.fifo");
        record["attributes"]["MessageGroupId"] = json!(group);
    }
    let response = lambda.invoke(event).await.unwrap();
    let failed = ["m-1", "m-3"].map(|id| json!({ "itemIdentifier": id }));
    assert_eq!(response, json!({ "batchItemFailures": failed }), "the group of the stopped message");
    let (_, stderr) = lambda.stop().await;
    assert_eq!(stderr.matches("works on").count(), 3, "{stderr}");

    let lambda = Lambda::start("loops_stream", &[LIMIT]).await;
    let record = |(number, data): (usize, Value)| {
        json!({ "eventSource": "aws:kinesis", "eventID": format!("shardId-0:{number}"), "eventVersion": "1.0",
                "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders",
                "kinesis": { "data": BASE64_STANDARD.encode(data.to_string()), "sequenceNumber": number.to_string(),
                             "partitionKey": "a", "approximateArrivalTimestamp": 1.5, "kinesisSchemaVersion": "1.0" } })
    };
    let records: Vec<_> = [invoke(1), invoke(7), invoke(0)].into_iter().enumerate().map(record).collect();
    let response = lambda.invoke(json!({ "Records": records })).await.unwrap();
    assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] }), "the stream goes on from there");
    let (_, stderr) = lambda.stop().await;
    assert_eq!(stderr.matches("works on").count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_message_alone_over_the_limit_stops_its_invocation() {
    for program in ["loops_batch", "loops"] {
        let lambda = Lambda::start(program, &[LIMIT]).await;
        assert_eq!(lambda.invoke(messages(&[7])).await.unwrap_err()["errorType"], "chain_too_long", "{program}");
        let (_, stderr) = lambda.stop().await;
        assert!(stderr.contains("MaximumRetryAttempts"), "{program}: {stderr}");
    }
}

#[tokio::test]
async fn a_handler_of_whole_batches_goes_on_with_the_longest_chain() {
    let lambda = Lambda::start("loops", &[LIMIT]).await;
    assert_eq!(lambda.invoke(messages(&[1, 7, 0])).await.unwrap(), json!(8));
    assert_eq!(lambda.invoke(messages(&[0, 0])).await.unwrap(), json!(1));
    let (_, stderr) = lambda.stop().await;
    assert!(stderr.contains("thundra_aws::batch::each gives each record its own"), "{stderr}");
    let line = "the chain of calls has 8 programs, more than THUNDRA_MAX_CHAIN_LENGTH=3 allows: perhaps a loop. The \
                handler was called all the same";
    assert_eq!(stderr.matches(line).count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_limit_without_the_format_of_the_length_is_reported() {
    let lambda = Lambda::start("loops", &[LIMIT, ("OTEL_PROPAGATORS", "tracecontext")]).await;
    assert_eq!(lambda.invoke(invoke(99)).await.unwrap(), json!(1));
    let (_, stderr) = lambda.stop().await;
    let line = "THUNDRA_MAX_CHAIN_LENGTH has no effect: OTEL_PROPAGATORS lacks `correlation`";
    assert!(stderr.contains(line), "{stderr}");
}

#[cfg(feature = "sqs")]
#[tokio::test]
async fn a_received_message_is_worked_on_and_reported() {
    let lambda = Lambda::start("loops_worker", &[LIMIT]).await;
    assert_eq!(lambda.invoke(invoke(0)).await.unwrap(), json!(1));
    let (_, stderr) = lambda.stop().await;
    let line = "allows: perhaps a loop. The message is worked on all the same";
    assert!(stderr.contains("works on a received message") && stderr.contains(line), "{stderr}");
}
