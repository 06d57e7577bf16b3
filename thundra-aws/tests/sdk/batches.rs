//! The number of messages of a call.

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;

use crate::endpoint::ok;
use crate::support::{QUEUE, TOPIC, attribute, in_scope, with_endpoint};

#[test]
fn a_batch_that_settles_is_counted() {
    let ((), _, spans) = in_scope(ok(r#"{"Successful":[],"Failed":[]}"#), |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        let entry = |id| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(id).build().unwrap();
        let batch = sqs.delete_message_batch().queue_url(QUEUE).entries(entry("a")).entries(entry("b"));
        batch.send().await.unwrap();
        sqs.delete_message().queue_url(QUEUE).receipt_handle("h").send().await.unwrap();
    });
    let count = |n: usize| attribute(&spans[n], "messaging.batch.message_count");
    assert_eq!([count(0), count(1)], ["2", ""], "one message is not a batch");
}

/// Without the feature of a service a name in the bytes of the request is counted. The genuine client writes the name
/// once for each message.
#[test]
fn the_bytes_of_a_batch_have_a_name_for_each_message() {
    let ((), endpoint) = with_endpoint(ok("{}"), |endpoint| async move {
        let config = endpoint.config();
        let data = "{\"PartitionKey\":\"Data\":\"Id\"}";
        let record = |key| PutRecordsRequestEntry::builder().data(Blob::new(data)).partition_key(key).build().unwrap();
        let put = aws_sdk_kinesis::Client::new(&config).put_records().stream_name("\"PartitionKey\":");
        let _ = put.records(record("\"PartitionKey\":")).records(record("PartitionKey")).send().await;
        let entry = |id| PublishBatchRequestEntry::builder().id(id).message("a.Id=b&c.Id=d").build().unwrap();
        let batch = aws_sdk_sns::Client::new(&config).publish_batch().topic_arn(TOPIC);
        let batch = batch.publish_batch_request_entries(entry(".Id=")).publish_batch_request_entries(entry("Id"));
        let _ = batch.send().await;
    });
    let requests = endpoint.requests();
    let count = |n: usize, name| requests[n].body.matches(name).count();
    assert_eq!([count(0, "\"PartitionKey\":"), count(1, ".Id=")], [2, 2], "{requests:?}");
}
