//! The shop end to end on MiniStack: every span of an order, in batches of one and of many, and the ids on every hop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use thundra_examples::harness::cloud::Cloud;
use thundra_examples::harness::executables::Executables;
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::receiver::Receiver;
use thundra_examples::harness::target;
use thundra_examples::orders::{Order, Story};
use thundra_examples::report::{Kind, Link, Span, logs, problems};
use thundra_examples::shop::Shop;

/// The time for a message or a span to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// The silence after which no further span is expected.
const CALM: Duration = Duration::from_millis(500);

/// A shop with a cloud and a receiver. Fields are dropped in order, so senders end before the receiver.
struct Stage {
    name: &'static str,
    shop: Shop,
    cloud: Cloud,
    _ministack: MiniStack,
    receiver: Receiver,
}

impl Stage {
    async fn open(name: &'static str) -> Self {
        let ministack = MiniStack::start(name).await.unwrap();
        let receiver = Receiver::open().await.unwrap();
        let cloud = Cloud::at(&ministack.endpoint()).unwrap();
        let executables = Executables {
            pipeline: PathBuf::from(env!("CARGO_BIN_EXE_pipeline")),
            hello: PathBuf::from(env!("CARGO_BIN_EXE_hello")),
        };
        let shop = Shop::open(&cloud, &executables, &receiver.endpoint(), name).await.unwrap();
        Self { name, shop, cloud, _ministack: ministack, receiver }
    }

    async fn send(&self, order: &Order) {
        let answer = self.shop.send(order).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        assert_eq!(
            answer.body["correlation_id"],
            order.correlation_id(),
            "the id of the request is known to the function"
        );
    }

    /// Waits until the traces of all orders are whole and no more spans arrive. Returns all spans.
    async fn whole(&self, orders: &[Order]) -> Vec<Span> {
        let problems =
            |spans: &[Span]| -> Vec<_> { orders.iter().flat_map(|order| problems(spans, &order.expected())).collect() };
        self.receiver.wait_until(PATIENCE, |spans| problems(spans).is_empty()).await;
        self.receiver.settled(CALM).await;
        let spans = self.receiver.spans();
        assert_eq!(problems(&spans), [""; 0]);
        spans
    }

