//! SNS: the context in message attributes.

use aws_sdk_sns::types::PublishBatchRequestEntry;
use thundra_core::{SpanKind, Status};

use crate::endpoint::ok;
use crate::support::{PUBLISHED, TOPIC, attribute, below_root, context_of, in_scope, only_call, publish, string};

#[test]
fn sns_carries_the_context_in_attributes() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        thundra_core::correlation::set("order", "o-9");
        publish(&endpoint.config()).await;
    });
    assert_eq!(
        below_root(&spans, &endpoint),
        "└ SNS.Publish [producer] rpc.system=aws-api rpc.service=SNS rpc.method=Publish cloud.region=eu-west-1 \
         aws.sns.topic.arn=arn:aws:sns:eu-west-1:123456789012:orders messaging.system=aws.sns \
         messaging.operation.name=send messaging.operation.type=send messaging.destination.name=orders \
         server.address=127.0.0.1 http.response.status_code=200 aws.request_id=r-1 messaging.message.id=m-1\n"
    );
    let (traceparent, _) = context_of(only_call(&spans));
    let request = endpoint.request();
    let expected = [
        ("call-chain-length", "1"),
        ("debug-log-enabled", "false"),
        ("traceparent", &traceparent),
        ("x-correlation-id", "c-1"),
        ("x-correlation-order", "o-9"),
        ("x-correlation-traceparent", &traceparent),
    ];
    assert_eq!(request.sns_attributes(""), expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn sns_messages_keep_to_ten_attributes_and_their_size() {
    const LIMIT: usize = 256 * 1024;
    // The attributes of thundra have 25, 24, 28, 72 and 86 bytes: 235 in all.
    for (present, body, ours, kind, skipped, why) in [
        (5, 10, 5, SpanKind::Producer, "", "ten in all"),
        (6, 10, 4, SpanKind::Producer, "more than 10 attributes", "room for four"),
        (9, 10, 1, SpanKind::Client, "more than 10 attributes", "room for one"),
        (10, 10, 0, SpanKind::Client, "more than 10 attributes", "full"),
        (11, 10, 0, SpanKind::Client, "more than 10 attributes", "over already"),
        (0, LIMIT - 236, 5, SpanKind::Producer, "", "one byte under the size"),
        (0, LIMIT - 235, 5, SpanKind::Producer, "", "at the size"),
        (0, LIMIT - 234, 4, SpanKind::Producer, "over the size limit", "one byte over"),
        (0, LIMIT, 0, SpanKind::Client, "over the size limit", "no room"),
        (0, LIMIT + 1, 5, SpanKind::Producer, "", "past it already"),
    ] {
        let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
            let sns = thundra_aws::sns::client(&endpoint.config());
            let publish = sns.publish().topic_arn(TOPIC).message("x".repeat(body));
            let attributes = (0..present).map(|n| (format!("user{n}"), string("v"))).collect();
            let publish = publish.set_message_attributes((present > 0).then_some(attributes));
            publish.send().await.unwrap();
        });
        let call = only_call(&spans);
        let count = |span| attribute(span, "thundra.injection.incomplete_messages");
        let root = spans.iter().find(|span| span.name != call.name).unwrap();
        assert_eq!((count(call), count(root)), (count(root), if skipped.is_empty() { "" } else { "1" }.to_owned()));
        assert_eq!(endpoint.request().sns_attributes("").len(), present + ours, "{why}");
        assert_eq!((call.kind, attribute(call, "thundra.injection.skipped")), (kind, skipped.to_owned()), "{why}");
    }
}

#[test]
fn a_message_without_context_is_that_of_the_plain_client() {
    type Change = fn(
        aws_sdk_sns::operation::publish::builders::PublishFluentBuilder,
    ) -> aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
    let cases: [(Change, &str); 3] = [
        (|publish| publish.topic_arn(TOPIC).message_structure("json"), "message structure json"),
        (|publish| publish.phone_number("+46700000000"), "not a topic"),
        (|publish| publish.target_arn("arn:aws:sns:eu-west-1:1:endpoint/GCM/app/id"), "not a topic"),
    ];
    for (change, why) in cases {
        let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
            let config = endpoint.config();
            for client in [aws_sdk_sns::Client::new(&config), thundra_aws::sns::client(&config)] {
                change(client.publish().message(r#"{"default":"hi"}"#)).send().await.unwrap();
            }
        });
        let requests = endpoint.requests();
        assert_eq!(requests[0].body, requests[1].body, "{why}");
        assert_eq!(attribute(only_call(&spans), "thundra.injection.skipped"), why);
        // A message that is not expected to carry context does not count.
        let expected = if why == "not a topic" { "" } else { "1" };
        assert_eq!(attribute(&spans[spans.len() - 1], "thundra.injection.incomplete_messages"), expected);
    }
}

#[test]
fn an_sns_batch_records_refused_messages() {
    const ANSWER: &str = "<PublishBatchResponse><PublishBatchResult><Successful><member><Id>a</Id><MessageId>m-1</MessageId>\
        </member></Successful><Failed><member><Id>b</Id><Code>Throttled</Code><SenderFault>false</SenderFault></member>\
        </Failed></PublishBatchResult></PublishBatchResponse>";
    let ((), endpoint, spans) = in_scope(ok(ANSWER), |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let entry = |id| PublishBatchRequestEntry::builder().id(id).message("hi").build().unwrap();
        let batch = sns.publish_batch().topic_arn(TOPIC);
        batch.publish_batch_request_entries(entry("a")).publish_batch_request_entries(entry("b")).send().await.unwrap();
    });
    let call = only_call(&spans);
    assert_eq!((call.name.as_str(), call.kind), ("SNS.PublishBatch", SpanKind::Producer));
    assert_eq!(call.status, Status::error("1 of 2 messages failed: Throttled"));
    assert_eq!(
        ["messaging.batch.message_count", "thundra.batch.failures", "error.type"].map(|key| attribute(call, key)),
        ["2", "1", "Throttled"]
    );
    for n in [1, 2] {
        let attributes = endpoint.request().sns_attributes(&format!("PublishBatchRequestEntries.member.{n}."));
        assert_eq!(attributes["traceparent"], context_of(call).0);
    }
}
