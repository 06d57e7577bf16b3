//! Every kind of event: those that ship with `aws_lambda_events`, and oddities.

use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use thundra_core::Env;
use thundra_core::propagation::ParentSource;

use super::*;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

fn config(variables: &[(&str, &str)]) -> Config {
    Config::from_env(&Env::from_pairs(variables.iter().copied()))
}

fn recognised(body: &[u8], config: &Config) -> Trigger {
    detect(body, config, Trust::Full)
}

fn detected(event: &Json) -> Trigger {
    recognised(event.to_string().as_bytes(), &config(&[]))
}

/// The events that ship with `aws_lambda_events`.
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

fn attributes(trigger: &Trigger) -> String {
    trigger.attributes.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

#[test]
fn the_fixtures_are_recognised() {
    use Source::*;
    let sources = [
        ("alb-lambda-target-request", LoadBalancer),
        ("apigw-custom-auth-request-type-request", ApiGatewayAuthorizer),
        ("apigw-console-test-request", ApiGatewayRest),
        ("apigw-request", ApiGatewayRest),
        ("apigw-restapi-openapi-request", ApiGatewayRest),
        ("apigw-sam-http-request", ApiGatewayHttp),
        ("apigw-sam-rest-request", ApiGatewayRest),
        ("apigw-v2-request", ApiGatewayHttp),
        ("apigw-v2-custom-authorizer", ApiGatewayAuthorizer),
        ("apigw-websocket-request", WebSocket),
        ("vpc-lattice-v1-request", Lattice),
        ("vpc-lattice-v2-request", Lattice),
        ("sns-event", Sns),
        ("cloudwatch-alarm-sns", Sns),
        ("sqs-event", Sqs),
        ("kinesis-event", Kinesis),
        ("kinesis-firehose-event", Firehose),
        ("firehose-event", Firehose),
        ("dynamodb-event", DynamoDb),
        ("dynamodb-event-record-with-optional-fields", Other), // a record on its own
        ("s3-event", S3),
        ("eventbridge-schedule", Schedule),
        ("eventbridge-event", EventBridge),
        ("autoscaling-event", EventBridge),
        ("codebuild", EventBridge),
        ("codepipeline-", EventBridge),
        ("ecr-image-scan", EventBridge),
        ("cloudwatch_logs-event", CloudWatchLogs),
        ("kafka-event", Kafka),
        ("activemq-event", Mq),
        ("rabbitmq-event", Mq),
        ("cognito-", Other),
        ("connect-event", Other),
        ("s3-object-lambda", Other),
        ("sns-subscription-confirmation", Other),
    ];
    let fixtures = fixtures();
    assert!(fixtures.len() > 100);
    let mut met = Vec::new();
    for (name, body) in &fixtures {
        let trigger = recognised(body, &config(&[]));
        assert_eq!(trigger.attributes[0], ("faas.trigger", trigger.faas_trigger.into()), "{name}");
        assert_eq!(trigger.batch, trigger.messages.len() > 1, "{name}");
        // The longest prefix says it best.
        let known =
            sources.iter().filter(|(prefix, _)| name.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len());
        if let Some((prefix, source)) = known {
            assert_eq!(trigger.source, *source, "{name}");
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
         messaging.message.id=MessageID_1\n"
    );
    let kinesis = exact("kinesis-event");
    assert!(kinesis.batch);
    assert_eq!(kinesis.messages[0].sent_at, time::from_seconds(1_480_641_523.477));
    assert_eq!(
        kinesis.messages[1].attributes[0].1.as_str(),
        Some("49568167373333333334444444444444444444444444444444444444")
    );
    assert_eq!(kinesis.messages[1].attributes[1].1.as_str(), Some("shardId-000000000000"));
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

fn headers() -> Json {
    json!({"TraceParent": TRACEPARENT, "X-Correlation-Id": "c-1", "Debug-Log-Enabled": "true", "call-chain-length": "3"})
}

fn v2(domain: &str, route: &str, authorizer: Json) -> Json {
    let http = json!({"method": "GET", "path": "/pets/7", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"});
    json!({"version": "2.0", "routeKey": route, "rawPath": "/pets/7", "rawQueryString": "token=s3cret&s3cret&a%20b=1", "headers": headers(),
        "requestContext": {"domainName": domain, "requestId": "r-1", "authorizer": authorizer, "http": http}})
}

fn v1(identity: Json) -> Json {
    json!({"resource": "/pets/{id}", "path": "/pets/7", "httpMethod": "PATCHY", "multiValueHeaders": {"Traceparent": [TRACEPARENT]},
        "requestContext": {"requestId": "r-1", "identity": identity}})
}

#[test]
fn requests_are_named_by_their_route() {
    for (event, source, name, id, why) in [
        (
            v2("x.execute-api.eu-west-1.amazonaws.com", "GET /pets/{id}", Json::Null),
            Source::ApiGatewayHttp,
            Some("GET /pets/{id}"),
            Some("r-1"),
            "a route",
        ),
        (
            v2("api.example.org", "ANY /pets/{id}", Json::Null),
            Source::ApiGatewayHttp,
            Some("GET /pets/{id}"),
            Some("r-1"),
            "any method",
        ),
        (v2("api.example.org", "$default", Json::Null), Source::ApiGatewayHttp, Some("GET"), Some("r-1"), "no route"),
        (
            v2("x.lambda-url.eu-west-1.on.aws", "$default", Json::Null),
            Source::FunctionUrl,
            Some("GET"),
            None,
            "a function URL",
        ),
        (v1(Json::Null), Source::ApiGatewayRest, Some("HTTP /pets/{id}"), Some("r-1"), "an unknown method"),
        (
            json!({"httpMethod": "GET", "path": "/", "requestContext": {"elb": {}}, "multiValueHeaders": {"traceparent": [TRACEPARENT]}}),
            Source::LoadBalancer,
            Some("GET"),
            None,
            "a load balancer",
        ),
        (
            json!({"headers": headers(), "requestContext": {"connectionId": "1", "eventType": "CONNECT", "routeKey": "$connect"}}),
            Source::WebSocket,
            Some("$connect"),
            None,
            "a WebSocket",
        ),
    ] {
        let trigger = detected(&event);
        assert_eq!((trigger.source, trigger.faas_trigger), (source, "http"), "{why}");
        assert_eq!(trigger.span_name.as_deref(), name, "{why}");
        assert_eq!(trigger.default_correlation_id.as_deref(), id, "{why}");
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "{why}");
        assert!(!format!("{:?}", trigger.attributes).contains("s3cret"), "{why}");
    }
    assert!(
        attributes(&detected(&v1(Json::Null)))
            .contains("http.request.method=_OTHER\nhttp.request.method_original=PATCHY\n")
    );
}

fn lattice(identity: Json) -> Json {
    json!({"version": "2.0", "path": "/pets/7", "method": "GET", "headers": {"traceparent": [TRACEPARENT]},
        "requestContext": {"serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/a", "identity": identity}})
}

fn lattice_v1(identity: &str) -> Json {
    json!({"raw_path": "/pets/7", "method": "GET", "headers": {"traceparent": TRACEPARENT, "x-amzn-lattice-identity": identity}})
}

#[test]
fn the_edge_is_trusted_only_with_iam() {
    let iam = json!({"iam": {"userArn": "arn:aws:iam::1:user/a"}});
    let visitor = json!({"iam": {"userArn": "arn:aws:iam::1:role/a", "cognitoIdentity": {"identityId": "i"}}});
    let url = "x.lambda-url.eu-west-1.on.aws";
    for (event, trusted, why) in [
        (v2(url, "$default", Json::Null), false, "no authorizer"),
        (v2(url, "$default", iam.clone()), true, "IAM"),
        (v2("api.example.org", "$default", iam), true, "IAM at API Gateway"),
        (v2("api.example.org", "$default", visitor), false, "a Cognito identity"),
        (v2("api.example.org", "$default", json!({"jwt": {"claims": {"userArn": "x"}}})), false, "a token"),
        (
            v2("api.example.org", "$default", json!({"lambda": {"iam": {"userArn": "x"}}})),
            false,
            "an authorizer's own words",
        ),
        (v1(json!({"userArn": null, "caller": null, "sourceIp": "192.0.2.1"})), false, "nobody"),
        (v1(json!({"userArn": "", "caller": ""})), false, "nobody, in other words"),
        (v1(json!({"userArn": {}, "caller": []})), false, "nonsense"),
        (v1(json!({"userArn": " ", "caller": "-"})), false, "nobody, in signs"),
        (v1(json!({"userArn": "null", "caller": "Anonymous"})), false, "nobody, in words"),
        (v1(json!({"userArn": "someone"})), false, "no ARN"),
        (v2(url, "$default", json!({"iam": {"userArn": "null"}})), false, "nobody there, in words"),
        (v1(json!({"userArn": "", "caller": "AIDA", "cognitoIdentityId": ""})), true, "IAM, beside empty texts"),
        (v1(json!({"userArn": "arn:aws:iam::1:user/a", "cognitoIdentityPoolId": "p"})), false, "a pool of identities"),
        (
            v1(json!({"userArn": "arn:aws:sts::1:assumed-role/a/CognitoIdentityCredentials"})),
            false,
            "a visitor's session",
        ),
        (
            v2(url, "$default", json!({"iam": {"userArn": "", "cognitoIdentity": null}})),
            false,
            "nobody at a function URL",
        ),
        (v2(url, "$default", json!({"iam": {"userArn": null}})), false, "nobody there"),
        (lattice(json!({"type": "AWS_IAM", "principal": "arn:aws:iam::1:role/a"})), true, "IAM at VPC Lattice"),
        (lattice(json!({"type": "AWS_IAM", "principal": ""})), false, "nobody at VPC Lattice"),
        (lattice(json!({"type": "AWS_IAM"})), false, "nobody there either"),
        (lattice(json!({"type": "NONE", "principal": "arn:aws:iam::1:role/a"})), false, "not authenticated"),
        (lattice(json!({"sourceVpcArn": "arn:aws:ec2:eu-west-1:1:vpc/a"})), false, "a network alone"),
        (
            lattice(
                json!({"type": "AWS_IAM", "principal": "arn:aws:sts::1:assumed-role/a/b", "sessionName": "CognitoIdentityCredentials"}),
            ),
            false,
            "a Cognito identity at VPC Lattice",
        ),
        (lattice_v1("Principal=arn:aws:iam::1:role/a; SessionName=a; Type=AWS_IAM"), true, "VPC Lattice, first format"),
        (lattice_v1("Type=NONE"), false, "nobody, first format"),
        (
            lattice_v1("Principal=arn:aws:iam::1:role/a;SessionName=CognitoIdentityCredentials"),
            false,
            "a visitor, first format",
        ),
        (v1(json!({"userArn": "arn:aws:iam::1:user/a", "cognitoIdentityId": null})), true, "IAM, first format"),
        (v1(json!({"caller": "AIDA"})), true, "IAM, by its caller"),
        (v1(json!({"caller": "AROA", "cognitoIdentityId": "i"})), false, "a Cognito identity, first format"),
    ] {
        let trigger = detected(&event);
        assert_eq!(trigger.messages[0].inbound.untrusted, !trusted, "{why}");
        assert_eq!(trigger.trust == Trust::Full, trusted, "{why}");
        let all = recognised(event.to_string().as_bytes(), &config(&[("THUNDRA_TRUST", "all")]));
        assert!(!all.messages[0].inbound.untrusted && all.trust == Trust::Full, "{why}");
        let visitor = detect(event.to_string().as_bytes(), &config(&[]), Trust::Edge);
        assert!(visitor.messages[0].inbound.untrusted && visitor.trust == Trust::Edge, "{why}, forged");
    }
}

#[test]
fn an_untrusted_caller_is_obeyed_in_no_form_of_event() {
    let context = json!({"traceparent": TRACEPARENT, "x-correlation-id": "c-1", "debug-log-enabled": "true", "call-chain-length": 9});
    let attribute = |(key, value): (&String, &Json)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (key.clone(), json!({"Type": "String", "dataType": "String", "Value": value, "stringValue": value}))
    };
    let attributes: Json = context.as_object().unwrap().iter().map(attribute).collect();
    let body = json!({"__context__": context}).to_string();
    for (event, why) in [
        (json!({"__context__": context, "a": 1}), "a program's call"),
        (json!({"source": "s", "detail-type": "t", "detail": {"__context__": context}}), "EventBridge"),
        (json!({"Records": [sqs(attributes.clone(), None, json!("hi"))]}), "SQS"),
        (json!({"Records": [sqs(json!({}), None, json!(body))]}), "a body of SQS"),
        (json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageAttributes": attributes}}]}), "SNS"),
        (json!({"requestContext": {}, "requestPayload": {"__context__": context}}), "a failed invocation"),
    ] {
        for (caller, obeyed) in [(Trust::Full, true), (Trust::Edge, false)] {
            let trigger = detect(event.to_string().as_bytes(), &config(&[]), caller);
            let inbound = &trigger.messages[0].inbound;
            assert_eq!(inbound.source, ParentSource::TraceParent, "{why}");
            assert_eq!(inbound.correlation.get("id"), Some("c-1"), "{why}");
            assert_eq!(inbound.untrusted, !obeyed, "{why}");
            assert_eq!(inbound.correlation.debug_log_enabled(), obeyed, "{why}");
            assert_eq!(inbound.correlation.chain_length(), if obeyed { 9 } else { 1 }, "{why}");
            assert_eq!(trigger.trust, caller, "{why}");
        }
    }
    for (mut event, edge, why) in [
        (json!({"topic": "devices/7/data", "clientid": "7"}), true, "a rule of IoT"),
        (
            json!({"topic": "devices/7/data", "source": "s", "detail-type": "t", "detail": {"__context__": context}}),
            true,
            "a rule, forged",
        ),
        (json!({"serialNumber": "G030", "clickType": "SINGLE"}), true, "a button"),
        (json!({"order": 7}), false, "a program"),
    ] {
        event["__context__"] = context.clone();
        let trigger = detected(&event);
        let inbound = &trigger.messages[0].inbound;
        assert_eq!((inbound.untrusted, trigger.trust == Trust::Edge), (edge, edge), "{why}");
        assert_eq!(inbound.correlation.debug_log_enabled(), !edge, "{why}");
        let all = recognised(event.to_string().as_bytes(), &config(&[("THUNDRA_TRUST", "all")]));
        assert!(all.messages[0].inbound.correlation.debug_log_enabled(), "{why}");
    }
    let forged = format!(r#"{{"Records":[{}],"topic":"devices/7"}}"#, sqs(attributes.clone(), None, json!("hi")));
    let window = format!(r#"{{"Records":[{}],"window":{{}}}}"#, sqs(attributes, None, json!("hi")));
    for (event, edge) in [(forged, Trust::Edge), (window, Trust::Full)] {
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!((trigger.source, trigger.trust), (Source::Sqs, edge));
        assert_eq!(trigger.messages[0].inbound.untrusted, edge == Trust::Edge);
    }
    let resolvers = json!([{"arguments": {}, "info": {"fieldName": "order"}}]);
    assert_eq!((detected(&resolvers).source, detected(&resolvers).trust), (Source::Other, Trust::Edge));
}

#[test]
fn each_line_of_a_repeated_header_is_read() {
    let single = json!({"tracestate": "b=2", "baggage": "y=2", "X-Correlation-Id": "c-2", "traceparent": TRACEPARENT});
    let lines = json!({"Tracestate": ["a=1", "b=2"], "baggage": ["x=1", "y=2"], "x-correlation-id": ["c-1", "c-2"]});
    let rest = json!({"resource": "/", "path": "/", "httpMethod": "GET", "headers": single, "multiValueHeaders": lines,
        "requestContext": {"identity": {}}});
    let mut balancer =
        json!({"path": "/", "httpMethod": "GET", "multiValueHeaders": lines, "requestContext": {"elb": {}}});
    balancer["multiValueHeaders"]["traceparent"] = json!([TRACEPARENT]);
    let joined =
        json!({"tracestate": "a=1,b=2", "baggage": "x=1,y=2", "x-correlation-id": "c-1", "traceparent": TRACEPARENT});
    let http = json!({"rawPath": "/", "headers": joined, "requestContext": {"http": {"method": "GET"}}});
    for event in [rest, balancer, http] {
        let inbound = detected(&event).messages.remove(0).inbound;
        assert_eq!(inbound.parent.unwrap().trace_state.as_deref(), Some("a=1,b=2"), "{event}");
        assert_eq!(inbound.baggage.as_deref(), Some("x=1,y=2"), "{event}");
        assert_eq!(inbound.correlation.get("id"), Some("c-1"), "{event}");
    }
}

#[test]
fn requests_are_described_by_the_conventions() {
    let edited = |mut event: Json, edit: fn(&mut Json)| {
        edit(&mut event);
        event
    };
    let api = || v2("x.execute-api.eu-west-1.amazonaws.com", "$default", Json::Null);
    let balancer =
        |headers: Json| json!({"httpMethod": "GET", "path": "/", "requestContext": {"elb": {}}, "headers": headers});
    for (event, expected, why) in [
        (api(), &["url.scheme=https", "server.address=x.execute-api.eu-west-1.amazonaws.com"][..], "an HTTP API"),
        (v2("x.lambda-url.eu-west-1.on.aws", "$default", Json::Null), &["url.scheme=https"], "a function URL"),
        (v1(Json::Null), &["url.scheme=https"], "a REST API"),
        (
            edited(api(), |event| event["headers"]["x-forwarded-proto"] = json!("http")),
            &["url.scheme=https"],
            "a forged scheme",
        ),
        (
            edited(api(), |event| event["requestContext"]["http"]["protocol"] = json!("HTTP/1.0")),
            &["network.protocol.version=1.0"],
            "HTTP/1.0",
        ),
        (
            edited(api(), |event| event["requestContext"]["http"]["protocol"] = json!("HTTP/2.0")),
            &["network.protocol.version=2"],
            "HTTP/2",
        ),
        (edited(api(), |event| event["rawQueryString"] = json!("s3cret")), &["url.query=REDACTED"], "a value alone"),
        (
            edited(v1(Json::Null), |event| event["queryStringParameters"] = json!({"a b": "1", "c": ""})),
            &["url.query=REDACTED=REDACTED&c=REDACTED"],
            "no name",
        ),
        (balancer(json!({"host": "[2001:db8::1]"})), &["server.address=2001:db8::1"], "an IPv6 literal"),
        (
            balancer(json!({"host": "[2001:db8::1]:8443"})),
            &["server.address=2001:db8::1", "server.port=8443"],
            "with a port",
        ),
        (
            balancer(json!({"host": "shop.example:8443"})),
            &["server.address=shop.example", "server.port=8443"],
            "a name with a port",
        ),
        (
            balancer(json!({"host": "shop.example", "x-forwarded-port": "444"})),
            &["server.address=shop.example", "server.port=444"],
            "another port",
        ),
        (
            balancer(json!({"x-forwarded-for": "[2001:db8::2]:4711, 10.0.0.1", "x-forwarded-proto": "http"})),
            &["client.address=2001:db8::2", "url.scheme=http"],
            "a caller",
        ),
    ] {
        let attributes = attributes(&detected(&event));
        for line in expected {
            assert!(attributes.lines().any(|found| found == *line), "{why}: {line} in\n{attributes}");
        }
    }
    for (headers, key) in [
        (json!({"host": "no host"}), "server.address"),
        (json!({"x-forwarded-for": "<script>"}), "client.address"),
        (json!({}), "url.scheme"),
    ] {
        assert!(!attributes(&detected(&balancer(headers))).contains(key), "{key}");
    }
}

#[test]
fn nobody_fills_a_span_by_an_event() {
    let long = "a".repeat(60_000);
    let headers = json!({"host": long, "user-agent": long, "x-forwarded-for": long, "x-forwarded-proto": long});
    let query = format!("{long}=1&{}", "k=v&".repeat(10_000));
    let names: Json = (0..200).map(|n| (format!("{n}{}", "k".repeat(60)), json!("v"))).collect();
    let arn = |kind: &str| format!("arn:aws:{kind}:eu-west-1:1:{long}");
    let record = |source: &str| {
        json!({"Records": [{"eventSource": source, "EventSource": source, "messageId": long, "eventSourceARN": arn(source),
        "eventTime": long, "s3": {"bucket": {"name": long}, "object": {"key": long}},
        "Sns": {"TopicArn": arn("sns"), "MessageId": long}, "kinesis": {"sequenceNumber": long}, "eventID": format!("{long}:1"),
        "dynamodb": {"SequenceNumber": long}}]})
    };
    let events = [
        json!({"routeKey": format!("GET /{long}"), "rawPath": format!("/{long}"), "rawQueryString": query, "headers": headers,
            "requestContext": {"domainName": long, "requestId": long, "http": {"method": long, "sourceIp": long, "protocol": long}}}),
        json!({"resource": long, "path": long, "httpMethod": "GET", "headers": headers, "queryStringParameters": names,
            "requestContext": {"requestId": long, "identity": {"sourceIp": long, "userAgent": long}}}),
        json!({"headers": headers, "requestContext": {"connectionId": "1", "eventType": "CONNECT", "routeKey": long}}),
        json!({"method": long, "raw_path": long, "headers": headers}),
        json!({"source": long, "detail-type": long, "id": long, "time": long, "detail": {}}),
        json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": long, "detail": {}}),
        json!({"deliveryStreamArn": format!("arn:aws:firehose:eu-west-1:1:deliverystream/{long}"), "records": [{"recordId": long}]}),
        record("aws:s3"),
        record("aws:sqs"),
        record("aws:sns"),
        record("aws:kinesis"),
        record("aws:dynamodb"),
    ];
    for event in events {
        let trigger = detected(&event);
        assert_ne!(trigger.source, Source::Other, "{:.60}", event.to_string());
        let messages = trigger.messages.iter().flat_map(|message| &message.attributes);
        for (key, value) in trigger.attributes.iter().chain(messages) {
            assert!(value.to_string().len() <= 2050, "{key} of {:?}: {}", trigger.source, value.to_string().len());
        }
        let name = trigger.span_name.map_or(0, |name| name.len());
        assert!(name <= 2048, "{:?}: {name}", trigger.source);
        assert_eq!(trigger.default_correlation_id, None, "{:?}", trigger.source);
        if trigger.faas_trigger == "http" {
            let agent = trigger.attributes.iter().find(|(key, _)| *key == "user_agent.original").unwrap();
            assert_eq!(agent.1.as_str().map(str::len), Some(256));
        }
    }
}

fn sqs(attributes: Json, header: Option<&str>, body: Json) -> Json {
    json!({"messageId": "m-1", "body": body, "messageAttributes": attributes, "eventSource": "aws:sqs",
        "attributes": {"SentTimestamp": "1520621625029", "AWSTraceHeader": header},
        "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders"})
}

#[test]
fn a_message_is_read_from_every_carrier() {
    let own = json!({"traceparent": {"stringValue": TRACEPARENT, "dataType": "String"}, "x-correlation-id": {"stringValue": "c-1", "dataType": "String.id"}});
    let others = json!({"a": {"stringValue": "1", "dataType": "String"}});
    let context = json!({"x-correlation-id": "c-1", "x-correlation-traceparent": TRACEPARENT});
    let body = json!({"__context__": context, "a": 1}).to_string();
    let bridge = json!({"detail-type": "t", "source": "s", "detail": {"__context__": context}}).to_string();
    let notification = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:orders", "Message": "hi", "MessageAttributes": {
        "traceparent": {"Type": "String", "Value": TRACEPARENT}, "x-correlation-id": {"Type": "String", "Value": "c-1"}}}).to_string();
    let text = |value: &str| json!({"stringValue": value, "dataType": "String"});
    let dead_letter = json!({"RequestID": text("r-1"), "ErrorCode": text("200"), "ErrorMessage": text("no")});
    let malformed = json!({"traceparent": text("what"), "User-Agent": text("curl"), "debug-log-enabled": text("true")});
    let other = json!({"__context__": {"x-correlation-id": "another"}}).to_string();
    use ParentSource::{Correlation, TraceParent, XRay};
    for (record, source, id, why) in [
        (sqs(own.clone(), Some(XRAY), json!("hi")), TraceParent, Some("c-1"), "its attributes"),
        (sqs(json!({}), Some(XRAY), json!("hi")), XRay, None, "the system attribute"),
        (sqs(json!({}), None, json!(bridge)), Correlation, Some("c-1"), "EventBridge in SQS"),
        (sqs(json!({}), Some(XRAY), json!(body)), XRay, Some("c-1"), "the body's ids beside X-Ray's parent"),
        (sqs(others.clone(), None, json!(body)), Correlation, Some("c-1"), "the body beside attributes of the user's"),
        (sqs(dead_letter.clone(), None, json!(notification)), TraceParent, Some("c-1"), "SNS in a dead-letter queue"),
        (sqs(dead_letter, Some(XRAY), json!(notification)), TraceParent, Some("c-1"), "beside X-Ray's parent"),
        (sqs(malformed, None, json!(bridge)), Correlation, Some("c-1"), "beside attributes that are no context"),
        (sqs(own.clone(), None, json!(other)), TraceParent, Some("c-1"), "its attributes, not the body"),
        (sqs(others, Some(XRAY), json!("hi")), XRay, None, "the system attribute beside others"),
        (sqs(json!(null), None, json!(null)), ParentSource::None, None, "no body"),
        (sqs(json!(7), None, json!(7)), ParentSource::None, None, "nonsense"),
    ] {
        let trigger = detected(&json!({"Records": [record]}));
        let [message] = trigger.messages.as_slice() else { panic!("{why}") };
        assert_eq!((trigger.batch, message.inbound.source), (false, source), "{why}");
        assert_eq!(message.inbound.correlation.get("id"), id, "{why}");
        assert_eq!(message.sent_at, from_millis(1_520_621_625_029.0));
    }
    let batch = detected(&json!({"Records": [sqs(own, None, json!("a")), sqs(json!({}), None, json!("b"))]}));
    assert!(batch.batch);
    assert_eq!(batch.messages.len(), 2);
    assert!(!attributes(&batch).contains("messaging.message.id"));
}

#[test]
fn notifications_and_streams_carry_their_context() {
    let context = json!({"traceparent": TRACEPARENT, "x-correlation-id": "c-1", "call-chain-length": 2});
    let record = |data: &Json| {
        use base64::Engine;
        let data = base64::prelude::BASE64_STANDARD.encode(data.to_string());
        json!({"eventSource": "aws:kinesis", "eventID": "shard-1:9", "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
            "kinesis": {"data": data, "sequenceNumber": "9", "partitionKey": "k", "approximateArrivalTimestamp": 1.5}})
    };
    let typed =
        json!({"traceparent": {"S": TRACEPARENT}, "call-chain-length": {"N": "2"}, "x-correlation-id": {"S": "c-1"}});
    let sns = json!({"traceparent": {"Type": "String", "Value": TRACEPARENT}, "x-correlation-id": {"Type": "String", "Value": "c-1"}});
    for (event, source) in [
        (json!({"Records": [record(&json!({"__context__": context, "a": 1}))]}), Source::Kinesis),
        (
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageAttributes": sns, "TopicArn": "arn:aws:sns:eu-west-1:1:t"}}]}),
            Source::Sns,
        ),
        (
            json!({"Records": [{"eventSource": "aws:dynamodb", "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/1",
                "dynamodb": {"NewImage": {"__context__": {"M": typed}}}}]}),
            Source::DynamoDb,
        ),
        (
            json!({"deliveryStreamArn": "arn:aws-cn:firehose:cn-north-1:1:deliverystream/orders",
                "records": [{"recordId": "1", "data": record(&json!({"__context__": context}))["kinesis"]["data"]}]}),
            Source::Firehose,
        ),
    ] {
        let trigger = detected(&event);
        assert_eq!(trigger.source, source);
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "{source:?}");
        assert_eq!(trigger.messages[0].inbound.correlation.get("id"), Some("c-1"), "{source:?}");
        assert!(trigger.context_member.is_none());
    }
}

#[test]
fn a_context_in_the_event_is_cut_out() {
    let context = json!({"x-correlation-id": "c-1", "call-chain-length": 2, "debug-log-enabled": "true"});
    for (event, source, rest) in [
        (format!(r#"{{"__context__":{context},"a":1.0}}"#), Source::Direct, r#"{"a":1.0}"#),
        (
            format!(
                r#" {{"detail-type":"t","source":"s","id":"7","detail": {{ "__context__": {context}, "a": 1 }} }}"#
            ),
            Source::EventBridge,
            r#" {"detail-type":"t","source":"s","id":"7","detail": { "a": 1 } }"#,
        ),
    ] {
        let trigger = recognised(event.as_bytes(), &config(&[]));
        assert_eq!(trigger.source, source);
        let [message] = trigger.messages.as_slice() else { panic!() };
        assert!(message.inbound.correlation.debug_log_enabled());
        assert_eq!(message.received_context, Some(context.to_string()));
        let member = trigger.context_member.unwrap();
        assert_eq!(String::from_utf8(payload::strip(event.as_bytes(), &member)).unwrap(), rest);
    }
    let own = detected(&json!({"__context__": "mine"}));
    assert_eq!((own.source, own.context_member, own.messages.len()), (Source::Other, None, 0));
}

#[test]
fn oddities_are_other() {
    for body in [
        "",
        "null",
        "5",
        "[]",
        "{}",
        "{",
        "[[[[",
        r#"{"Records":[]}"#,
        r#"{"Records":null}"#,
        r#"{"Records":[null]}"#,
        r#"{"Records":{}}"#,
        r#"{"Records":[{"eventSource":"aws:new"}]}"#,
        r#"{"requestContext":{}}"#,
        r#"{"requestContext":7,"httpMethod":"GET"}"#,
        r#"{"a":1}{"a":2}"#,
        r#"{"detail":{},"source":1,"detail-type":"x"}"#,
    ] {
        let trigger = recognised(body.as_bytes(), &config(&[]));
        assert_eq!(
            (trigger.source, trigger.faas_trigger, trigger.messages.len()),
            (Source::Other, "other", 0),
            "{body}"
        );
    }
    assert_eq!(recognised(b"{\"__context__\":{},\"a\":\"\xff\"}", &config(&[])).source, Source::Other, "not UTF-8");
    let bare = detected(&json!({"Records": [{"eventSource": "aws:sqs"}, {"eventSource": "aws:sqs"}]}));
    assert_eq!((bare.source, bare.messages.len(), bare.batch), (Source::Sqs, 2, true));
}

#[test]
fn the_body_of_a_request_is_not_read() {
    let head = r#"{"version":"2.0","routeKey":"GET /a","rawPath":"/a","headers":{},"requestContext":{"http":{"method":"GET"}}"#;
    for (event, source) in [
        (format!(r#"{head},"body":"cut off"#), Source::ApiGatewayHttp),
        (format!(r#"{head},"other":"cut off"#), Source::Other),
        (format!(r#"{{"body":"first",{}}}"#, &head[1..]), Source::ApiGatewayHttp),
    ] {
        assert_eq!(recognised(event.as_bytes(), &config(&[])).source, source, "{event}");
    }
}

#[test]
fn every_carrier_keeps_to_the_rules_of_trace_context() {
    const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let rest = |headers: Json, many: Json| json!({ "httpMethod": "GET", "path": "/", "requestContext": { "requestId": "r" }, "headers": headers, "multiValueHeaders": many });
    let sqs = |pairs: &[(&str, &str)]| {
        let attributes =
            pairs.iter().map(|(name, value)| (name.to_string(), json!({ "dataType": "String", "stringValue": value })));
        let attributes: serde_json::Map<_, _> = attributes.collect();
        json!({ "Records": [{ "eventSource": "aws:sqs", "body": "b", "messageAttributes": attributes }] })
    };
    let direct = |members: &str| format!(r#"{{"__context__":{{{members}}}}}"#);
    let twice = format!(r#""traceparent":"{TRACEPARENT}","traceparent":"{OTHER}""#);
    let state = r#""tracestate":"\tfoo=1 \t, foo=2,bar=3""#;
    for (event, random, kept, why) in [
        (direct(&twice), None, None, "twice in a payload"),
        (direct(&format!(r#""traceparent":"{TRACEPARENT}",{state}"#)), Some(false), Some("foo=1,bar=3"), "white space"),
        (direct(&format!(r#""traceparent":"{}""#, TRACEPARENT.replace("-01", "-03"))), Some(true), None, "the flag"),
        (
            rest(Json::Null, json!({ "traceparent": [TRACEPARENT, OTHER] })).to_string(),
            None,
            None,
            "twice in the headers of an event",
        ),
        (
            rest(json!({ "traceparent": format!("{TRACEPARENT}, {OTHER}") }), Json::Null).to_string(),
            None,
            None,
            "joined in the headers of an event",
        ),
        (
            sqs(&[("traceparent", &TRACEPARENT.replace("-01", "-03")), ("tracestate", "\tfoo=1 ,foo=2, bar=3\t")])
                .to_string(),
            Some(true),
            Some("foo=1,bar=3"),
            "attributes",
        ),
        (sqs(&[("traceparent", TRACEPARENT), ("TraceParent", OTHER)]).to_string(), None, None, "twice in attributes"),
        (
            sqs(&[("traceparent", TRACEPARENT), ("tracestate", "foo=1\u{3000}")]).to_string(),
            Some(false),
            None,
            "white space of another kind",
        ),
    ] {
        let trigger = detect(event.as_bytes(), &config(&[]), Trust::Full);
        let parent = trigger.messages.first().and_then(|message| message.inbound.parent.as_ref());
        assert_eq!(parent.map(|parent| parent.random), random, "{why}: {event}");
        assert_eq!(parent.and_then(|parent| parent.trace_state.as_deref()), kept, "{why}: {event}");
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
    fn any_bytes_are_some_trigger(body in prop::collection::vec(any::<u8>(), 0..64)) {
        recognised(&body, &config(&[]));
    }

    #[test]
    fn damaged_events_are_some_trigger(body in mutated()) {
        recognised(&body, &config(&[]));
    }
}