    /// Waits for a log line of a program with all `words`, and returns the line.
    async fn logged(&self, program: &str, words: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let lines = self.log(program).await;
            if let Some(line) = lines.iter().find(|line| words.iter().all(|word| line.contains(word))) {
                return line.clone();
            }
            assert!(started.elapsed() < PATIENCE, "no line of {program} holds {words:?}: {lines:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn log(&self, program: &str) -> Vec<String> {
        if program != "pricing" {
            return self.cloud.log(program).await.unwrap();
        }
        let log = target::path(&format!("{}-pricing.log", self.name)).unwrap();
        std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_of_six_programs() {
    let stage = Stage::open("test-order").await;
    let order = Order::new("order-1", Story::PriceRetried);
    stage.send(&order).await;
    let orders = [order];
    let spans = stage.whole(&orders).await;

    let trace = orders[0].expected().trace(&spans);
    assert_eq!(format!("\n{}", outline(&trace)), SINGLE);
    let lines = logs(&stage.receiver.logs(), &trace);
    let said: BTreeSet<_> =
        lines.lines().filter_map(|line| line.split_once(" ▸ ")).map(|(_, message)| message).collect();
    assert_eq!(said, SAID.into(), "{lines}");
}

/// The log lines of all programs about an order with a repeated price request.
const SAID: [&str; 7] = [
    "asking the market",
    "the price is not known yet, asking again",
    "order accepted",
    "greeted",
    "paid",
    "packed",
    "told the customer",
];

const SINGLE: &str = "
orders: POST /orders Server
  orders: quote Internal
    orders: GET Client ✗
      pricing: GET /prices/{item} Server ✗
    orders: GET Client
      pricing: GET /prices/{item} Server
        pricing: look_up Internal
  orders: announce Internal
    orders: SNS.Publish Producer
      billing: billing Server
        billing: charge Internal
        billing: release Internal
          billing: Kinesis.PutRecords Producer
            shipping: shipping Server
              shipping: process parcels Consumer
                shipping: ship Internal
                  shipping: SQS.SendMessage Producer
                    notify: notify Server
                      notify: process notes Consumer
                        notify: mail Internal
      hello: hello Server
        hello: greet Internal
          hello: look_up Internal
";

#[tokio::test(flavor = "multi_thread")]
async fn the_ids_are_known_on_every_hop_and_in_every_log() {
    let stage = Stage::open("test-ids").await;
    let orders = [Order::new("order-1", Story::PriceRetried)];
    stage.send(&orders[0]).await;
    let spans = stage.whole(&orders).await;

    let trace_id = &orders[0].expected().trace(&spans)[0].trace;
    let lines = [
        ("orders", "order accepted"),
        ("billing", "paid"),
        ("shipping", "packed"),
        ("notify", "told the customer"),
        ("hello", "greeted"),
        ("pricing", "asking the market"),
    ];
    for (program, message) in lines {
        let line = stage.logged(program, &[message, "shop-order-1"]).await;
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["x-correlation-id"], "shop-order-1", "{program}: {line}");
        assert_eq!(line["trace_id"], trace_id.as_str(), "{program}: {line}");
        if program != "pricing" {
            assert_eq!(line["x-correlation-order"], "order-1", "what `orders` set travels on: {program}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_batch_are_in_their_own_traces_and_the_invocation_links_to_them() {
    let stage = Stage::open("test-batch").await;
    let mappings = [(&stage.shop.parcels, "Kinesis.PutRecords"), (&stage.shop.notes, "SQS.SendMessage")];
    for (mapping, _) in mappings {
        stage.cloud.enable(mapping, false).await.unwrap();
    }
    let orders = ["order-1", "order-2", "order-3"].map(|id| Order::new(id, Story::Plain));
    for order in &orders {
        stage.send(order).await;
    }
    // The mapping delivers everything sent during the pause as one batch.
    for (mapping, call) in mappings {
        let calls = |spans: &[Span]| spans.iter().filter(|span| span.name == call).count();
        assert!(stage.receiver.wait_until(PATIENCE, |spans| calls(spans) == orders.len()).await, "{call}");
        stage.cloud.enable(mapping, true).await.unwrap();
    }
    let spans = stage.whole(&orders).await;

    let traces: Vec<_> = orders.iter().map(|order| order.expected().trace(&spans)).collect();
    for trace in &traces {
        assert_eq!(format!("\n{}", outline(trace)), BATCHED);
    }
    let of_orders: BTreeSet<_> = traces.iter().map(|trace| &trace[0].trace).collect();
    for program in ["shipping", "notify"] {
        let batch = spans.iter().find(|span| span.program == program && span.name == program).unwrap();
        assert_eq!((batch.parent.as_ref(), batch.kind), (None, Kind::Server), "the invocation is a trace of its own");
        assert_eq!(batch.links.iter().map(|link| &link.trace).collect::<BTreeSet<_>>(), of_orders);
        for trace in &traces {
            let record = *trace.iter().find(|span| span.program == program && span.kind == Kind::Consumer).unwrap();
            let invocation = Link { trace: batch.trace.clone(), span: batch.id.clone() };
            assert_eq!(record.links, [invocation], "a record links back to the invocation");
            let producer = record.parent.clone().unwrap();
            assert!(batch.links.contains(&Link { trace: record.trace.clone(), span: producer }), "{:?}", batch.links);
        }
    }
}

const BATCHED: &str = "
orders: POST /orders Server
  orders: quote Internal
    orders: GET Client
      pricing: GET /prices/{item} Server
        pricing: look_up Internal
  orders: announce Internal
    orders: SNS.Publish Producer
      billing: billing Server
        billing: charge Internal
        billing: release Internal
          billing: Kinesis.PutRecords Producer
            shipping: process parcels Consumer
              shipping: ship Internal
                shipping: SQS.SendMessage Producer
                  notify: process notes Consumer
                    notify: mail Internal
      hello: hello Server
        hello: greet Internal
          hello: look_up Internal
";

#[tokio::test(flavor = "multi_thread")]
async fn orders_on_their_way_at_the_same_time_never_mix() {
    let stage = Stage::open("test-many").await;
    let orders = Order::some(10);
    let mut sent = tokio::task::JoinSet::new();
    let stage = std::sync::Arc::new(stage);
    for order in orders.clone() {
        let stage = std::sync::Arc::clone(&stage);
        sent.spawn(async move { stage.send(&order).await });
    }
    sent.join_all().await;
    let spans = stage.whole(&orders).await;

    for order in &orders {
        for span in order.expected().trace(&spans) {
            let named = span.attribute("order.id").unwrap_or(order.id());
            assert_eq!(named, order.id(), "{span:?}");
        }
    }
}

/// Draws the spans of a trace without the parts that differ from run to run.
fn outline(trace: &[&Span]) -> String {
    let mut text = String::new();
    let mut waiting: Vec<_> = below(trace, None);
    while let Some((depth, span)) = waiting.pop() {
        let failed = if span.error.is_some() { " ✗" } else { "" };
        text += &format!("{}{}: {} {:?}{failed}\n", "  ".repeat(depth), span.program, span.name, span.kind);
        waiting.extend(below(trace, Some(span)).into_iter().map(|(_, child)| (depth + 1, child)));
    }
    text
}

/// Returns the children of a span, the last first, by program and by start: programs run in parallel.
fn below<'s>(trace: &[&'s Span], parent: Option<&Span>) -> Vec<(usize, &'s Span)> {
    let parent = parent.map(|span| span.id.as_str());
    let mut children: Vec<_> = trace.iter().filter(|span| span.parent.as_deref() == parent).copied().collect();
    children.sort_by_key(|span| (&span.program, span.start_time_unix_nano));
    children.into_iter().rev().map(|span| (0, span)).collect()
}
