//! The scope of a record: the parent, the links and the ids.

use super::*;
use crate::trigger::aggregated;

#[test]
fn each_record_is_its_producers_child_with_its_own_ids() {
    let config = config(&[("THUNDRA_QUEUE_SPANS", "off")]);
    let event = kinesis(&[("a", order(0)), ("b", json!({"id": 1}))]);
    let seen = Mutex::new(Vec::new());
    let (response, spans) = invocation(&config, || async {
        correlation::set("tenant", "t-1");
        let work = |order: Order| {
            let seen = &seen;
            async move {
                tokio::task::yield_now().await;
                tracing::info_span!("ship", order = order.id).in_scope(|| {});
                let scope = ScopeRef::current().unwrap();
                let ids = scope.correlation().unwrap();
                seen.lock().unwrap().push((order.id, correlation::all(), ids.chain_length(), scope.received_context()));
                correlation::set("tenant", &format!("of order {}", order.id));
                Ok::<_, String>(())
            }
        };
        let response = each(event, work).with_config(&config).await.unwrap();
        assert_eq!(correlation::get("tenant").as_deref(), Some("t-1"), "the invocation's ids are its own");
        response
    });
    assert!(failures(&response).is_empty());
    let attributes = "messaging.system=aws_kinesis messaging.operation.name=process messaging.operation.type=process \
         messaging.destination.name=orders aws.kinesis.stream_name=orders messaging.destination.partition.id=shard-1";
    assert_eq!(
        testing::tree(&spans),
        format!(
            "invocation thundra.parent.source=none\n\
             └ process orders [consumer] thundra.parent.source=local {attributes} messaging.message.id=1\n  \
             └ ship order=1\n\
             process orders [consumer] thundra.parent.source=tracecontext {attributes} messaging.message.id=0 →\n\
             └ ship order=0\n"
        )
    );
    let record = span(&spans, "messaging.message.id", "0");
    let root = spans.iter().find(|span| span.name == "invocation").unwrap();
    assert_eq!(
        (record.context.trace_id.to_string().as_str(), record.parent_span_id.unwrap().to_string().as_str()),
        (TRACE, "b7ad6b7169203331")
    );
    assert_eq!(record.links[0].context.span_id, root.context.span_id);
    assert_eq!(record.attribute("x-correlation-id"), Some(&"c-0".into()));
    assert_eq!(record.attribute("x-correlation-tenant"), Some(&"of order 0".into()));
    assert_eq!(root.attribute("x-correlation-tenant"), Some(&"t-1".into()));
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by_key(|(id, ..)| *id);
    assert_eq!((seen[0].0, seen[0].1["x-correlation-id"].as_str(), seen[0].2), (0, "c-0", 3));
    assert_eq!(seen[0].1["x-correlation-tenant"], "t-1");
    assert_eq!(seen[0].3.as_deref(), Some(order(0)["__context__"].to_string().as_str()));
    assert_eq!((seen[1].0, seen[1].2, seen[1].3.is_some()), (1, 1, false));
}

#[test]
fn records_stay_in_the_invocation_where_its_trace_is_the_better_place() {
    let two = [("a", order(0)), ("b", order(1))];
    for (variables, event, links, why) in [
        (&[][..], kinesis(&two[..1]), 0, "the invocation is the producer's child itself"),
        (&[("THUNDRA_BATCH_SPANS", "link")], kinesis(&two), 1, "links only"),
        (&[], kinesis_aged(Duration::from_secs(3601), &two), 1, "a redrive"),
        (&[("THUNDRA_BATCH_SPANS", "link")], kinesis(&two[..1]), 0, "one message"),
    ] {
        let config = config(variables);
        let parent = (links == 0).then_some(("traceparent", PRODUCER));
        let (_, spans) = invocation_of(&config, Inbound::extract(parent, config.propagators, Trust::Full), || {
            let work = async |order: Order| {
                assert_eq!(correlation::id(), Some(format!("c-{}", order.id)), "its ids are its own all the same");
                assert_eq!(ScopeRef::current().unwrap().correlation().unwrap().chain_length(), 3);
                Ok::<_, String>(())
            };
            each(event, work).with_config(&config).into_future()
        });
        let root = spans.last().unwrap();
        let record = span(&spans, "messaging.message.id", "0");
        assert_eq!(record.parent_span_id, Some(root.context.span_id), "{why}");
        assert_eq!(record.context.trace_id, root.context.trace_id, "{why}");
        assert_eq!(record.links.len(), links, "{why}");
        if let Some(link) = record.links.first() {
            assert_eq!(link.context.trace_id.to_string(), TRACE, "{why}");
            assert_eq!(link.attributes, [("messaging.message.id".to_owned(), "0".into())], "{why}");
        }
    }
}

