//! What a request says about itself: the resource it names, and the message it sends.

use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::RequestedTelemetryAttributes;
use aws_types::SigningName;
use thundra_core::{Value, semconv};

pub(crate) use crate::attributes::Attributes;

/// The members of a service's inputs that name a resource, as its model spells them. The service is the one that
/// requests are signed for: all that is known of them so early.
fn names(service: &str) -> &'static [&'static str] {
    match service {
        "dynamodb" => &["TableName", "IndexName", "ProjectionExpression", "ExclusiveStartTableName"],
        "firehose" => &["DeliveryStreamName"],
        "kinesis" => &["StreamName", "StreamARN"],
        "lambda" => &["FunctionName", "UUID"],
        "s3" => &["Bucket", "Key", "CopySource", "UploadId"],
        "secretsmanager" => &["SecretId"],
        "sns" => &["TopicArn", "TargetArn"],
        "sqs" => &["QueueUrl"],
        "states" => &["stateMachineArn", "activityArn"],
        _ => &[],
    }
}

/// Has the operation put the names aside, whatever its type; the SDK leaves out what its model calls sensitive.
pub(crate) fn ask_for_names(config: &mut ConfigBag) {
    let names = config.load::<SigningName>().map_or(&[][..], |service| names(service.as_ref()));
    if !names.is_empty() {
        let mut requested = config.load::<RequestedTelemetryAttributes>().cloned().unwrap_or_default();
        requested.capture_only(names);
        config.interceptor_state().store_put(requested);
    }
}

/// The attributes of a call, given the names in its input.
pub(crate) fn attributes<'a>(
    service: &str,
    method: &str,
    name: impl Fn(&str) -> Option<&'a str>,
    region: Option<&str>,
) -> Attributes {
    let mut attributes = Attributes::with_capacity(6);
    let mut add = |key, value: Option<&str>| {
        if let Some(value) = value {
            attributes.push((key, value.to_owned().into()));
        }
    };
    let mut destination = None;
    match service {
        "SNS" => {
            let topic = name("TopicArn").or_else(|| name("TargetArn").filter(|arn| is_topic(arn)));
            destination = topic.map(|arn| last(arn, ':'));
            add(semconv::AWS_SNS_TOPIC_ARN, topic);
        }
        "SQS" => {
            destination = name("QueueUrl").map(|url| last(url, '/'));
            add(semconv::AWS_SQS_QUEUE_URL, name("QueueUrl"));
        }
        "Kinesis" => {
            destination = name("StreamName").or_else(|| name("StreamARN").map(|arn| last(arn, '/')));
            add(semconv::AWS_KINESIS_STREAM_NAME, destination);
        }
        "S3" => {
            add(semconv::AWS_S3_BUCKET, name("Bucket"));
            add(semconv::AWS_S3_KEY, name("Key"));
            add(semconv::AWS_S3_COPY_SOURCE, name("CopySource"));
            add(semconv::AWS_S3_UPLOAD_ID, name("UploadId"));
        }
        "Firehose" => destination = name("DeliveryStreamName"),
        "SFN" => {
            add(semconv::AWS_STEP_FUNCTIONS_STATE_MACHINE_ARN, name("stateMachineArn"));
            add(semconv::AWS_STEP_FUNCTIONS_ACTIVITY_ARN, name("activityArn"));
        }
        "Secrets Manager" => {
            add(semconv::AWS_SECRETSMANAGER_SECRET_ARN, name("SecretId").filter(|id| id.starts_with("arn:")));
        }
        "Lambda" if method.starts_with("Invoke") => {
            let (function, arn_region) = name("FunctionName").map_or((None, None), function);
            add(semconv::FAAS_INVOKED_NAME, function);
            add(semconv::FAAS_INVOKED_PROVIDER, Some("aws"));
            add(semconv::FAAS_INVOKED_REGION, arn_region.or(region));
        }
        "Lambda" => add(semconv::AWS_LAMBDA_RESOURCE_MAPPING_ID, name("UUID")),
        "DynamoDB" => {
            add(semconv::AWS_DYNAMODB_INDEX_NAME, name("IndexName"));
            add(semconv::AWS_DYNAMODB_PROJECTION, name("ProjectionExpression"));
            add(semconv::AWS_DYNAMODB_EXCLUSIVE_START_TABLE, name("ExclusiveStartTableName"));
            add(semconv::DB_SYSTEM_NAME, Some("aws.dynamodb"));
            add(semconv::DB_OPERATION_NAME, Some(method));
            let tables: Vec<_> = name("TableName").map(str::to_owned).into_iter().collect();
            if !tables.is_empty() {
                attributes.push((semconv::AWS_DYNAMODB_TABLE_NAMES, tables.into()));
            }
        }
        _ => {}
    }
    if let Some((system, operation)) = messaging(service, method) {
        attributes.push((semconv::MESSAGING_SYSTEM, system.into()));
        attributes.push((semconv::MESSAGING_OPERATION_NAME, operation.into()));
        attributes.push((semconv::MESSAGING_OPERATION_TYPE, operation.into()));
        attributes.extend(destination.map(|name| (semconv::MESSAGING_DESTINATION_NAME, name.to_owned().into())));
    }
    attributes
}

