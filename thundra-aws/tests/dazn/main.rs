//! Wire compatibility with Node services on the published `@dazn/lambda-powertools-*` packages, both ways.
//!
//! `golden/` has a file for each transport: the message of Node and the message of thundra on the wire, the ids that
//! Node reads from thundra's message, and the ids that Node hands on. Node has written the files (`node/peer.js`). The
//! tests do not need Node, and compare with a fresh run of an installed Node. After an intended change:
//!
//! ```text
//! GOLDEN=write cargo test -p thundra-aws --features full --test dazn node_still_says
//! ```

#![cfg(all(
    feature = "eventbridge",
    feature = "kinesis",
    feature = "lambda",
    feature = "sfn",
    feature = "sns",
    feature = "sqs"
))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod delivery;
#[allow(dead_code)]
#[path = "../wire/endpoint.rs"]
mod endpoint;
mod function;
mod golden;
mod message;
mod node;
#[allow(dead_code)]
#[path = "../lambda/peers.rs"]
mod peers;
mod transport;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use golden::Golden;
use peers::Lambda;
use transport::{TRACE, TRANSPORTS};

/// Longest run of a peer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The ids of every sender: the third program of a chain.
const IDS: [(&str, &str); 5] = [
    ("x-correlation-id", "c-1"),
    ("x-correlation-order", "o-9"),
    ("User-Agent", "curl/8"),
    ("debug-log-enabled", "true"),
    ("call-chain-length", "3"),
];

#[tokio::test]
async fn messages_of_node_are_read() {
    let lambda = Lambda::start("reading", &[]).await;
    for transport in &TRANSPORTS {
        let sent = Golden::read(transport.name).node_sends;
        for delivery in transport.deliveries {
            let why = format!("{} as {}", transport.name, delivery.name);
            // At a public edge the debug switch and the chain length are not obeyed.
            let expected = ids(if delivery.is_edge { ["false", "1"] } else { ["true", "4"] });
            let read = lambda.invoke((delivery.event)(&sent)).await.unwrap();
            let read: Vec<_> = read.as_array().unwrap().iter().map(|message| &message["ids"]).collect();
            assert_eq!(read, vec![&expected; sent.len()], "{why}");
        }
    }
    lambda.stop().await;
}

#[test]
fn golden_files_have_our_messages() {
    for transport in &TRANSPORTS {
        assert_eq!(transport.sent(), Golden::read(transport.name).we_send, "{}", transport.name);
    }
}

#[test]
fn node_reads_our_messages() {
    for transport in &TRANSPORTS {
        let golden = Golden::read(transport.name);
        let expected = if transport.reaches_node {
            [json!("c-1"), json!("o-9"), json!("true"), json!(4)]
        } else {
            [json!(node::REQUEST_ID), Value::Null, json!("false"), json!(1)]
        };
        for delivery in transport.deliveries {
            let keys = ["x-correlation-id", "x-correlation-order", "debug-log-enabled", "call-chain-length"];
            let read = golden.node_reads[delivery.name].iter().map(|ids| keys.map(|key| ids[key].clone()));
            let why = format!("{} as {}", transport.name, delivery.name);
            assert_eq!(read.collect::<Vec<_>>(), vec![expected.clone(); golden.we_send.len()], "{why}");
        }
    }
}

#[tokio::test]
async fn node_hands_our_trace_on() {
    let lambda = Lambda::start("reading", &[]).await;
    for transport in TRANSPORTS.iter().filter(|transport| transport.reaches_node) {
        for (delivery, message) in Golden::read(transport.name).node_hands_on {
            let read = lambda.invoke((delivery::SNS[0].event)(&[message])).await.unwrap();
            let mut expected = ids(["true", "5"]);
            // The HTTP client of the test sends a user agent.
            if transport.name == "http" {
                expected.as_object_mut().unwrap().remove("User-Agent");
            }
            assert_eq!(read, json!([{ "trace": TRACE, "ids": expected }]), "{} as {delivery}", transport.name);
        }
    }
    lambda.stop().await;
}

#[test]
fn node_still_says_what_the_golden_messages_say() {
    match node::ask() {
        Ok(said) => said.iter().for_each(|(transport, golden)| golden.check(transport.name)),
        // Bypasses the capture of the test harness, which hides the output of a passing test.
        Err(missing) => {
            writeln!(std::io::stderr(), "dazn: skipped, Node was not asked again for its messages: {missing}").unwrap();
        }
    }
}

/// Returns the outbound ids of a function after [`IDS`].
fn ids([debug, length]: [&str; 2]) -> Value {
    let mut ids = BTreeMap::from(IDS);
    ids.extend([("debug-log-enabled", debug), ("call-chain-length", length)]);
    json!(ids)
}

#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    assert!(std::env::var_os("TEST_PROGRAM").is_some(), "nobody has started it");
    function::run();
}