#[test]
fn a_record_without_a_time_is_not_old() {
    let config = config(&[]);
    let mut event = kinesis(&[("a", order(0)), ("b", order(1))]);
    for record in &mut event.records {
        record.kinesis.approximate_arrival_timestamp = Default::default();
    }
    let (_, spans) = invocation(&config, || each(event, succeed::<Order>).with_config(&config).into_future());
    let record = span(&spans, "messaging.message.id", "0");
    assert_eq!(record.context.trace_id.to_string(), TRACE, "its producer's child");
    assert_eq!(record.attribute("thundra.queue.time_ms"), None);
}

#[test]
fn a_record_of_several_senders_links_to_each() {
    let config = config(&[("THUNDRA_MAX_CHAIN_LENGTH", "5")]);
    let text = |length: u32| {
        let trace = PRODUCER.replace("0af", &format!("{length}af"));
        json!({"__context__": {"traceparent": trace, "call-chain-length": length}, "id": length}).to_string()
    };
    for (lengths, runs, why) in [([1, 2], true, "short chains"), ([1, 9], false, "one chain that is too long")] {
        let [one, other] = lengths.map(text);
        let mut event = kinesis(&[("a", order(0))]);
        event.records[0].kinesis.data.0 = aggregated(&[one.as_bytes(), b"no JSON", other.as_bytes()]);
        let begun = AtomicUsize::new(0);
        let (response, spans) = invocation(&config, || {
            let work = async |_: KinesisEventRecord| {
                begun.fetch_add(1, Relaxed);
                assert_eq!(ScopeRef::current().unwrap().correlation().unwrap().chain_length(), 3);
                Ok::<_, String>(())
            };
            each_record(event, work).with_config(&config).into_future()
        });
        assert_eq!((begun.into_inner() == 1, failures(&response.unwrap()).is_empty()), (runs, runs), "{why}");
        let record = span(&spans, "messaging.message.id", "0");
        let root = spans.last().unwrap();
        assert_eq!(record.parent_span_id, Some(root.context.span_id), "{why}: no sender is the parent");
        let traces: Vec<_> = record.links.iter().map(|link| link.context.trace_id.to_string()).collect();
        assert_eq!(traces, lengths.map(|length| TRACE.replace("0af", &format!("{length}af"))), "{why}");
    }
}

