//! What records get, in which order they run, and what is answered.

use std::error::Error as StdError;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use base64::Engine;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{Config, Env, Scope, ScopeFlags, ScopeRef, SpanData, correlation, testing};

use super::*;

const PRODUCER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    id: u64,
}

fn config(variables: &[(&str, &str)]) -> Config {
    let mut config = Config::from_env(&Env::from_pairs(variables.iter().copied()));
    config.load_section::<crate::Settings>();
    config
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Runs the work in an invocation.
fn invocation<F: Future>(config: &Config, work: impl FnOnce() -> F) -> (F::Output, Vec<SpanData>) {
    testing::record_with(config, "invocation", || block_on(work()))
}

/// Runs the work in an invocation that was sent by somebody.
fn invocation_of<F: Future>(config: &Config, parent: Inbound, work: impl FnOnce() -> F) -> (F::Output, Vec<SpanData>) {
    tracing::subscriber::with_default(thundra_core::subscriber(config), || {
        let scope = Scope::builder("invocation").parent(parent).begin_with(config);
        let output = block_on(scope.run(work()));
        (output, scope.finish().spans().collect())
    })
}

fn millis_ago(age: Duration) -> u128 {
    (SystemTime::now() - age).duration_since(UNIX_EPOCH).unwrap().as_millis()
}

fn kinesis_aged(age: Duration, records: &[(&str, Json)]) -> KinesisEvent {
    let record = |(n, (key, data)): (usize, &(&str, Json))| {
        let data = base64::prelude::BASE64_STANDARD.encode(data.as_str().map_or(data.to_string(), str::to_owned));
        json!({"eventID": format!("shard-1:{n}"), "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/orders",
            "kinesis": {"data": data, "sequenceNumber": n.to_string(), "partitionKey": key,
                "approximateArrivalTimestamp": millis_ago(age) as f64 / 1e3}})
    };
    let records: Vec<_> = records.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn kinesis(records: &[(&str, Json)]) -> KinesisEvent {
    kinesis_aged(Duration::ZERO, records)
}

fn sqs(queue: &str, messages: &[(&str, &str)]) -> SqsEvent {
    let message = |(n, (group, body)): (usize, &(&str, &str))| {
        json!({"messageId": format!("m-{n}"), "body": body, "eventSourceARN": format!("arn:aws:sqs:eu-west-1:1:{queue}"),
            "attributes": {"MessageGroupId": group, "SentTimestamp": millis_ago(Duration::ZERO).to_string()}})
    };
    let records: Vec<_> = messages.iter().enumerate().map(message).collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn order(id: u64) -> Json {
    json!({"__context__": {"traceparent": PRODUCER, "x-correlation-id": format!("c-{id}"), "call-chain-length": 2, "debug-log-enabled": "true"}, "id": id})
}

/// The identifiers in an answer.
fn failures(response: &impl serde::Serialize) -> Vec<String> {
    let response = serde_json::to_value(response).unwrap();
    let items = response["batchItemFailures"].as_array().unwrap();
    items.iter().map(|item| item["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn span<'s>(spans: &'s [SpanData], key: &str, value: &str) -> &'s SpanData {
    let found = spans.iter().find(|span| span.attributes.iter().any(|(k, v)| k == key && v.to_string() == value));
    found.unwrap_or_else(|| panic!("no span with {key}={value} in {}", testing::tree(spans)))
}

async fn succeed<T>(_: T) -> Result<(), String> {
    Ok(())
}

#[test]
fn each_record_is_its_producers_child_with_its_own_ids() {
    let config = config(&[]);
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
        let response = run::run(event, &config, unreadable::read, work).await;
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
            run::run(event, &config, unreadable::read, async |order: Order| {
                assert_eq!(correlation::id(), Some(format!("c-{}", order.id)), "its ids are its own all the same");
                assert_eq!(ScopeRef::current().unwrap().correlation().unwrap().chain_length(), 3);
                Ok::<_, String>(())
            })
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
fn failures_are_answered_and_told_one_by_one() {
    let config = config(&[]);
    let event = sqs("orders", &[("", r#"{"id":0}"#), ("", "hello"), ("", r#"{"id":2}"#), ("", r#"{"id":3}"#)]);
    let (response, spans) = invocation(&config, || {
        run::run(event, &config, unreadable::read, async |order: Order| match order.id {
            2 => Err(std::fmt::Error),
            _ => Ok(()),
        })
    });
    assert_eq!(failures(&response), ["m-1", "m-2"]);
    let told = |id| {
        let span = span(&spans, "messaging.message.id", id);
        let error_type = span.attributes.iter().find(|(key, _)| key == "error.type").map(|(_, v)| v.to_string());
        (span.status.clone(), error_type, span.events.len())
    };
    assert_eq!(told("m-0"), (thundra_core::Status::Unset, None, 0));
    let (status, error_type, events) = told("m-1");
    assert!(format!("{status:?}").contains("Order: expected value at line 1 column 1"), "{status:?}");
    assert_eq!((error_type.as_deref(), events), (Some("unreadable"), 1));
    let (status, error_type, events) = told("m-2");
    assert!(status.is_error());
    assert_eq!((error_type.as_deref(), events), (Some("core::fmt::Error"), 1));
    span(&spans, "thundra.batch.failures", "2");
}

#[test]
fn the_error_of_a_record_keeps_no_credentials() {
    let config = config(&[]);
    let event = sqs("orders", &[("", "{}")]);
    let (_, spans) = invocation(&config, || {
        run::run(
            event,
            &config,
            |record: SqsMessage, _| Ok(record),
            async |_| Err::<(), _>("POST https://user:s3cr3t@partner.example/pay?token=s3cr3t failed: password=s3cr3t"),
        )
    });
    let span = span(&spans, "messaging.message.id", "m-0");
    let shown = "POST https://REDACTED@partner.example/pay?REDACTED failed: password=REDACTED";
    assert_eq!(span.status, thundra_core::Status::error(shown));
    assert!(!format!("{spans:?}").contains("s3cr3t"), "{spans:?}");
}

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

#[test]
fn envelopes_and_bodies_are_handed_over_without_our_context() {
    let notification = json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hi",
        "MessageAttributes": {"x-correlation-id": {"Type": "String", "Value": "c-0"}}});
    for (body, handed_over) in
        [(order(0), json!({"id": 0})), (notification.clone(), notification), (json!([1]), json!([1]))]
    {
        let known = body.is_object().then_some("c-0");
        let work = |payload: Json| {
            assert_eq!(payload, handed_over);
            assert!(correlation::id().is_some());
            assert!(known.is_none_or(|id| correlation::id().as_deref() == Some(id)));
            succeed(payload)
        };
        let response = block_on(each(sqs("orders", &[("", &body.to_string())]), work)).unwrap();
        assert!(failures(&response).is_empty());
    }
}

#[test]
fn a_message_in_an_envelope_has_its_context_whatever_its_attributes() {
    let notification = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hi",
        "MessageAttributes": {"x-correlation-id": {"Type": "String", "Value": "c-0"}}});
    let event = json!({"source": "s", "detail-type": "t", "detail": order(0)});
    for (body, attributes, id) in [
        (&notification, &["RequestID", "ErrorCode", "ErrorMessage"][..], "c-0"),
        (&event, &["tenant"], "c-0"),
        (&order(0), &["tenant", "traceparent"], "c-0"),
        (&notification, &["x-correlation-id"], "theirs"),
    ] {
        let mut batch = serde_json::to_value(sqs("orders", &[("", &body.to_string())])).unwrap();
        let texts =
            attributes.iter().map(|name| ((*name).to_owned(), json!({"stringValue": "theirs", "dataType": "String"})));
        batch["Records"][0]["messageAttributes"] = Json::Object(texts.collect());
        let batch: SqsEvent = serde_json::from_value(batch).unwrap();
        let work = |_: Json| {
            assert_eq!(correlation::id().as_deref(), Some(id));
            succeed(())
        };
        assert!(failures(&block_on(each(batch, work)).unwrap()).is_empty(), "{attributes:?}");
    }
    let work = |_: Json| {
        assert_eq!(correlation::id().as_deref(), Some("c-0"));
        succeed(())
    };
    assert!(failures(&block_on(each(kinesis(&[("a", notification.clone()), ("b", event)]), work)).unwrap()).is_empty());
}

#[test]
fn a_batch_that_an_untrusted_caller_wrote_is_not_obeyed() {
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
            let (response, _) = run::work_through(kinesis(&[("a", order(7))]), &config, unreadable::read, work).await;
            assert!(failures(&response).is_empty());
        });
    }
}

#[test]
fn an_empty_batch_has_an_empty_answer() {
    assert!(failures(&block_on(each(SqsEvent::default(), succeed::<Json>)).unwrap()).is_empty());
    assert!(failures(&block_on(each(KinesisEvent::default(), succeed::<Json>)).unwrap()).is_empty());
    let nameless = SqsEvent::clone(&serde_json::from_value(json!({"Records": [{}]})).unwrap());
    assert_eq!(failures(&block_on(each(nameless, succeed::<Json>)).unwrap()), [""], "AWS takes it for all of them");
}

#[test]
fn outside_of_an_invocation_records_are_recorded_all_the_same() {
    let config = config(&[]);
    let ((), spans) = testing::record_with(&config, "unrelated", || ());
    assert_eq!(spans.len(), 1);
    let (_, trace) = tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
        block_on(run::work_through(
            kinesis(&[("a", order(0)), ("b", order(1))]),
            &config,
            unreadable::read,
            succeed::<Order>,
        ))
    });
    let spans: Vec<_> = trace.spans().collect();
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| span.context.trace_id.to_string() == TRACE && span.links.is_empty()));
}

