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

#[test]
fn services_without_a_context_name_a_kind_or_a_resource() {
    let events = fixtures::events();
    for (event, expected) in [
        ("alexa-intent-request", "aws.alexa.request.type=IntentRequest aws.alexa.intent.name=GetZodiacHoroscopeIntent"),
        ("alexa-smart-home-directive", "aws.alexa.request.type=TurnOn"),
        ("autoscaling-termination-policy", "aws.autoscaling.group.name=my-asg aws.autoscaling.cause=SCALE_IN"),
        (
            "bedrock-agent-function",
            "gen_ai.agent.id=AgentID gen_ai.agent.name=AgentName aws.bedrock.action_group.name=ActionGroup \
             gen_ai.tool.name=getClaim",
        ),
        (
            "bedrock-agent-runtime-event",
            "gen_ai.agent.id=AgentID gen_ai.agent.name=AgentName aws.bedrock.action_group.name=ActionGroup \
             gen_ai.tool.name=/api/path",
        ),
        ("bedrock-flow-node", ""),
        ("clientvpn-connectionhandler-request", "aws.client_vpn.endpoint.id=cvpn-endpoint-0f13eab7f860433cc"),
        (
            "cloudformation-custom-resource-provider-update-request",
            "aws.cloudformation.request.type=Update aws.cloudformation.resource.type=Custom::MyCustomResourceType \
             aws.cloudformation.stack.id=arn:aws:cloudformation:us-east-1:123456789012:stack/stack-name/\
             16580499-7622-4a9c-b32f-4eba35da93da",
        ),
        (
            "cloudformation-hook",
            "aws.cloudformation.request.type=CREATE_PRE_PROVISION aws.cloudformation.resource.type=AWS::S3::Bucket \
             aws.cloudformation.stack.id=arn:aws:cloudformation:us-east-1:123456789012:stack/MyStack/1234abcd",
        ),
        ("cloudformation-macro", ""),
        (
            "cloudwatch-alarm-metric",
            "aws.cloudwatch.alarm.name=lambda-demo-metric-alarm aws.cloudwatch.alarm.state=ALARM",
        ),
        ("cloudwatch_logs-event", ""),
        ("code_commit-event", "vcs.repository.name=my-repo"),
        ("codedeploy-lifecycle-event", "deployment.id=d-deploymentId"),
        ("codepipeline_job-event", "aws.codepipeline.job.id=11111111-abcd-1111-abcd-111111abcdef"),
        (
            "cognito-custom-email-sender",
            "aws.cognito.trigger_source=CustomEmailSender_SignUp aws.cognito.user_pool.id=us-east-1_EXAMPLE",
        ),
        ("cognito-event", "aws.cognito.trigger_source=SyncTrigger aws.cognito.identity_pool.id=identityPoolId"),
        ("config-event", "aws.config.rule.name=periodic-config-rule"),
        ("connect-event", "aws.connect.channel=Voice"),
        ("iot-rule", ""),
        (
            "lex-v2-event",
            "aws.lex.bot.name=OrderFlowers aws.lex.invocation_source=FulfillmentCodeHook aws.lex.intent.name=Order",
        ),
        (
            "secretsmanager-secret-rotation-event",
            "aws.secretsmanager.secret.arn=arn:aws:secretsmanager:us-east-1:111122223333:secret:id-ABCD1E \
             aws.secretsmanager.rotation.step=createSecret",
        ),
        ("ses-s3-event", "aws.ses.message.id=d6iitobk75ur44p8kdnnp7g2n800"),
    ] {
        let trigger = recognised(&events[event], &config(&[]));
        let found: Vec<_> = trigger.attributes[1..].iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(found.join(" "), expected, "{event}");
    }
}

#[test]
fn no_event_gives_away_a_secret_or_a_person() {
    let secrets = [
        "ExampleAUTHtoken",
        "aToken",
        "Bearer",
        "bXlQYXNzd29yZA",
        "sig-params",
        "wJalrXUtnFEMI",
        "myResultToken",
        "myUserName",
        "AxThk",
        "Atza|token",
        "access-token-from-skill",
        "AYADeExampleCode",
        "person@example.com",
        "aws@amazon.com",
        "virgo",
        "+14802021091",
        "InputText",
        "claim-857",
        "I want flowers",
        "roses",
        "exampleuser",
        "theApiKey",
        "user1",
    ];
    for (event, text) in fixtures::events() {
        let trigger = recognised(&text, &config(&[]));
        let recorded = format!("{:?} {:?}", trigger.span_name, trigger.attributes);
        for secret in secrets {
            assert!(!recorded.contains(secret), "{event} gives away {secret}: {recorded}");
        }
    }
}
