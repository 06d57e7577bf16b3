//! Functions in the usual shapes return the same responses with the crates and without. The traces have the spans that
//! a reader expects.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

mod functions;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::routing::get;
use functions::{FUNCTIONS, Function};
use serde_json::json;
use thundra_examples::harness::cloud::Cloud;
use thundra_examples::harness::collector::Collector;
use thundra_examples::harness::lambda::{Lambda, Outcome, Platform, Settings};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::report::{Kind, Span};
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn adopted_functions_answer_as_before_and_are_traced() {
    let account = Account::open().await;
    let mut wrong = String::new();
    for function in FUNCTIONS {
        let (plain, _) = account.answers("plain", function).await;
        let (adopted, spans) = account.answers("adopted", function).await;
        if plain != adopted {
            let _ = writeln!(wrong, "{}: plain {plain:#?}, adopted {adopted:#?}", function.name);
        }
        let tree = tree(&spans).replace(&account.prices, "http://prices");
        if tree != function.tree.trim_start() {
            let _ = writeln!(wrong, "{}: expected\n{}\nfound\n{tree}", function.name, function.tree.trim());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_function_has_both_forms_and_is_tested() {
    let names = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("adoption").join(folder);
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.retain(|name| name != "mod");
        names.sort();
        names
    };
    let mut tested: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    tested.sort_unstable();
    assert_eq!(tested, names("plain"));
    assert_eq!(tested, names("adopted"));
    assert!(tested.len() >= 20);
}

/// The services called by the functions: an account of AWS on an emulator, and a service with prices.
struct Account {
    ministack: MiniStack,
    prices: String,
    variables: Vec<(&'static str, String)>,
}

impl Account {
    async fn open() -> Self {
        let ministack = MiniStack::start("adoption").await.unwrap();
        let cloud = Cloud::at(&ministack.endpoint()).unwrap();
        let queue = cloud.create_queue("adoption", 30).await.unwrap();
        let topic = cloud.create_topic("adoption").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let prices = format!("http://{}", listener.local_addr().unwrap());
        let price = async || Json(json!({ "cents": 250 }));
        let app = axum::Router::new().route("/prices/cheese", get(price)).fallback(async || StatusCode::NOT_FOUND);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let variables = vec![("QUEUE_URL", queue.url), ("TOPIC_ARN", topic), ("PRICES_URL", prices.clone())];
        Self { ministack, prices, variables }
    }

    /// Sends the events of a function to one form of the function. Returns the responses and the spans.
    async fn answers(&self, form: &str, function: &Function) -> (Vec<Outcome>, Vec<Span>) {
        let collector = Collector::start().await.unwrap();
        let mut settings = Settings::new(env!("CARGO_BIN_EXE_adoption"))
            .variable("_HANDLER", format!("{form}.{}", function.name))
            .variable("AWS_LAMBDA_FUNCTION_NAME", function.name)
            .variable("AWS_ENDPOINT_URL", self.ministack.endpoint())
            .variable("AWS_REGION", "us-east-1")
            .variable("AWS_ACCESS_KEY_ID", "test")
            .variable("AWS_SECRET_ACCESS_KEY", "test")
            .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
        for (name, value) in &self.variables {
            settings = settings.variable(*name, value);
        }
        if function.concurrent {
            settings.platform = Platform::ManagedInstances(2);
        }
        let lambda = Lambda::start(settings).await.unwrap();
        let mut answers = Vec::new();
        for event in (function.events)() {
            answers.push(lambda.invoke(event).await.unwrap().outcome);
        }
        assert!(lambda.idle(PATIENCE).await, "{form}.{}: {}", function.name, lambda.stderr());
        if form == "adopted" {
            let roots = |spans: &[Span]| spans.iter().filter(|span| span.kind == Kind::Server).count() >= answers.len();
            // A missing root is missing in the tree too.
            collector.wait_until(PATIENCE, roots).await;
        }
        (answers, collector.spans())
    }
}

/// Draws spans without times and ids: name, kind, error.
fn tree(spans: &[Span]) -> String {
    let mut below: BTreeMap<Option<&str>, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        let parent = span.parent.as_deref().filter(|parent| spans.iter().any(|span| span.id == *parent));
        below.entry(parent).or_default().push(span);
    }
    for spans in below.values_mut() {
        spans.sort_by_key(|span| span.start_time_unix_nano);
    }
    let mut text = String::new();
    draw(&below, None, 0, &mut text);
    text
}

fn draw(below: &BTreeMap<Option<&str>, Vec<&Span>>, parent: Option<&str>, depth: usize, text: &mut String) {
    for span in below.get(&parent).into_iter().flatten() {
        let _ = write!(text, "{:indent$}{}", "", span.name, indent = depth * 2);
        if span.kind != Kind::Internal {
            let _ = write!(text, " [{:?}]", span.kind);
        }
        if let Some(error) = &span.error {
            let _ = write!(text, "{}", format!(" ✗ {error}").trim_end());
        }
        text.push('\n');
        draw(below, Some(&span.id), depth + 1, text);
    }
}
