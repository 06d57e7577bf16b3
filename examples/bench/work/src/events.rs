//! Events of AWS in any size, each with the context of the sender.
//!
//! The events are minified, like events from Lambda.

/// A JSON body inside a JSON string. A scanner must stop at the escapes.
const LINE: &str = r#"{\"sku\":\"A-1001\",\"quantity\":2,\"note\":\"leave it at the door, please\"},"#;

/// The place of the lines.
const PLACE: &str = "PAYLOAD";

/// Returns a notification of `bytes` bytes, filled by the message.
pub fn sns(bytes: usize) -> String {
    filled(include_str!("../events/sns.json"), bytes)
}

/// Returns a request to an HTTP API of `bytes` bytes, filled by the body, which is the last member.
pub fn api_gateway(bytes: usize) -> String {
    filled(include_str!("../events/api_gateway.json"), bytes)
}

/// Returns a batch of messages of about 1 KB.
pub fn sqs(records: usize) -> String {
    batch(&filled(include_str!("../events/sqs_record.json"), 1_024), records)
}

/// Returns a batch of records of about 1 KB, each with a context in the data.
pub fn kinesis(records: usize) -> String {
    batch(&minified(include_str!("../events/kinesis_record.json")), records)
}

/// The sources with batches of other forms: the name, the event around the records, and one record with a context.
#[rustfmt::skip]
const BATCHES: &[(&str, &str, &str)] = &[
    ("activemq", r#"{"eventSource":"aws:mq","messages":[RECORDS]}"#, include_str!("../events/activemq_message.json")),
    ("documentdb", r#"{"eventSource":"aws:docdb","events":[RECORDS]}"#, include_str!("../events/documentdb_event.json")),
    ("dynamodb", r#"{"Records":[RECORDS]}"#, include_str!("../events/dynamodb_record.json")),
    ("firehose", r#"{"deliveryStreamArn":"arn:aws:firehose:eu-west-1:123456789012:deliverystream/orders","records":[RECORDS]}"#, include_str!("../events/firehose_record.json")),
    ("kafka", r#"{"eventSource":"aws:kafka","records":{"orders-0":[RECORDS]}}"#, include_str!("../events/kafka_record.json")),
    ("kinesis_analytics", r#"{"applicationArn":"arn:aws:kinesisanalytics:eu-west-1:123456789012:application/orders","records":[RECORDS]}"#, include_str!("../events/firehose_record.json")),
    ("pipe", "[RECORDS]", include_str!("../events/kinesis_record.json")),
    ("rabbitmq", r#"{"eventSource":"aws:rmq","rmqMessagesByQueue":{"orders::/":[RECORDS]}}"#, include_str!("../events/rabbitmq_message.json")),
    ("s3", r#"{"Records":[RECORDS]}"#, include_str!("../events/s3_record.json")),
    ("s3_batch", r#"{"invocationSchemaVersion":"1.0","job":{"id":"f3cc4f60"},"tasks":[RECORDS]}"#, include_str!("../events/s3_batch_task.json")),
];

/// Returns a batch of a source in [`BATCHES`].
pub fn batch_of(source: &str, records: usize) -> String {
    let (_, event, record) = BATCHES.iter().find(|(name, ..)| *name == source).expect("a source of the table");
    event.replace("RECORDS", &vec![minified(record); records].join(","))
}

/// Returns a batch of aggregates with `records` records in total.
pub fn kinesis_aggregated(records: usize) -> String {
    batch(&minified(include_str!("../events/kinesis_aggregate.json")), records / 10)
}

/// Returns a message from a program: an object of `bytes` bytes.
pub fn payload(bytes: usize) -> String {
    filled_with(&LINE.replace('\\', ""), r#"{"order":"1001","lines":[PAYLOAD{}]}"#, bytes)
}

fn batch(record: &str, records: usize) -> String {
    format!(r#"{{"Records":[{}]}}"#, vec![record; records].join(","))
}

fn filled(event: &str, bytes: usize) -> String {
    filled_with(LINE, event, bytes)
}

/// Returns the event with as many lines of payload as fit.
fn filled_with(line: &str, event: &str, bytes: usize) -> String {
    let event = minified(event);
    let lines = (bytes + PLACE.len()).saturating_sub(event.len()) / line.len();
    event.replace(PLACE, &line.repeat(lines))
}

/// Returns one line, without spaces after keys.
fn minified(json: &str) -> String {
    json.lines().map(str::trim).collect::<String>().replace("\": ", "\":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_as_long_as_asked_for() {
        for bytes in [2_048, 100_000, 6_000_000] {
            for event in [sns(bytes), api_gateway(bytes), payload(bytes)] {
                assert!((bytes - LINE.len()..=bytes).contains(&event.len()), "{bytes}: {}", event.len());
            }
        }
        assert_eq!(kinesis(1_000).matches("\"eventID\"").count(), 1_000);
        for (source, ..) in BATCHES {
            assert_eq!(
                batch_of(source, 1_000).matches("},{").count(),
                batch_of(source, 1).matches("},{").count() * 1_000 + 999
            );
        }
    }
}