#[test]
fn a_panic_passes_through_and_is_told() {
    let config = config(&[]);
    let event = kinesis(&[("a", order(0)), ("b", order(1)), ("c", order(2))]);
    let (panicked, spans) = testing::record_with(&config, "invocation", || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            block_on(run::run(event, &config, unreadable::read, async |order: Order| {
                tokio::task::yield_now().await;
                assert_ne!(order.id, 1, "a test's own panic");
                std::future::pending::<Result<(), String>>().await
            }))
        }))
        .is_err()
    });
    assert!(panicked);
    for (id, error_type) in [("0", "cancelled"), ("1", "panic"), ("2", "cancelled")] {
        let span = span(&spans, "messaging.message.id", id);
        assert!(span.attributes.contains(&("error.type".to_owned(), error_type.into())), "{id}: {:?}", span.attributes);
    }
}

#[test]
fn a_handler_is_seen_to_use_it() {
    let flagged = |work: bool| {
        let has_flag = || {
            if work {
                let _ = block_on(each(SqsEvent::default(), succeed::<Json>));
            }
            ScopeRef::current().unwrap().flags().contains(ScopeFlags::BATCH_HANDLED)
        };
        testing::record("invocation", has_flag).0
    };
    assert_eq!((flagged(true), flagged(false)), (true, false));
}

