//! The order of records, and how many run at a time.

use super::*;

#[test]
fn order_is_kept_where_the_source_has_one() {
    let fails = |body: &str| body.contains("bad");
    let messages = [("a", "0"), ("b", "1"), ("a", "2 bad"), ("b", "3"), ("a", "4"), ("a", "5")];
    for (queue, ran, failed, why) in [
        ("orders", &["0", "1", "2 bad", "3", "4", "5"][..], &["m-2"][..], "a standard queue: groups are for fairness"),
        ("orders.fifo", &["0", "1", "2 bad", "3"], &["m-2", "m-4", "m-5"], "FIFO: the rest of the group waits"),
    ] {
        let done = Mutex::new(Vec::new());
        let work = |message: SqsMessage| {
            let (body, done) = (message.body.unwrap(), &done);
            async move {
                tokio::task::yield_now().await;
                let failed = fails(&body);
                done.lock().unwrap().push(body);
                if failed { Err("bad") } else { Ok(()) }
            }
        };
        let response = run(each_record(sqs(queue, &messages), work)).unwrap();
        assert_eq!(failures(&response), failed, "{why}");
        let mut done = done.into_inner().unwrap();
        let of_group = |done: &[String]| {
            done.iter().filter(|body| ["0", "2 bad"].contains(&body.as_str())).cloned().collect::<Vec<_>>()
        };
        assert!(queue == "orders" || of_group(&done) == ["0", "2 bad"], "{why}");
        done.sort_unstable();
        assert_eq!(done, ran, "{why}");
    }
}

/// Works on the records of a stream. The data of a record give the number of polls to wait for, and a possible failure.
/// Returns the order of the ends, and the response.
fn stream(records: &[(&str, &str)], options: Options) -> (Vec<String>, Vec<String>) {
    let done = Mutex::new(Vec::new());
    let records: Vec<_> = records.iter().map(|(key, does)| (*key, json!(does))).collect();
    let work = |record: KinesisEventRecord| {
        let done = &done;
        async move {
            let does = String::from_utf8(record.kinesis.data.0).unwrap();
            for _ in 0..does.matches("wait").count() {
                tokio::task::yield_now().await;
            }
            done.lock().unwrap().push(record.kinesis.sequence_number);
            if does.contains("fail") { Err("as asked") } else { Ok(()) }
        }
    };
    let response = run(each_record(kinesis(&records), work).with_options(options)).unwrap();
    let response = failures(&response);
    (done.into_inner().unwrap(), response)
}

#[test]
fn a_stream_stops_at_the_first_failure_unless_told_otherwise() {
    let stops = Options::default();
    let goes_on = Options { continues: true, ..stops };
    let middle = [("a", "wait wait"), ("b", "fail"), ("b", ""), ("a", "fail"), ("c", "")];
    for (records, options, ran, failed, why) in [
        (&middle[..], stops, "0 1", "1", "one after another, whatever the key"),
        (&[("a", "fail"), ("b", "")], stops, "0", "0", "the first one"),
        (&[("a", "fail")], stops, "0", "0", "the only one"),
        (&[("a", ""), ("a", "")], stops, "0 1", "", "no failure"),
        (&middle, goes_on, "0 1 3 4", "1 3", "the rest of a key waits for its first"),
    ] {
        assert_eq!(stream(records, options), (texts(ran), texts(failed)), "{why}");
    }
}

#[test]
fn a_stream_loses_nothing_with_several_records_at_once() {
    let three = Options { concurrency: Some(3), ..Options::default() };
    let keys = [("a", "wait"), ("a", "wait"), ("b", "fail"), ("a", ""), ("c", "")];
    // The fifth was begun beside the first. The second waits for the first, and runs though the third failed: AWS takes
    // what stands before the lowest reported record for done.
    assert_eq!(stream(&keys, three), (texts("2 4 0 1"), texts("2")));
    let two_fail = [("a", "wait wait fail"), ("b", "fail"), ("c", "")];
    assert_eq!(stream(&two_fail, three), (texts("1 2 0"), texts("0")), "the lowest counts");
    let goes_on = Options { continues: true, ..three };
    assert_eq!(stream(&two_fail, goes_on), (texts("1 2 0"), texts("0 1")));
}

fn texts(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn message_groups_run_beside_each_other_if_asked() {
    let messages = [("a", "0"), ("a", "1"), ("b", "2"), ("c", "3")];
    for (at_once, most) in [(None, 1), (Some(2), 2), (Some(10), 3)] {
        let (now, highest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_: SqsMessage| {
            let (now, highest) = (&now, &highest);
            async move {
                highest.fetch_max(now.fetch_add(1, Relaxed) + 1, Relaxed);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Relaxed);
                Ok::<_, String>(())
            }
        };
        let batch = each_record(sqs("orders.fifo", &messages), work);
        let batch = match at_once {
            Some(records) => batch.concurrency(records),
            None => batch,
        };
        assert!(failures(&run(batch).unwrap()).is_empty());
        assert_eq!(highest.into_inner(), most, "{at_once:?}");
    }
}

#[test]
fn ten_records_are_worked_on_at_a_time() {
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = |_: Json| {
        let (now, most) = (&now, &most);
        async move {
            most.fetch_max(now.fetch_add(1, Relaxed) + 1, Relaxed);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Relaxed);
            Ok::<_, String>(())
        }
    };
    let bodies = vec![("", "{}"); 35];
    assert!(failures(&run(each(sqs("orders", &bodies), work)).unwrap()).is_empty());
    assert_eq!(most.into_inner(), 10);
}
