//! The waiting time of records: an attribute, and a span.

use super::*;

/// Runs a batch of records of the given age in an invocation.
fn run_aged(config: &Config, age: Duration, records: &[(&str, Json)]) -> Vec<SpanData> {
    let alone = (records.len() == 1).then_some(("traceparent", PRODUCER));
    let (_, spans) = invocation_of(config, Inbound::extract(alone, config.propagators, Trust::Full), || {
        each(kinesis_aged(age, records), succeed::<Order>).with_config(config).into_future()
    });
    spans
}

#[test]
fn each_record_says_how_long_it_waited() {
    let two = [("a", order(0)), ("b", order(1))];
    let day = Duration::from_secs(24 * 3600);
    for (variables, age, waited, why) in [
        (&[][..], Duration::from_secs(90), Some(90_000), "by default"),
        (&[("THUNDRA_QUEUE_SPANS", "span")], Duration::from_secs(90), Some(90_000), "beside a span"),
        (&[("THUNDRA_QUEUE_SPANS", "off")], Duration::from_secs(90), None, "off"),
        (&[], 3 * day, Some(259_200_000), "a redrive"),
        (&[], 366 * day, None, "a clock that is wrong"),
    ] {
        let spans = run_aged(&config(variables), age, &two);
        let records: Vec<_> = spans.iter().filter(|span| span.name.starts_with("process")).collect();
        assert_eq!(records.len(), 2, "{why}");
        for record in records {
            let Some(waited) = waited else {
                assert_eq!(record.attribute("thundra.queue.time_ms"), None, "{why}");
                continue;
            };
            let Some(thundra_core::Value::I64(millis)) = record.attribute("thundra.queue.time_ms") else {
                panic!("{why}: {record:?}")
            };
            assert!((waited..waited + 60_000).contains(millis), "{why}: {millis}");
        }
    }
}

#[test]
fn the_wait_is_a_span_where_the_record_is_its_producers_child() {
    let two = [("a", order(0)), ("b", json!({"id": 1}))];
    let old = Duration::from_secs(3601);
    for (variables, age, records, waits, why) in [
        (&[("THUNDRA_QUEUE_SPANS", "span")][..], Duration::from_secs(9), &two[..], 1, "only one has a producer"),
        (&[("THUNDRA_QUEUE_SPANS", "span")], Duration::from_secs(9), &two[..1], 0, "the invocation has it"),
        (&[("THUNDRA_QUEUE_SPANS", "span")], old, &two, 0, "it would begin before the invocation"),
        (&[("THUNDRA_QUEUE_SPANS", "span"), ("THUNDRA_BATCH_SPANS", "link")], Duration::ZERO, &two, 0, "links only"),
        (&[("THUNDRA_QUEUE_SPANS", "attribute")], Duration::from_secs(9), &two, 0, "an attribute alone"),
    ] {
        let spans = run_aged(&config(variables), age, records);
        let found: Vec<_> = spans.iter().filter(|span| span.name == "queue orders").collect();
        assert_eq!(found.len(), waits, "{why}");
        for wait in found {
            let record = spans.iter().find(|span| span.parent_span_id == Some(wait.context.span_id)).unwrap();
            assert_eq!(wait.kind, thundra_core::SpanKind::Consumer);
            assert_eq!(wait.parent_span_id.unwrap().to_string(), "b7ad6b7169203331");
            assert_eq!(
                (wait.context.trace_id.to_string(), record.context.trace_id),
                (TRACE.into(), wait.context.trace_id)
            );
            assert_eq!(wait.end_time, record.start_time);
            let lasted = wait.end_time.duration_since(wait.start_time).unwrap();
            assert!((9..60).contains(&lasted.as_secs()), "{lasted:?}");
            let keys = ["messaging.system", "messaging.destination.name", "messaging.message.id"];
            assert_eq!(keys.map(|key| wait.attribute(key).unwrap().to_string()), ["aws_kinesis", "orders", "0"]);
            assert!(wait.attribute("messaging.operation.name").is_none(), "nothing is processed yet");
        }
    }
}

#[test]
fn an_unsampled_record_has_no_wait_either() {
    let config = config(&[("THUNDRA_QUEUE_SPANS", "span"), ("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    let unsampled = PRODUCER.replace("-01", "-00");
    let order = |traceparent: &str| json!({"__context__": {"traceparent": traceparent}, "id": 7});
    let names = |spans: Vec<SpanData>| spans.into_iter().map(|span| span.name).collect::<Vec<_>>();
    let spans = run_aged(&config, Duration::ZERO, &[("a", order(&unsampled)), ("b", order(PRODUCER))]);
    assert_eq!(names(spans), ["queue orders", "process orders"], "those of the sampled trace");
}
