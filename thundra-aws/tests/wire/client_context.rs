//! Synchronous invocations of Lambda: the client context.

use aws_sdk_lambda::types::{InvocationType, ResponseStreamingInvocationType};
use aws_smithy_types::Blob;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use thundra_core::SpanKind;

use crate::exchange::{Exchange, Surroundings, Wire};

const HEADER: &str = "x-amz-client-context";

/// Invokes with a client context, by either operation.
fn invoke(wire: &Wire, stream: bool, client_context: Option<&str>) -> Exchange {
    wire.exchange_in(Surroundings::default(), async |clients| {
        let (function, payload) = ("orders", Blob::new(r#"{"a":1}"#));
        let encoded = client_context.map(|json| BASE64_STANDARD.encode(json));
        if stream {
            let invoke = clients.lambda.invoke_with_response_stream().function_name(function).payload(payload);
            drop(invoke.set_client_context(encoded).send().await);
        } else {
            let invoke = clients.lambda.invoke().function_name(function).payload(payload);
            drop(invoke.set_client_context(encoded).send().await);
        }
    })
}

/// Returns the sent client context. Asserts that the requests are otherwise equal.
fn sent(exchange: &Exchange, why: &str) -> String {
    exchange.assert_same_head(&[HEADER], why);
    assert_eq!(exchange.traced.body, exchange.plain.body, "{why}: the payload is not written");
    assert_eq!(exchange.span.kind, SpanKind::Client, "{why}");
    String::from_utf8(BASE64_STANDARD.decode(&exchange.traced.headers[HEADER]).unwrap()).unwrap()
}

/// Returns the first `count` of our members.
fn ours(exchange: &Exchange, count: usize) -> String {
    exchange.pairs()[..count]
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn ours_is_merged_into_the_callers_client_context() {
    let wire = Wire::new();
    for (caller, expected, why) in [
        (None, r#"{"custom":{OURS}}"#, "none"),
        (Some("{}"), r#"{"custom":{OURS}}"#, "an empty one"),
        (Some(r#"{"custom":{}}"#), r#"{"custom":{OURS}}"#, "an empty custom"),
        (
            Some("{ \"custom\" : { \"a\": \"1\" } }\n"),
            "{ \"custom\" : {OURS, \"a\": \"1\" } }\n",
            "keys of the caller's",
        ),
        (
            Some(r#"{"client":{"app_title":"x"},"env":{"n":1.0},"custom":{"a":"1"}}"#),
            r#"{"client":{"app_title":"x"},"env":{"n":1.0},"custom":{OURS,"a":"1"}}"#,
            "other members, to the byte",
        ),
        (
            Some(r#"{"env":{"n":12345678901234567890}}"#),
            r#"{"custom":{OURS},"env":{"n":12345678901234567890}}"#,
            "no custom",
        ),
    ] {
        for stream in [false, true] {
            let exchange = invoke(&wire, stream, caller);
            assert_eq!(sent(&exchange, why), expected.replace("OURS", &ours(&exchange, 5)), "{why}");
            exchange.assert_skipped("", 0, why);
        }
    }
}

#[test]
fn keys_of_the_caller_win() {
    let wire = Wire::new();
    let exchange = invoke(&wire, false, Some(r#"{"custom":{"X-Correlation-Id":"mine","traceparent":""}}"#));
    let read: Value = serde_json::from_str(&sent(&exchange, "theirs")).unwrap();
    let expected = json!({
        "X-Correlation-Id": "mine",
        "traceparent": "",
        "call-chain-length": "1",
        "debug-log-enabled": "false",
        "x-correlation-traceparent": exchange.traceparent(),
    });
    assert_eq!(read, json!({"custom": expected}));
}

#[test]
fn a_client_context_has_3583_bytes_of_base64_at_most() {
    // Groups of four make 3,580 bytes of base64, or 2,685 bytes of JSON.
    const LIMIT: usize = 2685;
    const MEMBERS: [usize; 5] = [24, 23, 27, 71, 85];
    let cost = |count: usize| MEMBERS[..count].iter().sum::<usize>() + count;
    let wire = Wire::new();
    for (bytes, count, why) in [
        (LIMIT - cost(5) - 1, 5, "one byte under"),
        (LIMIT - cost(5), 5, "at the limit"),
        (LIMIT - cost(5) + 1, 4, "one byte over"),
        (LIMIT - cost(1), 1, "room for one to the byte"),
        (LIMIT - cost(1) + 2, 0, "room for none"),
        (LIMIT, 0, "full"),
        (LIMIT + 1, 0, "past it"),
    ] {
        let caller = format!(r#"{{"custom":{{"a":"{}"}}}}"#, "x".repeat(bytes - 19));
        let exchange = invoke(&wire, false, Some(&caller));
        exchange.assert_skipped(if count < 5 { "over the size limit" } else { "" }, usize::from(count < 5), why);
        if count == 0 {
            exchange.assert_untouched(why);
            continue;
        }
        let expected = caller.replacen("{\"a\"", &format!("{{{},\"a\"", ours(&exchange, count)), 1);
        assert_eq!(sent(&exchange, why), expected, "{why}");
        assert!(exchange.traced.headers[HEADER].len() <= 3583, "{why}");
    }
}

#[test]
fn another_form_does_not_change() {
    let wire = Wire::new();
    for (caller, why) in [
        ("[1]", "an array"),
        ("hello", "text"),
        (r#"{"custom":null}"#, "null where an object belongs"),
        (r#"{"custom":["a"]}"#, "an array where an object belongs"),
        (r#"{"custom":{"a":"1"}"#, "cut short"),
    ] {
        let exchange = invoke(&wire, false, Some(caller));
        exchange.assert_untouched(why);
        exchange.assert_skipped("no JSON object", 1, why);
    }
    let exchange = wire.exchange(async |clients| {
        drop(clients.lambda.invoke().function_name("orders").client_context("no base64!").send().await);
    });
    exchange.assert_untouched("no base64");
    exchange.assert_skipped("no JSON object", 1, "no base64");
}

#[test]
fn a_dry_run_gets_nothing() {
    let wire = Wire::new();
    let invoke = wire.exchange(async |clients| {
        let invoke = clients.lambda.invoke().function_name("orders").invocation_type(InvocationType::DryRun);
        drop(invoke.payload(Blob::new("{}")).send().await);
    });
    let stream = wire.exchange(async |clients| {
        let invoke = clients.lambda.invoke_with_response_stream().function_name("orders");
        drop(invoke.invocation_type(ResponseStreamingInvocationType::DryRun).payload(Blob::new("{}")).send().await);
    });
    for exchange in [invoke, stream] {
        exchange.assert_untouched("nobody is invoked");
        exchange.assert_skipped("", 0, "there is nothing to skip");
    }
}
