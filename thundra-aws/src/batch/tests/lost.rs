//! No record is lost, for any combination of failures, waits and concurrent runs.

use proptest::prelude::*;

use super::*;

/// The behaviour of the work on a record.
#[derive(Clone, Copy, Debug)]
struct Does {
    key: u8,
    waits: u8,
    fails: bool,
}

/// The numbers of the begun, the running and the successful records.
#[derive(Debug, Default)]
struct Seen {
    begun: Vec<usize>,
    running: Vec<usize>,
    done: Vec<usize>,
}

fn any_records() -> impl Strategy<Value = Vec<Does>> {
    let does = (0..4_u8, 0..3_u8, prop::bool::weighted(0.2));
    prop::collection::vec(does.prop_map(|(key, waits, fails)| Does { key, waits, fails }), 1..12)
}

/// Works on records, each with its number as the payload. `apart` returns `true` if two records may run beside each
/// other.
fn work_through<E: BatchEvent<Response: serde::Serialize>>(
    event: E,
    records: &[Does],
    (concurrency, continues): (usize, bool),
    apart: impl Fn(Does, Does) -> bool,
) -> (Result<Vec<Json>, Error>, Seen) {
    let seen = Mutex::new(Seen::default());
    let work = |text: String| {
        let (seen, apart, number) = (&seen, &apart, text.parse::<usize>().unwrap());
        let Does { waits, fails, .. } = records[number];
        async move {
            let note = |end: bool| {
                let mut seen = seen.lock().unwrap();
                if end {
                    seen.running.retain(|other| *other != number);
                } else {
                    assert!(seen.running.iter().all(|other| apart(records[number], records[*other])), "{seen:?}");
                    seen.running.push(number);
                    seen.begun.push(number);
                    assert!(seen.running.len() <= concurrency, "{seen:?}");
                }
            };
            note(false);
            for _ in 0..waits {
                tokio::task::yield_now().await;
            }
            note(true);
            if fails {
                return Err("as asked");
            }
            seen.lock().unwrap().done.push(number);
            Ok(())
        }
    };
    let options = Options { concurrency: Some(concurrency), continues, ..Options::default() };
    let response = run(each_text(event, work).with_options(options));
    let items = |response| serde_json::to_value(response).unwrap()["batchItemFailures"].as_array().unwrap().clone();
    (response.map(items), seen.into_inner().unwrap())
}

fn numbers(items: &[Json]) -> Vec<usize> {
    let number = |item: &Json| item["itemIdentifier"].as_str().unwrap().trim_start_matches("m-").parse().unwrap();
    items.iter().map(number).collect()
}

/// Asserts that every record before `from` succeeded, and every record from there on is delivered again unless it
/// succeeded.
fn assert_stream(numbers: impl Iterator<Item = usize>, from: Option<usize>, seen: &Seen) {
    for number in numbers {
        let is_again = from.is_some_and(|from| number >= from);
        assert!(is_again || seen.done.contains(&number), "{number} is lost: {from:?} {seen:?}");
    }
    assert!(from.is_none_or(|from| !seen.done.contains(&from)), "{from:?} succeeded: {seen:?}");
}

/// Asserts that the records of a key began in order.
fn assert_order(records: &[Does], seen: &Seen) {
    for key in 0..4 {
        let of_key = seen.begun.iter().filter(|number| records[**number].key == key);
        assert!(of_key.is_sorted(), "{seen:?}");
    }
}

proptest! {
    #[test]
    fn a_queue_loses_no_message(records in any_records(), concurrency in 1..5_usize, is_fifo: bool) {
        let (keys, texts): (Vec<_>, Vec<_>) =
            records.iter().enumerate().map(|(n, does)| (format!("g-{}", does.key), n.to_string())).unzip();
        let messages: Vec<_> = keys.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let event = sqs(if is_fifo { "orders.fifo" } else { "orders" }, &messages);
        let (response, seen) = work_through(event, &records, (concurrency, false), |a, b| !is_fifo || a.key != b.key);
        let not_done: Vec<_> = (0..records.len()).filter(|number| !seen.done.contains(number)).collect();
        match response {
            Ok(items) => prop_assert_eq!(numbers(&items), not_done),
            Err(_) => prop_assert!(!is_fifo && seen.done.is_empty()),
        }
        if is_fifo {
            assert_order(&records, &seen);
        } else {
            prop_assert_eq!(seen.begun.len(), records.len());
        }
    }

    #[test]
    fn a_stream_loses_no_record(records in any_records(), concurrency in 1..5_usize, continues: bool) {
        let keys: Vec<_> = records.iter().map(|does| format!("k-{}", does.key)).collect();
        let data = keys.iter().enumerate().map(|(n, key)| (key.as_str(), json!(n.to_string())));
        let event = kinesis(&data.collect::<Vec<_>>());
        let (response, seen) = work_through(event, &records, (concurrency, continues), |a, b| a.key != b.key);
        let reported = numbers(&response.unwrap());
        prop_assert!(continues || reported.len() <= 1);
        assert_stream(0..records.len(), reported.iter().min().copied(), &seen);
        assert_order(&records, &seen);
    }

    #[test]
    fn a_partition_loses_no_record(records in any_records(), concurrency in 1..5_usize, continues: bool) {
        let mut partitions = serde_json::Map::new();
        for (number, does) in records.iter().enumerate() {
            let value = base64::prelude::BASE64_STANDARD.encode(number.to_string());
            let record = json!({"topic": "orders", "partition": does.key, "offset": number, "value": value,
                "key": (number % 2 == 0).then_some("ZXZlbg=="), "timestamp": 1, "headers": []});
            let partition = partitions.entry(format!("orders-{}", does.key)).or_insert_with(|| json!([]));
            partition.as_array_mut().unwrap().push(record);
        }
        let event = serde_json::from_value(json!({"eventSource": "aws:kafka", "records": partitions})).unwrap();
        let apart = |a: Does, b: Does| continues || a.key != b.key;
        let (response, seen) =
            work_through::<aws_lambda_events::event::kafka::KafkaEvent>(event, &records, (concurrency, continues), apart);
        let items = response.unwrap();
        for key in 0..4 {
            let of_key = (0..records.len()).filter(|number| records[*number].key == key);
            let of_partition = |item: &&Json| item["itemIdentifier"]["partition"] == format!("orders-{key}");
            let offsets = items.iter().filter(of_partition).map(|item| item["itemIdentifier"]["offset"].as_u64().unwrap());
            let offsets: Vec<_> = offsets.map(|offset| offset as usize).collect();
            prop_assert!(continues || offsets.len() <= 1);
            assert_stream(of_key, offsets.iter().min().copied(), &seen);
        }
        if !continues {
            assert_order(&records, &seen);
        }
    }
}
