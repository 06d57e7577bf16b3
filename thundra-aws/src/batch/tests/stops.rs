//! The end of a batch before the last record: shortly before the deadline, and by cancellation.

use std::task::Context;

use super::*;

/// Works on the records of an event in an invocation with `left` until the deadline. With a deadline soon, the work on
/// a record lasts until no further record can begin. Returns the begun records, the response and the spans.
fn work_until<E: BatchEvent<Response: serde::Serialize>>(
    event: E,
    left: Option<Duration>,
    margin: Duration,
) -> (Vec<String>, Result<Vec<String>, String>, Vec<SpanData>) {
    let config = config(&[]);
    let began = Mutex::new(Vec::new());
    let deadline = SystemTime::now() + left.unwrap_or_default();
    let is_soon = left.is_some_and(|left| left < Duration::from_secs(60));
    let work = |text: String| {
        let began = &began;
        async move {
            began.lock().unwrap().push(text);
            let is_in_time = || SystemTime::now() + margin <= deadline;
            while is_soon && is_in_time() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok::<_, String>(())
        }
    };
    let batch =
        || each_text(event, work).with_config(&config).concurrency(1).stop_before_deadline(margin).into_future();
    let (response, spans) = tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
        let scope = Scope::builder("invocation");
        let scope = match left {
            Some(_) => scope.deadline(deadline),
            None => scope,
        };
        let scope = scope.begin_with(&config);
        let response = block_on(scope.run(batch()));
        (response, scope.finish().spans().collect::<Vec<_>>())
    });
    let response = response.map(|response| failures(&response)).map_err(|error| error.to_string());
    (began.into_inner().unwrap(), response, spans)
}

#[test]
fn what_cannot_begin_in_time_is_reported() {
    let three = [("a", "0"), ("a", "1"), ("b", "2")];
    let stream = || kinesis(&three.map(|(key, text)| (key, json!(text))));
    let second = Duration::from_secs(1);
    // A slow machine has two seconds to begin the first record.
    let soon = Some(second * 3);
    let (began, response, spans) = work_until(sqs("orders", &three), soon, second);
    assert_eq!((began.len(), response.unwrap()), (1, texts("m-1 m-2")));
    span(&spans, "thundra.batch.not_begun", "2");
    span(&spans, "thundra.batch.failures", "2");
    let (_, response, _) = work_until(sqs("orders.fifo", &three), soon, second);
    assert_eq!(response.unwrap(), texts("m-1 m-2"));
    let (began, response, _) = work_until(stream(), soon, second);
    assert_eq!((began.len(), response.unwrap()), (1, texts("1")), "AWS begins again there");
    let (began, response, _) = work_until(sqs("orders", &three), Some(Duration::ZERO), second);
    assert_eq!((began.len(), response.unwrap()), (0, texts("m-0 m-1 m-2")), "no record failed");
    for left in [None, Some(Duration::from_secs(600))] {
        let (began, response, spans) = work_until(stream(), left, second);
        assert_eq!((began.len(), response.unwrap()), (3, texts("")));
        assert!(spans.iter().all(|span| span.attribute("thundra.batch.not_begun").is_none()));
    }
}

#[test]
fn nothing_stops_outside_an_invocation() {
    let batch = each_text(sqs("orders", &[("", "a")]), succeed::<String>).stop_before_deadline(Duration::MAX);
    assert!(failures(&run(batch).unwrap()).is_empty());
}

#[test]
fn a_dropped_batch_ends_its_records_as_cancelled() {
    let config = config(&[]);
    let (_, spans) = invocation(&config, || async {
        let pending = |_: String| std::future::pending::<Result<(), String>>();
        let mut batch = each_text(sqs("orders", &[("", "a"), ("", "b")]), pending).with_config(&config).into_future();
        let polled = std::pin::Pin::new(&mut batch).poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(polled.is_pending());
    });
    for id in ["m-0", "m-1"] {
        let span = span(&spans, "messaging.message.id", id);
        assert_eq!(span.attribute("error.type"), Some(&"cancelled".into()), "{id}: {:?}", span.attributes);
    }
}

fn texts(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}
