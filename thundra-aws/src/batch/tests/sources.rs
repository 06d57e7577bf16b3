//! The sources: the payload, the failures and the response of each.

use aws_lambda_events::event::activemq::ActiveMqEvent;
use aws_lambda_events::event::firehose::KinesisFirehoseEvent;
use aws_lambda_events::event::kafka::KafkaEvent;
use aws_lambda_events::event::rabbitmq::RabbitMqEvent;

use super::*;

fn base64(text: &str) -> String {
    base64::prelude::BASE64_STANDARD.encode(text)
}

fn of<T: serde::de::DeserializeOwned>(event: Json) -> T {
    serde_json::from_value(event).unwrap()
}

fn answer<T: serde::Serialize>(response: T) -> Json {
    serde_json::to_value(response).unwrap()
}

/// Fails on a text with "bad", and notes the others.
fn work(done: &Mutex<Vec<String>>) -> impl Fn(String) -> std::future::Ready<Result<(), String>> {
    |text| {
        let bad = text.contains("bad");
        done.lock().unwrap().push(text);
        std::future::ready(if bad { Err("a bad one".to_owned()) } else { Ok(()) })
    }
}

/// A partition, and the key and value of each record.
type Partition<'a> = (&'a str, &'a [(Option<&'a str>, Option<&'a str>)]);

fn kafka(partitions: &[Partition<'_>]) -> KafkaEvent {
    let record = |partition: &str, offset: usize, key: Option<&str>, value: Option<&str>| {
        let (topic, number) = partition.rsplit_once('-').unwrap();
        let traceparent: Vec<_> = PRODUCER.bytes().collect();
        json!({"topic": topic, "partition": number.parse::<u8>().unwrap(), "offset": 100 + offset, "key": key.map(base64),
            "timestamp": millis_ago(Duration::ZERO) as u64, "timestampType": "CREATE_TIME", "value": value.map(base64),
            "headers": [{"traceparent": traceparent}]})
    };
    let of_partition = |(partition, records): &Partition<'_>| {
        let records = records.iter().enumerate().map(|(offset, (key, value))| record(partition, offset, *key, *value));
        ((*partition).to_owned(), Json::Array(records.collect()))
    };
    let partitions: serde_json::Map<_, _> = partitions.iter().map(of_partition).collect();
    of(json!({"eventSource": "aws:kafka", "records": partitions}))
}

#[test]
fn partitions_of_kafka_fail_apart() {
    let (a, b) = (Some("a"), Some("b"));
    let first = [(a, Some("0")), (a, Some("1 bad")), (b, Some("2")), (a, Some("3")), (None, Some("4 bad"))];
    let second = [(a, Some("5")), (b, Some("6"))];
    let event = || kafka(&[("my-topic-0", &first), ("my-topic-1", &second)]);
    for (goes_on, ran, offsets, why) in [
        (false, &["0", "1 bad", "5", "6"][..], &[101][..], "the rest of a partition waits for its first failure"),
        (true, &["0", "1 bad", "2", "4 bad", "5", "6"], &[101, 104], "the rest of a key waits"),
    ] {
        let done = Mutex::new(Vec::new());
        let options = Options { continues: goes_on, ..Options::default() };
        let response = run(each_text(event(), work(&done)).with_options(options)).unwrap();
        assert_eq!(done.into_inner().unwrap(), ran, "{why}");
        let expected: Vec<_> = offsets
            .iter()
            .map(|offset| json!({"itemIdentifier": {"partition": "my-topic-0", "offset": offset}}))
            .collect();
        assert_eq!(answer(response), json!({ "batchItemFailures": expected }), "{why}");
    }
    assert_eq!(
        answer(run(each_text(KafkaEvent::default(), succeed::<String>)).unwrap()),
        json!({"batchItemFailures": []})
    );
}

