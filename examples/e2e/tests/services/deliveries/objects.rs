//! S3: an object starts a function through a topic and a queue. No context travels with an object.

use reqwest::Method;
use thundra_examples::report::{Kind, Span};

use super::Stage;
use crate::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_read_through_the_topic_and_the_queue() {
    let stage = Stage::open("objects").await;
    let topic = stage.cloud.create_topic("uploads").await.unwrap();
    let queue = stage.cloud.create_queue("uploads", 30).await.unwrap();
    let sns = aws_sdk_sns::Client::new(&stage.config);
    sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&queue.arn).send().await.unwrap();
    // The topic lets S3 publish.
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sns:Publish", "Resource": "*"}]}"#;
    let request = sns.set_topic_attributes().topic_arn(&topic).attribute_name("Policy").attribute_value(policy);
    request.send().await.unwrap();
    stage.cloud.map_queue(&queue, stage.name, 10).await.unwrap();

    let put = async |path: &str, body: String| {
        stage.cloud.rest("s3", Method::PUT, path, body).await.unwrap();
    };
    put("/shop-uploads", String::new()).await;
    let notify = format!(
        "<NotificationConfiguration><TopicConfiguration><Topic>{topic}</Topic><Event>s3:ObjectCreated:*</Event>\
         </TopicConfiguration></NotificationConfiguration>"
    );
    put("/shop-uploads?notification", notify).await;
    let work = async |order: &str| {
        let of = |spans: &[Span]| {
            spans.iter().find(|span| span.name == "work" && span.attribute("order") == Some(order)).cloned()
        };
        assert!(stage.receiver.wait_until(PATIENCE, |spans| of(spans).is_some()).await, "{order}");
        of(&stage.receiver.spans()).unwrap()
    };
    work("").await; // S3's test event names no object
    put("/shop-uploads/order-1.json", "{}".to_owned()).await;

    let work = work("order-1.json").await;
    let spans = stage.receiver.spans();
    let parent = |span: &Span| spans.iter().find(|other| Some(&other.id) == span.parent.as_ref()).cloned();
    let record = parent(&work).unwrap();
    let invocation = parent(&record).unwrap();
    assert_eq!((record.name.as_str(), record.kind), ("process uploads", Kind::Consumer));
    assert_eq!((&invocation.parent, invocation.attribute("thundra.parent.source")), (&None, Some("none")));
    assert!(record.attribute("thundra.queue.time_ms").is_some(), "SQS says when it got the message: {record:?}");
    let pointer = record.attribute("thundra.span_pointers.read");
    // SHA-256 of shop-uploads|order-1.json|99914b932bd37a50b983c5e7c90ae93b, with the MD5 of the object.
    assert_eq!(pointer, Some("45c844ad3db82d568f1d0f36116fbae5"), "a write of this object names it too");
    assert!(spans.iter().all(|span| span.error.is_none()), "the test event is read too: {spans:#?}");
}