/// The messaging system, and the type of the operation on it.
fn messaging(service: &str, method: &str) -> Option<(&'static str, &'static str)> {
    Some(match (service, method) {
        ("SNS", "Publish" | "PublishBatch") => ("aws.sns", "send"),
        ("SQS", "SendMessage" | "SendMessageBatch") => ("aws_sqs", "send"),
        ("SQS", "ReceiveMessage") => ("aws_sqs", "receive"),
        ("SQS", "DeleteMessage" | "DeleteMessageBatch") => ("aws_sqs", "settle"),
        ("Kinesis", "PutRecord" | "PutRecords") => ("aws_kinesis", "send"),
        ("Kinesis", "GetRecords") => ("aws_kinesis", "receive"),
        ("Firehose", "PutRecord" | "PutRecordBatch") => ("aws_firehose", "send"),
        ("EventBridge", "PutEvents") => ("aws_eventbridge", "send"),
        _ => return None,
    })
}

/// The host of an endpoint and its port, the scheme's where it names none.
pub(crate) fn address(uri: &str) -> Attributes {
    let Ok(uri) = uri.parse::<http::Uri>() else { return Attributes::new() };
    let Some((host, port)) = thundra_http::semantics::server(&uri) else { return Attributes::new() };
    let port = port.map(|port| (semconv::SERVER_PORT, port.into()));
    [(semconv::SERVER_ADDRESS, host.to_owned().into())].into_iter().chain(port).collect()
}

/// The part of an S3 object that a call is about: a number, which the SDK does not put aside with the names.
pub(crate) fn part(service: &str, method: &str, uri: &str) -> Option<(&'static str, Value)> {
    if service != "S3" || !matches!(method, "UploadPart" | "UploadPartCopy" | "GetObject") {
        return None;
    }
    let (_, query) = uri.split_once('?')?;
    let number = query.split('&').find_map(|pair| pair.strip_prefix("partNumber="))?;
    Some((semconv::AWS_S3_PART_NUMBER, number.parse::<u32>().ok()?.into()))
}

/// SNS also sends to phone numbers and to single devices, which have ARNs as well.
pub(crate) fn is_topic(arn: &str) -> bool {
    arn.split(':').count() == 6 && !arn.contains(":endpoint/")
}

/// The name and the region of a function, given as Lambda takes it:
/// `(arn:aws:lambda:)?(region:)?(account:)?(function:)?name(:qualifier)?`.
pub(crate) fn function(text: &str) -> (Option<&str>, Option<&str>) {
    let arn = text.strip_prefix("arn:").and_then(|arn| arn.split_once(":lambda:"));
    let mut rest = arn.map_or(text, |(_partition, rest)| rest);
    let mut prefix = |is: fn(&str) -> bool| {
        let (part, after) = rest.split_once(':').filter(|(part, _)| is(part))?;
        rest = after;
        Some(part)
    };
    let region = prefix(is_region);
    prefix(|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()));
    prefix(|part| part == "function");
    (rest.split(':').next(), region)
}