#[test]
fn a_tombstone_is_a_null() {
    let event = || kafka(&[("orders-0", &[(Some("a"), None), (Some("a"), Some(r#"{"id":7}"#))])]);
    let seen = Mutex::new(Vec::new());
    let note = |order: Option<Order>| {
        seen.lock().unwrap().push(order.map(|order| order.id));
        succeed(())
    };
    assert!(run(each(event(), note)).unwrap().batch_item_failures.is_empty());
    assert_eq!(seen.into_inner().unwrap(), [None, Some(7)]);
    let offsets = |response: KafkaBatchResponse| {
        response.batch_item_failures.into_iter().map(|failure| failure.item_identifier.offset).collect::<Vec<_>>()
    };
    assert_eq!(offsets(run(each(event(), succeed::<Order>)).unwrap()), [100], "an order is no null");
    assert_eq!(offsets(run(each_text(event(), succeed::<String>)).unwrap()), [100], "and a text is none either");
    let record = |record: aws_lambda_events::event::kafka::KafkaRecord| {
        std::future::ready(record.topic.map(drop).ok_or("no topic"))
    };
    assert!(offsets(run(each_record(event(), record)).unwrap()).is_empty());
}

#[test]
fn records_of_kafka_are_their_producers_children() {
    let config = config(&[("THUNDRA_QUEUE_SPANS", "off")]);
    let event = kafka(&[("orders-3", &[(Some("a"), Some("x")), (Some("b"), Some("y"))])]);
    let (response, spans) =
        invocation(&config, || each_text(event, succeed::<String>).with_config(&config).into_future());
    assert!(response.unwrap().batch_item_failures.is_empty());
    let record = span(&spans, "messaging.kafka.offset", "101");
    assert_eq!((record.name.as_str(), record.context.trace_id.to_string().as_str()), ("process orders", TRACE));
    assert!(record.attributes.contains(&("messaging.system".to_owned(), "kafka".into())), "{record:?}");
}

#[test]
fn a_failure_of_a_broker_fails_the_invocation() {
    let activemq = |texts: &[&str]| -> ActiveMqEvent {
        let message = |text: &&str| {
            json!({"messageID": "ID:1", "messageType": "jms/text-message", "timestamp": 1, "deliveryMode": 1,
                "destination": {"physicalName": "orders"}, "redelivered": false, "expiration": 0, "priority": 1,
                "data": base64(text), "brokerInTime": 1, "brokerOutTime": 1, "properties": {"traceparent": PRODUCER}})
        };
        of(json!({"eventSource": "aws:amq", "messages": texts.iter().map(message).collect::<Vec<_>>()}))
    };
    let rabbitmq = |texts: &[&str]| -> RabbitMqEvent {
        let message = |text: &&str| {
            json!({"basicProperties": {"contentType": "text/plain", "headers": {}, "deliveryMode": 1, "priority": 1,
                "bodySize": 1}, "redelivered": false, "data": base64(text)})
        };
        of(json!({"eventSource": "aws:rmq",
            "rmqMessagesByQueue": {"orders::/": texts.iter().map(message).collect::<Vec<_>>()}}))
    };
    for (texts, goes_on, ran, error) in [
        (&["0", "1"][..], false, 2, None),
        (&[], false, 0, None),
        (&["0", "1 bad", "2"], false, 2, Some("1 of 3 records of the batch failed, first: a bad one")),
        (&["0", "1 bad", "2"], true, 3, Some("1 of 3 records of the batch failed, first: a bad one")),
        (&["0 bad"], false, 1, Some("1 of 1 records of the batch failed, first: a bad one")),
    ] {
        let options = Options { continues: goes_on, ..Options::default() };
        let done = Mutex::new(Vec::new());
        let active = run(each_text(activemq(texts), work(&done)).with_options(options));
        assert_eq!(active.map_err(|error| error.to_string()), error.map_or(Ok(()), |error| Err(error.to_owned())));
        assert_eq!(std::mem::take(&mut *done.lock().unwrap()), texts[..ran]);
        let rabbit = run(each_text(rabbitmq(texts), work(&done)).with_options(options));
        assert_eq!(rabbit.map_err(|error| error.to_string()), error.map_or(Ok(()), |error| Err(error.to_owned())));
        assert_eq!(done.into_inner().unwrap(), texts[..ran]);
    }
}

#[test]
fn each_record_of_firehose_has_a_result() {
    let texts = ["keep", "new", "drop", "bad", "refuse", "key", "bytes"];
    let record = |(n, text): (usize, &&str)| json!({"recordId": format!("r-{n}"), "data": base64(text), "approximateArrivalTimestamp": 1});
    let records: Vec<_> = texts.iter().enumerate().map(record).collect();
    let event: KinesisFirehoseEvent =
        of(json!({"deliveryStreamArn": "arn:aws:firehose:eu-west-1:1:deliverystream/lake", "records": records}));
    let response = run(each_text(event.clone(), async |text: String| match text.as_str() {
        "keep" => Ok(Transformed::unchanged()),
        "new" => Ok("newer".into()),
        "drop" => Ok(None::<String>.into()),
        "refuse" => Ok(Transformed::processing_failed()),
        "key" => Ok(Transformed::ok("k").partition_key("customer", "7")),
        "bytes" => Ok(vec![0xff].into()),
        _ => Err("a bad one"),
    }));
    let response = answer(response.unwrap());
    let results: Vec<_> = response["records"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(n, record)| {
            assert_eq!(record["recordId"], format!("r-{n}"));
            (record["result"].as_str().unwrap(), record["data"].as_str().unwrap())
        })
        .collect();
    let data: Vec<_> = ["keep", "newer", "", "bad", "refuse", "k"].map(base64).to_vec();
    let expected = ["Ok", "Ok", "Dropped", "ProcessingFailed", "ProcessingFailed", "Ok"];
    assert_eq!(results[..6], expected.into_iter().zip(data.iter().map(String::as_str)).collect::<Vec<_>>());
    assert_eq!(results[6], ("Ok", "/w=="));
    assert_eq!(response["records"][5]["metadata"], json!({"partitionKeys": {"customer": "7"}}));
    let all_bad = run(each(event, succeed::<Order>)).unwrap();
    assert!(all_bad.records.iter().all(|record| record.result.as_deref() == Some("ProcessingFailed")), "{all_bad:?}");
}

#[cfg(feature = "dynamodb")]
mod dynamodb {
    use aws_lambda_events::event::dynamodb::Event;

    use super::*;

    fn stream(changes: &[(&str, Json)]) -> Event {
        let record = |(n, (name, image)): (usize, &(&str, Json))| {
            let mut change = json!({"Keys": {"id": {"N": (n % 2).to_string()}}, "SequenceNumber": format!("{n}"),
                "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": millis_ago(Duration::ZERO) as f64 / 1e3});
            match *name {
                "REMOVE" => change["OldImage"] = image.clone(),
                _ => change["NewImage"] = image.clone(),
            }
            json!({"eventID": format!("e-{n}"), "eventName": name, "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1",
                "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026", "dynamodb": change})
        };
        let records: Vec<_> = changes.iter().enumerate().map(record).collect();
        of(json!({ "Records": records }))
    }

    #[test]
    fn the_new_image_is_plain_json_without_our_context() {
        let image = json!({"id": {"N": "12345678901234567890123456789012345678"}, "price": {"N": "1.50"}, "who": {"S": "a\"b"},
            "paid": {"BOOL": true}, "note": {"NULL": true}, "lines": {"L": [{"M": {"n": {"N": "1"}}}]}, "tags": {"SS": ["x"]},
            "counts": {"NS": ["1", "2"]}, "raw": {"B": "AAEC"}, "raws": {"BS": ["AAEC"]},
            "__context__": {"M": {"x-correlation-id": {"S": "c-9"}, "traceparent": {"S": PRODUCER}}}});
        let seen = Mutex::new(Vec::new());
        let note = |text: String| {
            assert_eq!(correlation::id().as_deref(), Some("c-9"));
            seen.lock().unwrap().push(text);
            succeed(())
        };
        let event = stream(&[("INSERT", image)]);
        assert!(failures(&run(each_text(event, note)).unwrap()).is_empty());
        assert_eq!(
            seen.into_inner().unwrap(),
            [
                r#"{"counts":[1,2],"id":12345678901234567890123456789012345678,"lines":[{"n":1}],"note":null,"paid":true,"price":1.50,"raw":"AAEC","raws":["AAEC"],"tags":["x"],"who":"a\"b"}"#
            ]
        );
    }

    #[test]
    fn an_attribute_of_the_user_with_the_name_of_the_context_stays() {
        let seen = Mutex::new(Vec::new());
        let note = |text: String| {
            seen.lock().unwrap().push(text);
            succeed(())
        };
        let images = [json!({"__context__": {"S": "a text"}}), json!({"__context__": {"L": []}, "id": {"N": "1"}})];
        let event = stream(&images.map(|image| ("INSERT", image)));
        assert!(failures(&run(each_text(event, note)).unwrap()).is_empty());
        assert_eq!(seen.into_inner().unwrap(), [r#"{"__context__":"a text"}"#, r#"{"__context__":[],"id":1}"#]);
    }

    #[test]
    fn a_stream_stops_at_the_first_failure_and_a_removal_is_a_null() {
        let item = |id: u64| json!({"id": {"N": id.to_string()}});
        let changes = [("INSERT", item(0)), ("REMOVE", item(1)), ("MODIFY", item(2)), ("MODIFY", item(3))];
        let seen = Mutex::new(Vec::new());
        let note = |order: Option<Order>| {
            seen.lock().unwrap().push(order.as_ref().map(|order| order.id));
            std::future::ready(if order.is_some_and(|order| order.id == 2) { Err("refused") } else { Ok(()) })
        };
        assert_eq!(failures(&run(each(stream(&changes), note)).unwrap()), ["2"]);
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [Some(0), None, Some(2)]);
        assert_eq!(failures(&run(each(stream(&changes), note).continue_on_failure()).unwrap()), ["2"]);
        assert_eq!(seen.into_inner().unwrap(), [Some(0), None, Some(2), Some(3)], "another item");
        assert_eq!(failures(&run(each(stream(&changes), succeed::<Order>)).unwrap()), ["1"], "nothing to read");
    }
}

#[cfg(feature = "s3-batch")]
#[test]
fn each_task_of_s3_batch_has_a_result() {
    use aws_lambda_events::event::s3::batch_job::S3BatchJobEvent;

    let keys = ["a+b%2Fc", "", "no", "bad", "word"];
    let task = |(n, key): (usize, &&str)| json!({"taskId": format!("t-{n}"), "s3Key": key, "s3VersionId": null, "s3BucketArn": "arn:aws:s3:::photos"});
    let tasks: Vec<_> = keys.iter().enumerate().map(task).collect();
    let event: S3BatchJobEvent =
        of(json!({"invocationSchemaVersion": "1.0", "invocationId": "i-1", "job": {"id": "j-1"}, "tasks": tasks}));
    let response = run(each_text(event, async |key: String| match key.as_str() {
        "a b/c" => Ok(TaskResult::succeeded("moved")),
        "" => Ok(().into()),
        "no" => Ok(TaskResult::permanent_failure("gone")),
        "word" => Ok("done".into()),
        _ => Err("a bad one"),
    }));
    let result = |n: usize, code: &str, text: &str| json!({"taskId": format!("t-{n}"), "resultCode": code, "resultString": text});
    assert_eq!(
        answer(response.unwrap()),
        json!({"invocationSchemaVersion": "1.0", "invocationId": "i-1", "treatMissingKeysAs": "TemporaryFailure", "results": [
            result(0, "Succeeded", "moved"), result(1, "Succeeded", ""), result(2, "PermanentFailure", "gone"),
            result(3, "TemporaryFailure", "a bad one"), result(4, "Succeeded", "done"),
        ]})
    );
}
