//! The attributes of the fixtures of `aws_lambda_events`.

use super::{attributes, config, fixtures, recognised};
use crate::trigger::parse::time;

#[test]
fn the_fixtures_are_described_by_the_conventions() {
    let events = fixtures::events();
    let exact = |name: &str| recognised(&events[name], &config(&[]));
    let rest = exact("apigw-request");
    assert_eq!(rest.span_name.as_deref(), Some("POST /{proxy+}"));
    assert_eq!(rest.default_correlation_id.as_deref(), Some("deef4878-7910-11e6-8f14-25afc3e9ae33"));
    assert!(rest.messages[0].inbound.untrusted, "its caller is a Cognito identity");
    assert_eq!(
        attributes(&rest),
        "faas.trigger=http\nhttp.request.method=POST\nhttp.route=/{proxy+}\nurl.path=/hello/world\n\
         url.query=name=REDACTED\nurl.scheme=https\nserver.address=gy415nuibc.execute-api.us-east-2.amazonaws.com\n\
         server.port=443\nclient.address=192.168.196.186\nnetwork.protocol.version=1.1\n\
         user_agent.original=PostmanRuntime/2.4.5\n"
    );
    let v2 = exact("apigw-v2-request-iam");
    assert_eq!(v2.span_name.as_deref(), Some("GET"));
    assert_eq!(
        attributes(&v2),
        "faas.trigger=http\nhttp.request.method=GET\nurl.path=/my/path\n\
         url.query=parameter1=REDACTED&parameter1=REDACTED&parameter2=REDACTED\nurl.scheme=https\n\
         server.address=id.execute-api.us-east-1.amazonaws.com\nclient.address=IP\nnetwork.protocol.version=1.1\n\
         user_agent.original=agent\n"
    );
    assert_eq!(
        attributes(&exact("sns-event")),
        "faas.trigger=pubsub\nmessaging.system=aws.sns\nmessaging.operation.name=process\n\
         messaging.operation.type=process\nmessaging.destination.name=snsNetTest\n\
         aws.sns.topic.arn=arn:aws:sns:us-east-1:246796806071:snsNetTest\n\
         messaging.message.id=82833b5c-8d5d-56d0-b0e1-7511f8253eb8\n"
    );
    assert_eq!(
        attributes(&exact("sqs-event")),
        "faas.trigger=pubsub\nmessaging.system=aws_sqs\nmessaging.operation.name=process\n\
         messaging.operation.type=process\nmessaging.destination.name=SQSQueue\nmessaging.batch.message_count=1\n\
         messaging.message.id=MessageID_1\naws.sqs.receive_count=2\n"
    );
    let kinesis = exact("kinesis-event");
    assert!(kinesis.is_batch());
    assert_eq!(kinesis.messages[0].sent_at, time::from_seconds(1_480_641_523.477));
    assert_eq!(
        kinesis.messages[1].attributes[1].1.as_str(),
        Some("49568167373333333334444444444444444444444444444444444444")
    );
    assert_eq!(kinesis.messages[1].attributes[0].1.as_str(), Some("shardId-000000000000"));
    assert!(attributes(&exact("s3-event")).ends_with(
        "aws.s3.bucket=sourcebucket\nfaas.document.collection=sourcebucket\nfaas.document.operation=insert\n\
         aws.s3.key=Happy Face.jpg\nfaas.document.name=Happy Face.jpg\nfaas.document.time=1970-01-01T00:00:00.123Z\n"
    ));
    assert_eq!(attributes(&exact("eventbridge-schedule")), "faas.trigger=timer\nfaas.time=2015-10-08T16:53:06Z\n");
    assert!(attributes(&exact("dynamodb-event")).contains("aws.dynamodb.table_names=[Example-Table]\n"));
}
