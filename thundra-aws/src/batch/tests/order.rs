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
        let response = block_on(each_record(sqs(queue, &messages), work)).unwrap();
        assert_eq!(failures(&response), failed, "{why}");
        let mut done = done.into_inner().unwrap();
        let of_group = |done: &[String]| {
            done.iter().filter(|body| ["0", "2 bad"].contains(&body.as_str())).cloned().collect::<Vec<_>>()
        };
        assert!(queue == "orders" || of_group(&done) == ["0", "2 bad"], "{why}");
        done.sort_unstable();
        assert_eq!(done, ran, "{why}");
    }
    let done = Mutex::new(Vec::new());
    let work = |record: KinesisEventRecord| {
        let done = &done;
        async move {
            // The first of a key is the slowest.
            for _ in record.kinesis.sequence_number.parse::<u64>().unwrap()..8 {
                tokio::task::yield_now().await;
            }
            let data = String::from_utf8(record.kinesis.data.0).unwrap();
            done.lock().unwrap().push(record.kinesis.sequence_number);
            if fails(&data) { Err("bad") } else { Ok(()) }
        }
    };
    let event = kinesis(&[("a", json!("x")), ("a", json!("bad")), ("a", json!("x")), ("b", json!("x"))]);
    let response = block_on(each_record(event, work)).unwrap();
    assert_eq!(failures(&response), ["1"], "AWS takes up again from there");
    let mut ran = done.into_inner().unwrap();
    assert_eq!(ran.iter().filter(|n| *n != "3").collect::<Vec<_>>(), ["0", "1"], "in order");
    ran.sort_unstable();
    assert_eq!(ran, ["0", "1", "3"]);
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
    assert!(failures(&block_on(each(sqs("orders", &bodies), work)).unwrap()).is_empty());
    assert_eq!(most.into_inner(), 10);
}
