//! Kafka: a context in the headers of a record comes through a broker to the function.

use serde_json::{Value, json};
use thundra_core::outbound;
use thundra_examples::harness::kafka::{Kafka, Record};
use tracing::{Span, info_span};

use crate::function::Function;
use crate::sent::Sent;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_below_its_sender() {
    let kafka = Kafka::start("test-services-kafka").await.unwrap();
    let function = Function::start("test-services-kafka").await;
    for (topic, source) in [("msk", "aws:kafka"), ("self-managed", "SelfManagedKafka")] {
        let (sent, record) = record(topic).await;
        let records = kafka.round_trip(topic, 2, &[record]).await.unwrap();
        let seen = function.invoke(&event(source, &records)).await;

        let (invocation, _) = function.spans(&sent.trace(), true).await;
        assert_eq!(invocation.parent, Some(sent.call()), "{source}: {invocation:?}");
        let attributes = ["faas.trigger", "messaging.system", "messaging.destination.name", "messaging.kafka.offset"];
        let attributes = attributes.map(|key| invocation.attribute(key).unwrap_or_default());
        assert_eq!(attributes, ["pubsub", "kafka", topic, "0"], "{source}");
        sent.assert_same(&seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_is_read_up_to_its_failed_record() {
    let kafka = Kafka::start("test-services-kafka-batch").await.unwrap();
    let function = Function::start("test-services-kafka-batch").await;
    let mut sent = Vec::new();
    let mut records = Vec::new();
    for (order, fails) in [("before", 0), ("poison", 1), ("behind", 0)] {
        let (sender, record) = record(order).await;
        sent.push(sender);
        records.push(Record { value: Some(json!({ "order": order, "fails": fails }).to_string()), ..record });
    }
    let records = kafka.round_trip("orders", 1, &records).await.unwrap();
    let response = function.respond(&event("aws:kafka", &records)).await;

    let failed = json!([{ "itemIdentifier": { "partition": "orders-0", "offset": 1 } }]);
    assert_eq!(response["batchItemFailures"], failed, "Lambda delivers from here on again");
    for (sender, error) in sent.iter().zip([false, true]) {
        let record = function.record(&sender.trace()).await;
        assert_eq!((record.parent, record.error.is_some()), (Some(sender.call()), error));
    }
}

/// Returns a record with the context of the sender, as documented for `outbound`.
async fn record(order: &str) -> (Sent, Record) {
    let mut headers = Vec::new();
    let send = async {
        let send = info_span!("send", otel.kind = "producer").entered();
        let outbound = outbound(&Span::current()).unwrap();
        headers.extend(outbound.header_pairs().into_iter().map(|(name, value)| (name.to_owned(), value)));
        drop(send);
    };
    let sent = Sent::by(order, "send", send).await;
    headers.push(("note".to_owned(), "über 🚀".to_owned()));
    let value = Some(json!({ "order": order }).to_string());
    (sent, Record { key: order.to_owned(), value, headers })
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html>
fn event(source: &str, records: &Value) -> Value {
    let mut event = json!({
        "eventSource": source,
        "bootstrapServers": "b-1.shop.example:9092,b-2.shop.example:9092",
        "records": records,
    });
    if source == "aws:kafka" {
        event["eventSourceArn"] = "arn:aws:kafka:us-east-1:000000000000:cluster/shop/abc".into();
    }
    event
}