/// `eu-west-1`, `us-gov-east-1`, `us-isob-east-1`, `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let parts: Vec<&str> = text.strip_prefix("eusc-").unwrap_or(text).split('-').collect();
    let [country, partition @ .., place, number] = parts.as_slice() else { return false };
    let is_partition = match partition {
        [] => true,
        [name] => *name == "gov" || (name.starts_with("iso") && name.len() <= 4),
        _ => false,
    };
    let is_number = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
    country.len() == 2 && is_word(country) && is_partition && is_word(place) && is_number
}

/// What follows the last separator: ARNs and queue URLs end in the name.
pub(crate) fn last(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(service: &str, method: &str, names: &[(&str, &str)]) -> String {
        let name = |wanted: &str| names.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let attributes = attributes(service, method, name, Some("eu-west-1"));
        attributes.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn resources_are_named_as_the_conventions_ask() {
        let topic = "arn:aws:sns:eu-west-1:123456789012:orders";
        let sent = "messaging.system=aws.sns messaging.operation.name=send messaging.operation.type=send";
        for (service, method, names, expected) in [
            ("S3", "GetObject", &[("Bucket", "b"), ("Key", "a/k")][..], "aws.s3.bucket=b aws.s3.key=a/k".to_owned()),
            (
                "DynamoDB",
                "GetItem",
                &[("TableName", "orders")],
                "db.system.name=aws.dynamodb db.operation.name=GetItem aws.dynamodb.table_names=[orders]".to_owned(),
            ),
            (
                "DynamoDB",
                "Query",
                &[("ProjectionExpression", "id, #n"), ("IndexName", "by-day"), ("Select", "COUNT")],
                "aws.dynamodb.index_name=by-day aws.dynamodb.projection=id, #n db.system.name=aws.dynamodb \
                 db.operation.name=Query"
                    .to_owned(),
            ),
            (
                "DynamoDB",
                "ListTables",
                &[("ExclusiveStartTableName", "m")],
                "aws.dynamodb.exclusive_start_table=m db.system.name=aws.dynamodb db.operation.name=ListTables"
                    .to_owned(),
            ),
            (
                "SNS",
                "Publish",
                &[("TargetArn", topic)],
                format!("aws.sns.topic.arn={topic} {sent} messaging.destination.name=orders"),
            ),
            ("SNS", "Publish", &[("TargetArn", "arn:aws:sns:eu-west-1:1:endpoint/GCM/app/id")], sent.to_owned()),
            ("SNS", "Subscribe", &[("TopicArn", topic)], format!("aws.sns.topic.arn={topic}")),
            (
                "Kinesis",
                "GetRecords",
                &[("StreamARN", "arn:aws:kinesis:eu-west-1:1:stream/clicks")],
                "aws.kinesis.stream_name=clicks messaging.system=aws_kinesis messaging.operation.name=receive \
                 messaging.operation.type=receive messaging.destination.name=clicks"
                    .to_owned(),
            ),
            (
                "Firehose",
                "PutRecordBatch",
                &[("DeliveryStreamName", "lake")],
                "messaging.system=aws_firehose messaging.operation.name=send messaging.operation.type=send \
                 messaging.destination.name=lake"
                    .to_owned(),
            ),
            (
                "EventBridge",
                "PutEvents",
                &[],
                "messaging.system=aws_eventbridge messaging.operation.name=send messaging.operation.type=send"
                    .to_owned(),
            ),
            ("Secrets Manager", "GetSecretValue", &[("SecretId", "a-name")], String::new()),
            ("SSM", "GetParameter", &[("Key", "k"), ("Bucket", "b")], String::new()),
        ] {
            assert_eq!(text(service, method, names), expected, "{service}.{method}");
        }
    }

    #[test]
    fn a_function_is_known_by_its_name_however_it_is_given() {
        for (given, name, region) in [
            ("bill", "bill", "eu-west-1"),
            ("bill:live", "bill", "eu-west-1"),
            ("function:bill", "bill", "eu-west-1"),
            ("function:bill:live", "bill", "eu-west-1"),
            ("function", "function", "eu-west-1"),
            ("123456789012", "123456789012", "eu-west-1"),
            ("123456789012:bill", "bill", "eu-west-1"),
            ("123456789012:bill:live", "bill", "eu-west-1"),
            ("123456789012:function:bill", "bill", "eu-west-1"),
            ("1234:live", "1234", "eu-west-1"),
            ("us-east-2:bill", "bill", "us-east-2"),
            ("us-east-2:123456789012:function:bill", "bill", "us-east-2"),
            ("us-gov-east-1:123456789012:bill", "bill", "us-gov-east-1"),
            ("eusc-de-east-1:function:bill", "bill", "eusc-de-east-1"),
            ("us-isob-east-1:bill", "bill", "us-isob-east-1"),
            ("bill-1:live", "bill-1", "eu-west-1"),
            ("bill-orders-1:live", "bill-orders-1", "eu-west-1"),
            ("us-bill-east-1:live", "us-bill-east-1", "eu-west-1"),
            ("bill-the-1st:live", "bill-the-1st", "eu-west-1"),
            ("arn:aws:lambda:function:bill", "bill", "eu-west-1"),
            ("arn:aws:lambda:us-east-2:123456789012:function:bill:7", "bill", "us-east-2"),
            ("arn:aws-cn:lambda:cn-north-1:123456789012:function:function:$LATEST", "function", "cn-north-1"),
        ] {
            assert_eq!(
                text("Lambda", "Invoke", &[("FunctionName", given)]),
                format!("faas.invoked_name={name} faas.invoked_provider=aws faas.invoked_region={region}")
            );
        }
        assert_eq!(text("Lambda", "GetFunction", &[("FunctionName", "bill")]), "");
    }

    #[test]
    fn the_address_is_that_of_the_endpoint() {
        let show = |uri| address(uri).iter().map(|(key, value)| format!("{key}={value} ")).collect::<String>();
        for (uri, expected) in [
            ("https://sns.eu-west-1.amazonaws.com/?a=b", "server.address=sns.eu-west-1.amazonaws.com server.port=443 "),
            ("http://localhost/", "server.address=localhost server.port=80 "),
            ("http://127.0.0.1:4566/", "server.address=127.0.0.1 server.port=4566 "),
            ("http://[::1]:4566/", "server.address=::1 server.port=4566 "),
            ("https://[2001:db8::1]/", "server.address=2001:db8::1 server.port=443 "),
            ("/", ""),
            ("no uri", ""),
        ] {
            assert_eq!(show(uri), expected);
        }
    }

    #[test]
    fn the_part_of_an_object_is_a_number_of_the_query() {
        const URI: &str = "https://b.s3.eu-west-1.amazonaws.com/a/k?x-id=UploadPart&partNumber=7&uploadId=u";
        for (service, method, uri, expected) in [
            ("S3", "UploadPart", URI, Some(7)),
            ("S3", "UploadPartCopy", URI, Some(7)),
            ("S3", "GetObject", "/k?partNumber=1", Some(1)),
            ("S3", "GetObject", "/partNumber=1?x-id=GetObject", None),
            ("S3", "GetObject", "/k?partNumber=one", None),
            ("S3", "ListParts", URI, None),
            ("Other", "UploadPart", URI, None),
        ] {
            let expected = expected.map(|number: i64| (semconv::AWS_S3_PART_NUMBER, Value::I64(number)));
            assert_eq!(part(service, method, uri), expected, "{service}.{method} {uri}");
        }
    }
}