#[test]
fn the_future_is_send_and_borrows_what_it_likes() {
    fn send<T: Send>(future: T) -> T {
        future
    }
    async fn handler(event: KinesisEvent, warehouse: &Mutex<u64>) -> Result<(), Error> {
        let boxed = |order: Order| async move {
            *warehouse.lock().map_err(|_| "poisoned")? += order.id;
            Ok::<_, Box<dyn StdError + Send + Sync>>(())
        };
        send(each(event.clone(), boxed)).await?;
        let async_closure = async |order: Order| -> Result<(), Error> {
            *warehouse.lock().map_err(|_| "poisoned")? += order.id;
            Ok(())
        };
        each(event, async_closure).await?;
        Ok(())
    }
    let warehouse = Mutex::new(0);
    block_on(send(handler(kinesis(&[("a", order(3)), ("b", order(4))]), &warehouse))).unwrap();
    assert_eq!(warehouse.into_inner().unwrap(), 14);
    // A closure that is `Send` and not `Sync` will do.
    let cell = std::cell::Cell::new(1);
    drop(send(each(SqsEvent::default(), move |_: Json| std::future::ready(Ok::<_, String>(cell.get())))));
}

#[test]
fn a_sampled_record_is_exported_from_an_unsampled_invocation() {
    let config = config(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    let (_, spans) = invocation(&config, || {
        run::run(kinesis(&[("a", order(0)), ("b", order(1))]), &config, unreadable::read, succeed::<Order>)
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["process orders", "process orders"]);
}

/// An error that cannot be formatted.
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("broken")
    }
}

#[test]
fn an_error_that_cannot_be_formatted_fails_its_record_alone() {
    let config = config(&[]);
    let event = sqs("orders", &[("", r#"{"id":0}"#), ("", r#"{"id":1}"#), ("", r#"{"id":2}"#)]);
    let (response, spans) = invocation(&config, || {
        run::run(
            event,
            &config,
            unreadable::read,
            async |order: Order| if order.id == 1 { Err(Broken) } else { Ok(()) },
        )
    });
    assert_eq!(failures(&response), ["m-1"]);
    let failed = span(&spans, "messaging.message.id", "m-1");
    assert_eq!(failed.status, thundra_core::Status::error("(its text is not known: formatting it panicked)"));
    assert_eq!(spans.iter().filter(|span| span.status.is_error()).count(), 1, "{}", testing::tree(&spans));
}