#[test]
fn user_records_of_an_aggregated_record_are_handed_over_one_by_one() {
    let config = config(&[]);
    let one = json!({"__context__": {"traceparent": PRODUCER}, "id": 1}).to_string();
    let mut event = kinesis(&[("a", order(0)), ("b", json!({"id": 9}))]);
    event.records[0].kinesis.data.0 = aggregated(&[one.as_bytes(), br#"{"id":2}"#, br#"{"id":3}"#]);
    let seen = Mutex::new(Vec::new());
    let (response, spans) = invocation(&config, || {
        let work = async |order: Order| {
            seen.lock().unwrap().push(order.id);
            if order.id == 2 { Err("late") } else { Ok(()) }
        };
        each(event.clone(), work).deaggregate().with_config(&config).into_future()
    });
    assert_eq!(seen.into_inner().unwrap(), [1, 2], "a stream stops at the first failure");
    assert_eq!(failures(&response.unwrap()), ["0"], "the sequence number of the aggregated record");
    let of_producer = spans.iter().filter(|span| span.context.trace_id.to_string() == TRACE);
    assert_eq!(of_producer.count(), 1, "a user record is the child of its own sender");

    let seen = Mutex::new(Vec::new());
    let (response, _) = invocation(&config, || {
        let work = async |record: KinesisEventRecord| {
            seen.lock().unwrap().push((record.kinesis.partition_key, record.kinesis.data.0.len()));
            Err::<(), _>("late")
        };
        each_record(event, work).deaggregate().continue_on_failure().with_config(&config).into_future()
    });
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen, [("k".to_owned(), one.len()), ("b".to_owned(), 8)], "a failed key holds back its own records");
    assert_eq!(failures(&response.unwrap()), ["0", "1"], "each number once");
}

#[test]
fn batches_of_untrusted_callers_switch_nothing_on() {
    let config = config(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    for (flags, obeyed) in [(ScopeFlags::NONE, true), (ScopeFlags::UNTRUSTED_CALLER, false)] {
        let work = |order: Order| {
            let ids = ScopeRef::current().and_then(|scope| scope.correlation()).unwrap();
            assert_eq!((ids.get("id"), ids.debug_log_enabled()), (Some("c-7"), obeyed), "{}", order.id);
            assert_eq!(
                (ids.chain_length(), ScopeRef::current().unwrap().recorded()),
                (if obeyed { 3 } else { 1 }, obeyed)
            );
            succeed(order)
        };
        let ((), _) = invocation(&config, async || {
            ScopeRef::current().unwrap().set_flags(flags);
            let response = each(kinesis(&[("a", order(7))]), work).with_config(&config).await.unwrap();
            assert!(failures(&response).is_empty());
        });
    }
}

#[test]
fn records_have_debug_decisions_of_their_own() {
    let decided = |id: u64, debug: &str| json!({"__context__": {"x-correlation-id": "c-1", "debug-log-enabled": debug}, "id": id});
    let (on, off, chain) =
        (decided(1, "true"), decided(2, "false"), json!({"__context__": {"call-chain-length": 2}, "id": 3}));
    let new = json!({"id": 4});
    for (drawn, records, expected, why) in [
        (false, vec![on.clone(), off.clone(), chain.clone(), new.clone()], vec![true, false, false, false], "as sent"),
        (true, vec![on, off.clone(), chain.clone(), new.clone()], vec![true, false, false, true], "a new chain draws"),
        (true, vec![new.clone()], vec![true], "the chain began with the invocation"),
        (true, vec![off], vec![false], "the sender decided"),
        (true, vec![chain], vec![false], "the chain began without"),
    ] {
        // The second configuration is that of the records: a record alone in its event follows the invocation.
        let invocation_rate = config(&[("THUNDRA_DEBUG_SAMPLE_RATE", if drawn { "1" } else { "0" })]);
        let record_rate = if records.len() == 1 { config(&[]) } else { invocation_rate.clone() };
        let decisions = std::sync::Mutex::new(Vec::new());
        let records: Vec<_> = records.into_iter().map(|record| ("a", record)).collect();
        invocation(&invocation_rate, async || {
            let work = |order: Order| {
                let ids = ScopeRef::current().and_then(|scope| scope.correlation()).unwrap();
                decisions.lock().unwrap().push((order.id, ids.debug_log_enabled()));
                succeed(order)
            };
            each(kinesis(&records), work).with_config(&record_rate).await.unwrap();
        });
        let decisions: Vec<_> = decisions.into_inner().unwrap().into_iter().map(|(_, decision)| decision).collect();
        assert_eq!(decisions, expected, "{why}");
    }
}

#[test]
fn records_need_no_invocation() {
    let config = config(&[]);
    let ((), spans) = testing::record_with(&config, "unrelated", || ());
    assert_eq!(spans.len(), 1);
    let spans: Vec<_> = tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
        let mut batch =
            each(kinesis(&[("a", order(0)), ("b", order(1))]), succeed::<Order>).with_config(&config).into_future();
        block_on(std::future::poll_fn(|cx| batch.poll_work(cx))).1.spans().collect()
    });
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| span.context.trace_id.to_string() == TRACE && span.links.is_empty()));
}

#[test]
fn each_leaves_a_flag_on_the_invocation() {
    let flagged = |work: bool| {
        let has_flag = || {
            if work {
                let _ = run(each(SqsEvent::default(), succeed::<Json>));
            }
            ScopeRef::current().unwrap().flags().contains(ScopeFlags::BATCH_HANDLED)
        };
        testing::record("invocation", has_flag).0
    };
    assert_eq!((flagged(true), flagged(false)), (true, false));
}

#[test]
fn a_sampled_record_is_exported_from_an_unsampled_invocation() {
    let config = config(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    let (_, spans) = invocation(&config, || {
        each(kinesis(&[("a", order(0)), ("b", order(1))]), succeed::<Order>).with_config(&config).into_future()
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["process orders", "process orders"]);
}

#[test]
fn records_of_replayed_work_are_counted_and_not_recorded_again() {
    use tracing::Instrument;

    thundra_core::mark_replays(thundra_core::ReplayMarks {
        library: "aws_durable_execution_sdk",
        field: "isReplay",
        scope_field: "requestId",
        names: &[],
    });
    let config = config(&[]);
    let event = sqs("orders", &[("", r#"{"id":0}"#), ("", r#"{"id":1}"#)]);
    let (response, spans) = invocation(&config, async || {
        let execution = tracing::info_span!(target: "aws_durable_execution_sdk", "execution", isReplay = true);
        let work = async |_: Order| {
            tracing::info_span!("again").in_scope(|| tracing::info!("again"));
            Ok::<_, std::fmt::Error>(())
        };
        each(event, work).with_config(&config).into_future().instrument(execution).await
    });
    assert!(failures(&response.unwrap()).is_empty(), "the records are worked on as ever");
    assert_eq!(spans.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["execution", "invocation"]);
    span(&spans, "durable.replayed_spans", "4");
    span(&spans, "durable.replayed_events", "2");
}
