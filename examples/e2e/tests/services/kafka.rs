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

        let (invocation, _) = function.spans(&sent.trace(), false).await;
        assert_eq!(invocation.parent, Some(sent.call()), "{source}: {invocation:?}");
        let attributes = ["faas.trigger", "messaging.system", "messaging.destination.name", "messaging.kafka.offset"];
        let attributes = attributes.map(|key| invocation.attribute(key).unwrap_or_default());
        assert_eq!(attributes, ["pubsub", "kafka", topic, "0"], "{source}");
        sent.assert_same(&seen);
    }
}

/// Returns a record with the context of its sender, as the documentation of `outbound` says.
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
