//! Streams of Kinesis, DynamoDB and Firehose, and a pipe.
//!
//! MiniStack 1.5.33 delivers records of streams, and treats any response as success: only the mappings of queues read
//! `batchItemFailures`. The test of a poison record therefore does the documented work of a mapping:
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>.

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{Record, ShardIteratorType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use thundra_core::outbound;
use tracing::{Span, info_span};

use super::Stage;
use crate::account::{ROLE, state_machine};
use crate::received::kinesis_event;
use crate::sent::Sent;

/// The attempts at a batch before the first record is given up.
const ATTEMPTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_record_of_a_shard_is_given_up_and_the_others_are_worked_on() {
    let stage = Stage::open("poison").await;
    let stream = stage.cloud.create_stream("readings").await.unwrap();
    let mut senders = Vec::new();
    for (order, fails) in [("before", 0), ("poison", 1), ("behind", 0)] {
        senders.push(stage.put(order, fails).await);
    }
    let [before, poison, behind] = &senders[..] else { panic!("three") };

    let mut iterator = stage.iterator(ShardIteratorType::TrimHorizon, None).await;
    let mut reported = Vec::new();
    while let Some(failed) = stage.deliver(&stream, &iterator).await {
        reported.push(failed.clone());
        let tries = reported.iter().filter(|one| **one == failed).count();
        let next =
            if tries < ATTEMPTS { ShardIteratorType::AtSequenceNumber } else { ShardIteratorType::AfterSequenceNumber };
        iterator = stage.iterator(next, Some(failed)).await;
    }
    assert_eq!(reported, vec![reported[0].clone(); ATTEMPTS], "one record of three failed");

    let works = stage.works(poison, ATTEMPTS).await;
    assert!(works.iter().all(|work| work.record.as_ref().unwrap().error.is_some()));
    assert_eq!(works[0].way, "process readings › work", "in the trace of its sender, below the sending call");
    let [work] = &stage.works(before, 1).await[..] else { panic!("one expected") };
    before.assert_same(&work.seen);
    let [work] = &stage.works(behind, 1).await[..] else { panic!("it is begun when the one before was given up") };
    behind.assert_same(&work.seen);
    assert_eq!(work.way, "poison › process readings › work");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_with_a_context_is_below_its_writer() {
    let stage = Stage::open("items").await;
    let stream = stage.table("orders").await;
    stage.cloud.map_stream(&stream, stage.name, 10).await.unwrap();
    let sent = stage.put_item("orders", "order-1").await;

    let [work] = &stage.works(&sent, 1).await[..] else { panic!("one expected") };
    assert_eq!(work.way, "items › process orders › work");
    let attributes = ["faas.trigger", "faas.document.collection", "faas.document.operation"];
    let attributes = attributes.map(|key| work.invocation.attribute(key).unwrap_or_default());
    assert_eq!(attributes, ["datasource", "orders", "insert"]);
    let pointer = work.record.as_ref().unwrap().attribute("thundra.span_pointers.read");
    assert_eq!(pointer, Some("cf1ad5b2588d86e1320d40733dc2008e"), "SHA-256 of orders|order|order-1||");
    sent.assert_same(&work.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_record_of_a_delivery_stream_is_not_transformed() {
    let stage = Stage::open("transformation").await;
    stage.cloud.rest("s3", Method::PUT, "/lake", String::new()).await.unwrap();
    let parameter = json!({ "ParameterName": "LambdaArn", "ParameterValue": stage.arn });
    let stream = json!({
        "DeliveryStreamName": "clicks",
        "ExtendedS3DestinationConfiguration": {
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": ROLE,
            "Prefix": "clicks/",
            "ProcessingConfiguration": {
                "Enabled": true, "Processors": [{ "Type": "Lambda", "Parameters": [parameter] }],
            },
        },
    });
    stage.cloud.call("firehose", "Firehose_20150804.CreateDeliveryStream", &stream).await.unwrap();
    let (good, first) = click("good", 0).await;
    let (bad, second) = click("bad", 1).await;
    let put = json!({ "DeliveryStreamName": "clicks", "Records": [{ "Data": first }, { "Data": second }] });
    stage.cloud.call("firehose", "Firehose_20150804.PutRecordBatch", &put).await.unwrap();

    for (sent, failed) in [(&good, false), (&bad, true)] {
        let [work] = &stage.works(sent, 1).await[..] else { panic!("one expected") };
        assert_eq!(work.record.as_ref().unwrap().error.is_some(), failed);
        assert_eq!(work.invocation.attribute("faas.trigger"), Some("datasource"), "{:?}", work.invocation);
        sent.assert_same(&work.seen);
    }
    let list = stage.cloud.rest("s3", Method::GET, "/lake?list-type=2", String::new()).await.unwrap();
    let keys: Vec<_> =
        list.as_str().unwrap().split("<Key>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    let [key] = keys[..] else { panic!("one object expected: {list}") };
    let object = stage.cloud.rest("s3", Method::GET, &format!("/lake/{key}"), String::new()).await.unwrap();
    assert_eq!(object, json!({ "order": "good", "fails": 0 }), "without our context");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_through_a_pipe_and_a_state_machine_is_below_its_writer() {
    let stage = Stage::open("pipe").await;
    let stream = stage.table("piped").await;
    // The only target of MiniStack's pipes that passes the batch on as an array.
    let machine =
        state_machine(&stage.config, "piped", json!({ "Type": "Task", "Resource": stage.arn, "End": true })).await;
    let pipe = json!({ "RoleArn": ROLE, "Source": stream, "Target": machine }).to_string();
    stage.cloud.rest("pipes", Method::POST, "/v1/pipes/orders", pipe).await.unwrap();
    let sent = stage.put_item("piped", "order-1").await;

    let [work] = &stage.works(&sent, 1).await[..] else { panic!("one expected") };
    assert_eq!((work.way.as_str(), work.span.attribute("order")), ("pipe › work", Some("order-1")));
    sent.assert_same(&work.seen);
}

impl Stage {
    /// Creates a table with a stream, and returns the ARN of the stream.
    async fn table(&self, name: &str) -> String {
        let table = json!({
            "TableName": name,
            "KeySchema": [{ "AttributeName": "order", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "order", "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        });
        let created = self.cloud.call("dynamodb", "DynamoDB_20120810.CreateTable", &table).await.unwrap();
        created["TableDescription"]["LatestStreamArn"].as_str().unwrap().to_owned()
    }

    /// Puts an item with the context of the writer, because no client adds the context.
    async fn put_item(&self, table: &str, order: &str) -> Sent {
        let put = async {
            let context = own_context(|value| json!({ "S": value }));
            let item = json!({ "order": { "S": order }, "__context__": { "M": context } });
            let put = json!({ "TableName": table, "Item": item });
            self.cloud.call("dynamodb", "DynamoDB_20120810.PutItem", &put).await.unwrap();
        };
        Sent::by(order, "put", put).await
    }

    /// Puts an order into the stream. The order fails `fails` times.
    async fn put(&self, order: &str, fails: u32) -> Sent {
        let data = json!({ "order": order, "fails": fails }).to_string();
        let put = async {
            let kinesis = thundra_aws::kinesis::client(&self.config);
            let record = kinesis.put_record().stream_name("readings").partition_key("sensor-1");
            record.data(Blob::new(data)).send().await.unwrap();
        };
        Sent::by(order, "Kinesis.PutRecord", put).await
    }

    async fn iterator(&self, kind: ShardIteratorType, number: Option<String>) -> String {
        let kinesis = aws_sdk_kinesis::Client::new(&self.config);
        let shards = kinesis.list_shards().stream_name("readings").send().await.unwrap().shards.unwrap();
        let iterator = kinesis.get_shard_iterator().stream_name("readings").shard_id(&shards[0].shard_id);
        let iterator = iterator.shard_iterator_type(kind).set_starting_sequence_number(number);
        iterator.send().await.unwrap().shard_iterator.unwrap()
    }

    /// Delivers the records from an iterator on as one batch. Returns the lowest sequence number in the response.
    async fn deliver(&self, stream: &str, iterator: &str) -> Option<String> {
        let kinesis = aws_sdk_kinesis::Client::new(&self.config);
        let records = kinesis.get_records().shard_iterator(iterator).send().await.unwrap().records;
        let response = self.cloud.invoke(self.name, &kinesis_events(&records, stream)).await.unwrap();
        let failures = response["batchItemFailures"].as_array().unwrap().iter();
        failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).min()
    }
}

/// Returns a record of a delivery stream, with the context of the sender in the data.
async fn click(order: &str, fails: u32) -> (Sent, String) {
    let mut context = Value::Null;
    let sent = Sent::by(order, "put", async { context = own_context(Value::from) }).await;
    let data = json!({ "__context__": context, "order": order, "fails": fails });
    (sent, STANDARD.encode(data.to_string()))
}

/// Returns the context of a span in the current scope, because no client writes the context.
fn own_context(typed: impl Fn(String) -> Value) -> Value {
    let span = info_span!("put").entered();
    let outbound = outbound(&Span::current()).unwrap();
    drop(span);
    Value::Object(outbound.pairs().into_iter().map(|(key, value)| (key.to_owned(), typed(value))).collect())
}

fn kinesis_events(records: &[Record], stream: &str) -> Value {
    let mut events = records.iter().map(|record| kinesis_event(record, stream)["Records"][0].take());
    json!({ "Records": events.by_ref().collect::<Vec<_>>() })
}
