//! The fixtures of `aws_lambda_events`, whole and damaged.

use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;
use serde_json::Value as Json;
use thundra_core::propagation::Trust;

use super::{attributes, config, recognised};
use crate::trigger::parse::time;

/// Returns the fixtures of `aws_lambda_events`.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let metadata = |extra: &[&str]| {
        let output =
            Command::new(env!("CARGO")).args(["metadata", "--format-version", "1"]).args(extra).output().unwrap();
        serde_json::from_slice::<Json>(&output.stdout).ok()
    };
    let metadata = metadata(&["--offline", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .or_else(|| metadata(&[]))
        .expect("cargo metadata");
    let package = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "aws_lambda_events").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let files = std::fs::read_dir(manifest.with_file_name("src").join("fixtures")).unwrap();
    let paths = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    paths
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().trim_start_matches("example-").to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn the_fixtures_are_recognised() {
    let sources = [
        ("alb-lambda-target-request", "load_balancer"),
        ("apigw-custom-auth-request-type-request", "authorizer"),
        ("apigw-console-test-request", "rest_api"),
        ("apigw-request", "rest_api"),
        ("apigw-restapi-openapi-request", "rest_api"),
        ("apigw-sam-http-request", "http_api"),
        ("apigw-sam-rest-request", "rest_api"),
        ("apigw-v2-request", "http_api"),
        ("apigw-v2-custom-authorizer", "authorizer"),
        ("apigw-websocket-request", "web_socket"),
        ("vpc-lattice-v1-request", "lattice"),
        ("vpc-lattice-v2-request", "lattice"),
        ("sns-event", "sns"),
        ("cloudwatch-alarm-sns", "sns"),
        ("sqs-event", "sqs"),
        ("kinesis-event", "kinesis"),
        ("kinesis-firehose-event", "firehose"),
        ("firehose-event", "firehose"),
        ("dynamodb-event", "dynamodb"),
        ("dynamodb-event-record-with-optional-fields", "other"), // a record on its own
        ("s3-event", "s3"),
        ("eventbridge-schedule", "schedule"),
        ("eventbridge-event", "event_bridge"),
        ("autoscaling-event", "event_bridge"),
        ("codebuild", "event_bridge"),
        ("codepipeline-", "event_bridge"),
        ("ecr-image-scan", "event_bridge"),
        ("cloudwatch_logs-event", "cloudwatch_logs"),
        ("kafka-event", "kafka"),
        ("activemq-event", "mq"),
        ("rabbitmq-event", "mq"),
        ("cognito-", "other"),
        ("connect-event", "other"),
        ("s3-object-lambda", "other"),
        ("sns-subscription-confirmation", "other"),
    ];
    let fixtures = fixtures();
    assert!(fixtures.len() > 100);
    let mut met = Vec::new();
    for (name, body) in &fixtures {
        let trigger = recognised(body, &config(&[]));
        assert_eq!(trigger.attributes[0], ("faas.trigger", trigger.source.faas_trigger.as_str().into()), "{name}");
        assert_eq!(trigger.is_batch(), trigger.messages.len() > 1, "{name}");
        // The longest prefix says it best.
        let known =
            sources.iter().filter(|(prefix, _)| name.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len());
        if let Some((prefix, source)) = known {
            assert_eq!(trigger.source.name, *source, "{name}");
            met.push(*prefix);
        }
    }
    let unmet: Vec<_> = sources.iter().map(|(prefix, _)| prefix).filter(|prefix| !met.contains(prefix)).collect();
    assert!(unmet.is_empty(), "no fixture for {unmet:?}");
    let exact = |name: &str| recognised(&fixtures.iter().find(|(n, _)| n == name).unwrap().1, &config(&[]));
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

#[test]
fn the_fixtures_of_untrusted_callers_are_not_trusted() {
    let untrusted = [
        "apigw-request",
        "apigw-custom-auth-request",
        "apigw-v2-request-iam", // with a Cognito identity
        "apigw-v2-request-no-authorizer",
        "apigw-v2-custom-authorizer-v2-request",
        "apigw-websocket-request",
        "alb-lambda-target-request-headers-only",
        "vpc-lattice-v1-request",
        "appsync-lambda-auth-request",
        "iot_button-event",
        "iot_1_click-event",
        "iot-custom-auth-request",
    ];
    let trusted = ["apigw-console-test-request", "vpc-lattice-v2-request", "appsync-direct-resolver", "sqs-event"];
    for (name, body) in fixtures() {
        let trust = recognised(&body, &config(&[])).trust;
        let of_edge = ["apigw-", "alb-", "vpc-lattice-v1", "appsync-", "iot"].iter().any(|edge| name.starts_with(edge));
        assert!(trust == Trust::Full || of_edge, "{name}");
        assert!(trust == Trust::Edge || !untrusted.contains(&&*name), "{name}");
        assert!(trust == Trust::Full || !trusted.contains(&&*name), "{name}");
    }
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let fixtures = fixtures();
    (0..fixtures.len(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(move |(n, at, byte, cut)| {
        let mut body = fixtures[n].1.clone();
        let at = at.index(body.len());
        if cut {
            body.truncate(at)
        } else {
            body[at] = byte
        }
        body
    })
}

proptest! {
    #[test]
    fn damaged_events_are_some_trigger(body in mutated()) {
        recognised(&body, &config(&[]));
    }
}
