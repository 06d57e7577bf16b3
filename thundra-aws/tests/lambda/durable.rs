//! Durable functions, written with AWS's SDK, under a service that keeps the operations of an execution.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_durable_execution_sdk as durable;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, service_fn};
use tracing::{info, instrument};

use crate::peers::{Lambda, Seen, Span};
use crate::programs::REFUSED;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match name {
        "durable" => runtime().block_on(thundra_aws::run(service_fn(durable::wrap(order, options())))).unwrap(),
        "durable_concurrent" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let order = Arc::new(durable::wrap(order, options()));
            runtime.block_on(thundra_aws::run_concurrent(service_fn(move |event| order(event)))).unwrap();
        }
        "durable_handler" => assert_eq!(attribute::main(), ExitCode::SUCCESS),
        "durable_own_subscriber" => {
            use tracing_subscriber::layer::SubscriberExt;
            use tracing_subscriber::util::SubscriberInitExt;
            tracing_subscriber::registry().with(thundra_core::layer()).with(thundra_core::log::layer()).init();
            runtime().block_on(thundra_aws::run(service_fn(durable::wrap(order, options())))).unwrap();
        }
        other => panic!("no program {other}"),
    }
}

fn options() -> durable::Options {
    durable::Options::builder().build().unwrap()
}

/// The handler with the attribute.
mod attribute {
    use super::*;

    type Invocation = Pin<Box<dyn Future<Output = Result<durable::InvocationResponse, Error>> + Send>>;
    type Service = Box<dyn Fn(LambdaEvent<durable::InvocationPayload>) -> Invocation + Send + Sync>;

    async fn orders() -> Service {
        Box::new(durable::wrap(order, traced_options().await))
    }

    #[cfg(feature = "lambda")]
    async fn traced_options() -> durable::Options {
        let client = thundra_aws::lambda::client(&thundra_aws::load_config().await);
        durable::Options::builder().lambda_client(client).build().unwrap()
    }

    #[cfg(not(feature = "lambda"))]
    async fn traced_options() -> durable::Options {
        options()
    }

    #[thundra_aws::handler(init = orders)]
    pub(super) async fn main(
        event: LambdaEvent<durable::InvocationPayload>,
        orders: &Service,
    ) -> Result<durable::InvocationResponse, Error> {
        orders(event).await
    }
}

/// Runs the operations in the event, with spans of the handler around the operations.
#[thundra_aws::handler]
async fn order(event: Value, execution: durable::DurableContext) -> Result<Value, durable::BoxError> {
    if event.get("__context__").is_some() {
        return Err("the context is still there".into());
    }
    let does = |what: &str| event["does"].as_array().is_some_and(|does| does.contains(&json!(what)));
    info!("order placed");
    price();
    let reserved = execution.step(|_| async { Ok(reserve().await) }).name("reserve").await?;
    if does("wait") {
        execution.wait(Duration::from_secs(1)).name("a day").await?;
    }
    info!("order reserved");
    pack();
    if does("branches") {
        let spawned = execution.step(|_| async { Ok(branch("spawned")) }).name("spawned").spawn();
        let packed = execution.map(vec!["a".to_owned(), "b".to_owned()], |child, item: String, _| async move {
            branch("item");
            child.wait(Duration::from_secs(1)).await?;
            Ok(child.step(move |_| async move { Ok(branch(&item)) }).await?)
        });
        let packed = packed.await?;
        let child = execution.run_in_child_context(|child| async move {
            branch("child");
            Ok(child.step(|_| async { Ok(branch("child's step")) }).await?)
        });
        return Ok(json!([spawned.await?, packed, child.await?]));
    }
    if does("retry") {
        let tried = execution
            .step(|step| async move { attempt(step.attempt()) })
            .retry_strategy(|_, _| durable::RetryDecision::Retry { delay: Duration::from_secs(1) });
        tried.await?;
    }
    if let Some(code) = event["answers"].as_u64() {
        return Ok(json!({"statusCode": code}));
    }
    match does("fail") {
        true => Err(REFUSED.into()),
        false => Ok(json!(reserved)),
    }
}

#[instrument]
fn price() {}

#[instrument]
async fn reserve() -> String {
    "reserved".to_owned()
}

#[instrument]
fn pack() {}

#[instrument]
fn attempt(number: u32) -> Result<(), durable::BoxError> {
    if number < 2 { Err("busy".into()) } else { Ok(()) }
}

#[instrument]
fn branch(name: &str) -> String {
    name.to_owned()
}

/// The service behind executions.
struct Service {
    operations: Operations,
    endpoint: String,
}

/// The state of the service: the operations of each execution, ordered by start.
type Operations = Arc<Mutex<HashMap<String, Vec<Value>>>>;

impl Service {
    async fn start() -> Self {
        let operations = Operations::default();
        let app = Router::new()
            .route("/2025-12-01/durable-executions/{arn}/checkpoint", post(checkpoint))
            .route("/2025-12-01/durable-executions/{arn}/state", get(state))
            .with_state(operations.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Service { operations, endpoint }
    }

    /// Starts a function that calls the service.
    async fn function(&self, program: &str, variables: &[(&str, &str)]) -> Lambda {
        let own = [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
        ];
        Lambda::start(program, &[&own, variables].concat()).await
    }

    fn envelope(&self, arn: &str, input: &Value) -> Value {
        let execution = json!({"Id": "e-1", "Type": "EXECUTION", "Status": "STARTED", "StartTimestamp": 1_700_000_000,
            "ExecutionDetails": {"InputPayload": input.to_string()}});
        let mut operations = vec![execution];
        operations.extend(self.operations.lock().unwrap().get(arn).into_iter().flatten().cloned());
        json!({"DurableExecutionArn": arn, "CheckpointToken": "t-0", "InitialExecutionState": {"Operations": operations}})
    }

    /// Lets all timers of an execution end.
    fn wait(&self, arn: &str) {
        for operation in self.operations.lock().unwrap().get_mut(arn).into_iter().flatten() {
            match (operation["Type"].as_str(), operation["Status"].as_str()) {
                (Some("WAIT"), Some("STARTED")) => operation["Status"] = json!("SUCCEEDED"),
                (_, Some("PENDING")) => operation["Status"] = json!("READY"),
                _ => {}
            }
        }
    }

    /// Invokes the function until the execution ends, and returns the responses.
    async fn execute(&self, lambda: &Lambda, arn: &str, input: &Value, header: Option<&str>) -> Vec<Value> {
        let mut answers = Vec::new();
        for _ in 0..5 {
            let answer = lambda.invoke_with(self.envelope(arn, input), header).await.unwrap();
            let is_pending = answer["Status"] == "PENDING";
            answers.push(answer);
            if !is_pending {
                break;
            }
            self.wait(arn);
        }
        answers
    }
}

async fn checkpoint(
    State(operations): State<Operations>,
    Path(arn): Path<String>,
    Json(request): Json<Value>,
) -> Json<Value> {
    let mut operations = operations.lock().unwrap();
    let operations = operations.entry(arn).or_default();
    let mut changed = Vec::new();
    for update in request["Updates"].as_array().into_iter().flatten() {
        let at = operations.iter().position(|operation| operation["Id"] == update["Id"]).unwrap_or_else(|| {
            operations.push(json!({"Id": update["Id"], "ParentId": update["ParentId"], "Name": update["Name"],
                "Type": update["Type"], "SubType": update["SubType"], "StartTimestamp": 1_700_000_000}));
            operations.len() - 1
        });
        let operation = &mut operations[at];
        let details = if update["Type"] == "CONTEXT" { "ContextDetails" } else { "StepDetails" };
        operation["Status"] = match update["Action"].as_str().unwrap() {
            "START" => json!("STARTED"),
            "SUCCEED" => json!("SUCCEEDED"),
            "FAIL" => json!("FAILED"),
            "RETRY" => json!("PENDING"),
            other => panic!("{other}"),
        };
        if update["Action"] == "RETRY" {
            operation[details]["Attempt"] = json!(operation[details]["Attempt"].as_u64().unwrap_or_default() + 1);
        }
        if update["Payload"].is_string() {
            operation[details]["Result"] = update["Payload"].clone();
        }
        changed.push(operation.clone());
    }
    Json(json!({"CheckpointToken": "t-1", "NewExecutionState": {"Operations": changed}}))
}

async fn state(State(operations): State<Operations>, Path(arn): Path<String>) -> Json<Value> {
    Json(json!({"Operations": operations.lock().unwrap().get(&arn)}))
}

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f:1/durable-execution/order-7/9f7d84c9-ea3d";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn sent() -> Value {
    json!({"traceparent": format!("00-{TRACE}-b7ad6b7169203331-01"), "x-correlation-id": "c-1"})
}

/// Returns all spans, after a check for unique ids.
fn spans(seen: &[Seen]) -> Vec<Span> {
    let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
    let ids: HashSet<_> = spans.iter().map(|span| &span.id).collect();
    assert_eq!(ids.len(), spans.len(), "a span id stands for two spans");
    spans
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

const PROGRAMS: [&str; 4] = ["durable", "durable_concurrent", "durable_handler", "durable_own_subscriber"];

fn variables(program: &str) -> Vec<(&'static str, &'static str)> {
    let concurrency = ("AWS_LAMBDA_MAX_CONCURRENCY", "2");
    if program == "durable_concurrent" { vec![concurrency] } else { Vec::new() }
}

#[tokio::test]
async fn one_execution_is_one_trace_and_replayed_work_is_recorded_once() {
    for program in PROGRAMS {
        let service = Service::start().await;
        let lambda = service.function(program, &variables(program)).await;
        let input = json!({"does": ["wait"], "__context__": sent()});
        let answers = service.execute(&lambda, ARN, &input, None).await;
        assert_eq!(
            answers,
            [json!({"Status": "PENDING"}), json!({"Status": "SUCCEEDED", "Result": "\"reserved\""})],
            "{program}"
        );
        let (seen, stderr) = lambda.stop().await;
        let spans = spans(&seen);
        let roots: Vec<_> = spans.iter().filter(|span| span.kind == 2).collect();
        let [first, second] = roots.as_slice() else { panic!("{program}: {roots:?}") };
        for (root, expected) in
            [(first, ["PENDING", "true", "", "", ""]), (second, ["SUCCEEDED", "false", "1", "1", ""])]
        {
            let keys = [
                "durable.invocation.status",
                "durable.invocation.first",
                "durable.replayed_spans",
                "durable.replayed_events",
                "error.type",
            ];
            assert_eq!(keys.map(|key| root.text(key)), expected, "{program}: {stderr}");
            assert_eq!((root.trace.as_str(), root.parent.as_str()), (TRACE, "b7ad6b7169203331"), "{program}");
            assert_eq!((root.text("durable.execution.name").as_str(), &root.status), ("order-7", &None), "{program}");
        }
        assert!(
            spans.iter().all(|span| span.trace == TRACE || span.name.contains("init") || span.name == "orders"),
            "{program}: {spans:?}"
        );
        for name in ["price", "reserve", "pack", "durable_operation"] {
            assert_eq!(named(&spans, name).len(), 1, "{program}: {name} in {spans:?}");
        }
        let executions = named(&spans, "durable_execution");
        let replays: Vec<_> = executions.iter().map(|span| (span.text("durable.replay"), &span.parent)).collect();
        assert_eq!(replays, [("false".to_owned(), &first.id), ("false".to_owned(), &second.id)], "{program}");
        let operation = named(&spans, "durable_operation")[0];
        assert_eq!(
            (operation.text("durable.attempt.number"), operation.text("durable.operation.id").len()),
            ("1".to_owned(), 64)
        );
        assert_eq!(operation.text("durable.execution.arn"), ARN);
        // Lines are written once as well.
        for line in ["order placed", "order reserved"] {
            let lines: Vec<_> = stderr.lines().filter(|written| written.contains(line)).collect();
            assert_eq!(lines.len(), 1, "{program}: {stderr}");
            assert!(lines[0].contains(r#""x-correlation-id":"c-1""#) && lines[0].contains(ARN), "{program}: {lines:?}");
        }
        if cfg!(feature = "lambda") && program == "durable_handler" {
            let checkpoints = named(&spans, "Lambda.CheckpointDurableExecution");
            let of_step = checkpoints.iter().filter(|span| span.text("durable.operation.name") == "reserve");
            let statuses: Vec<_> = of_step.map(|span| span.text("durable.operation.status")).collect();
            assert_eq!(statuses, ["STARTED", "SUCCEEDED"], "{checkpoints:?}");
        }
        // A client made inside the SDK has no interceptor.
        let reported = usize::from(cfg!(feature = "lambda") && program != "durable_handler");
        assert_eq!(
            stderr.matches("a client of aws_sdk_lambda is not wrapped").count(),
            reported,
            "{program}: {stderr}"
        );
        assert_eq!(stderr.matches("thundra: ").count(), reported, "{program}: {stderr}");
    }
}

#[tokio::test]
async fn the_trace_of_an_execution_without_a_sender_is_that_of_x_ray_or_of_its_arn() {
    const ROOT: &str = "5759e988bd862e3fe1be46a994272793";
    let header = |rest: &str| Some(format!("Root=1-5759e988-bd862e3fe1be46a994272793{rest}"));
    let mut of_arn = Vec::new();
    for (header, trace, parent, source, why) in [
        (header(";Parent=53995c3f42cd8ad8;Sampled=1"), Some(ROOT), "53995c3f42cd8ad8", "xray", "sampled"),
        (header(";Parent=53995c3f42cd8ad8;Sampled=0"), Some(ROOT), "", "none: the trace of a longer work", "unsampled"),
        (header(""), Some(ROOT), "", "none: the trace of a longer work", "without a parent"),
        (None, None, "", "none: the trace of a longer work", "no header"),
        (None, None, "", "none: the trace of a longer work", "no header, again"),
    ] {
        let service = Service::start().await;
        let lambda = service.function("durable", &[]).await;
        assert_eq!(
            service.execute(&lambda, ARN, &json!({"does": ["wait"]}), header.as_deref()).await.len(),
            2,
            "{why}"
        );
        let (seen, _) = lambda.stop().await;
        let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
        let [first, second] = roots.as_slice() else { panic!("{why}: {roots:?}") };
        assert_eq!(first.trace, second.trace, "{why}");
        match trace {
            Some(trace) => assert_eq!(first.trace, trace, "{why}"),
            None => of_arn.push(first.trace.clone()),
        }
        for root in [first, second] {
            assert_eq!((root.parent.as_str(), root.text("thundra.parent.source").as_str()), (parent, source), "{why}");
        }
    }
    assert_eq!(of_arn[0], of_arn[1], "two processes agree");
}

#[tokio::test]
async fn all_invocations_of_an_execution_are_sampled_or_none() {
    let service = Service::start().await;
    let half = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
    let lambda = service.function("durable", &half).await;
    let edge = |header: &str| {
        json!({"does": ["wait"], "version": "2.0", "routeKey": "$default", "rawPath": "/", "headers": {"traceparent": header},
            "requestContext": {"domainName": "a.execute-api.eu-west-1.amazonaws.com", "http": {"method": "GET"}}})
    };
    let sent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let mut executions = 0;
    for number in 0..12 {
        for input in [json!({"does": ["wait"]}), edge(&sent)] {
            service.operations.lock().unwrap().clear();
            let arn = format!("{ARN}{number}");
            assert_eq!(service.execute(&lambda, &arn, &input, None).await.len(), 2);
            executions += 1;
        }
    }
    let (seen, stderr) = lambda.stop().await;
    let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
    let requests: Vec<_> = roots
        .iter()
        .map(|root| root.text("faas.invocation_id").replace("request-", "").parse::<u32>().unwrap())
        .collect();
    // Each execution took two requests in a row.
    let (firsts, seconds): (Vec<_>, Vec<_>) =
        requests.iter().map(|request| (request / 2, request % 2)).partition(|(_, part)| *part == 0);
    let of = |half: &[(u32, u32)]| half.iter().map(|(execution, _)| *execution).collect::<Vec<_>>();
    assert_eq!(of(&firsts), of(&seconds));
    assert!(!firsts.is_empty() && firsts.len() < executions, "{} of {executions}", firsts.len());
    // Lines of unsampled executions are written once, too.
    assert_eq!(stderr.matches("order placed").count(), executions, "{stderr}");
}

#[tokio::test]
async fn a_failed_execution_is_a_failed_invocation() {
    const SHOWN: &str = "GET https://REDACTED@partner.example/x?REDACTED: refused";
    let service = Service::start().await;
    let variables = [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("THUNDRA_KEEP", "errors"),
        ("THUNDRA_CAPTURE_PAYLOADS", "errors"),
        ("THUNDRA_LOG_BUFFER", "64KiB"),
        ("RUST_LOG", "warn"),
    ];
    let lambda = service.function("durable", &variables).await;
    let answers = service.execute(&lambda, ARN, &json!({"does": ["wait", "fail"]}), None).await;
    assert_eq!(answers[0], json!({"Status": "PENDING"}));
    assert_eq!(answers[1]["Status"], "FAILED");
    assert_eq!(answers[1]["Error"]["ErrorMessage"], REFUSED, "the response is the SDK's");
    let root = lambda.traced_one().await;
    assert_eq!(root.text("durable.invocation.status"), "FAILED");
    assert_eq!(
        (root.text("error.type"), root.status.as_deref()),
        (answers[1]["Error"]["ErrorType"].as_str().unwrap().to_owned(), Some(SHOWN))
    );
    assert_eq!(root.exceptions.len(), 1);
    assert_eq!(
        (root.text("thundra.keep.reason").as_str(), root.text("durable.invocation.first").as_str()),
        ("error", "false")
    );
    let (seen, stderr) = lambda.stop().await;
    assert_eq!(seen.iter().flat_map(Seen::roots).count(), 1, "the suspension is not kept");
    let events: Vec<Value> = stderr
        .lines()
        .filter(|line| line.starts_with(r#"{"_thundra""#))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [event] = events.as_slice() else { panic!("{stderr}") };
    assert_eq!(
        (&event["trigger"], &event["outcome"], &event["error"]),
        (&json!("durable"), &json!("error"), &json!(SHOWN))
    );
    assert_eq!(stderr.matches("order reserved").count(), 1, "a kept line: {stderr}");
    assert!(!stderr.contains("order placed"), "kept in an invocation that did not fail: {stderr}");
}

#[tokio::test]
async fn an_execution_at_the_end_of_a_long_chain_fails_for_good() {
    const TOO_LONG: &str =
        "the chain of calls has 4 programs, more than THUNDRA_MAX_CHAIN_LENGTH=3 allows: perhaps a loop";
    for program in ["durable", "durable_concurrent", "durable_handler"] {
        let service = Service::start().await;
        let limit = ("THUNDRA_MAX_CHAIN_LENGTH", "3");
        let lambda = service.function(program, &[&[limit], variables(program).as_slice()].concat()).await;
        let input = json!({"does": [], "__context__": {"x-correlation-id": "c-1", "call-chain-length": 3}});
        // Lambda retries an invocation that returns an error, for as long as the execution may take.
        let answers = service.execute(&lambda, ARN, &input, None).await;
        let error = json!({"ErrorType": "chain_too_long", "ErrorMessage": TOO_LONG});
        assert_eq!(answers, [json!({"Status": "FAILED", "Error": error})], "{program}");
        let root = lambda.traced().await;
        assert_eq!((root.text("error.type"), root.status.as_deref()), ("chain_too_long".into(), Some(TOO_LONG)));
        assert_eq!(root.text("durable.invocation.status"), "FAILED", "{program}");
        let (_, stderr) = lambda.stop().await;
        assert!(stderr.contains("The handler is not called, and the execution fails."), "{program}: {stderr}");
        assert!(!stderr.contains("order placed"), "{program}: {stderr}");
    }
}

#[tokio::test]
async fn the_result_of_an_execution_for_a_request_has_the_status_of_the_response() {
    for (path, code, failed) in [("rawPath", "503", true), ("rawPath", "200", false), ("other", "", false)] {
        let service = Service::start().await;
        let lambda = service.function("durable", &[]).await;
        let input = json!({"answers": code.parse().unwrap_or(503), path: "/orders", "headers": {}, "version": "2.0",
            "requestContext": {"http": {"method": "GET"}, "requestId": "r-1"}});
        let input = if path == "other" { json!({"answers": 503}) } else { input };
        assert_eq!(service.execute(&lambda, ARN, &input, None).await.len(), 1);
        let root = lambda.traced().await;
        let status = (root.text("http.response.status_code"), root.text("error.type"), root.status.is_some());
        assert_eq!(status, (code.to_owned(), if failed { code.to_owned() } else { String::new() }, failed), "{path}");
        assert_eq!(root.text("durable.invocation.status"), "SUCCEEDED");
        lambda.stop().await;
    }
}

#[tokio::test]
async fn branches_in_tasks_of_the_sdk_belong_to_their_invocation() {
    for program in ["durable", "durable_concurrent"] {
        let service = Service::start().await;
        let lambda = service.function(program, &variables(program)).await;
        let input = json!({"does": ["branches"], "__context__": sent()});
        let answers = service.execute(&lambda, ARN, &input, None).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer["Status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["PENDING", "SUCCEEDED"], "{program}: {answers:?}");
        let (seen, stderr) = lambda.stop().await;
        let spans = spans(&seen);
        assert!(spans.iter().all(|span| span.trace == TRACE), "{program}");
        let mut branches: Vec<_> = named(&spans, "branch").iter().map(|span| span.text("name")).collect();
        branches.sort();
        assert_eq!(branches, ["a", "b", "child", "child's step", "item", "item", "spawned"], "{program}: {stderr}");
        for span in &spans {
            let is_known = span.kind == 2 || spans.iter().any(|parent| parent.id == span.parent);
            assert!(is_known, "{program}: nobody is above {span:?}");
        }
        let second = spans.iter().rfind(|span| span.kind == 2).unwrap();
        // `price`, `pack` and the two items.
        assert_eq!(second.text("durable.replayed_spans"), "4", "{program}: {spans:?}");
    }
}

#[tokio::test]
async fn executions_at_once_keep_apart() {
    let service = Service::start().await;
    let lambda = service.function("durable_concurrent", &variables("durable_concurrent")).await;
    let traces = [TRACE, "4bf92f3577b34da6a3ce929d0e0e4736"];
    let execute = async |trace: &str| {
        let sent = json!({"traceparent": format!("00-{trace}-b7ad6b7169203331-01")});
        let input = json!({"does": ["branches"], "__context__": sent});
        service.execute(&lambda, &format!("{ARN}-{trace}"), &input, None).await.len()
    };
    for _ in 0..4 {
        service.operations.lock().unwrap().clear();
        assert_eq!(tokio::join!(execute(traces[0]), execute(traces[1])), (2, 2));
    }
    let (seen, _) = lambda.stop().await;
    let spans = spans(&seen);
    for trace in traces {
        let of_trace = |name| named(&spans, name).into_iter().filter(|span| span.trace == trace);
        let counts = ["price", "pack", "branch"].map(|name| of_trace(name).count());
        assert_eq!(counts, [4, 4, 4 * 7], "{trace}");
        for span in spans.iter().filter(|span| span.trace == trace && !span.text("durable.execution.arn").is_empty()) {
            assert!(span.text("durable.execution.arn").ends_with(trace), "{span:?}");
        }
    }
    for span in &spans {
        let above = spans.iter().find(|parent| parent.id == span.parent);
        assert!(span.kind == 2 || above.is_some_and(|above| above.trace == span.trace), "{span:?}");
    }
}

#[tokio::test]
async fn each_attempt_is_a_span_of_its_own() {
    let service = Service::start().await;
    let lambda = service.function("durable", &[]).await;
    let answers = service.execute(&lambda, ARN, &json!({"does": ["retry"]}), None).await;
    assert_eq!(answers.last().unwrap()["Status"], "SUCCEEDED", "{answers:?}");
    let (seen, _) = lambda.stop().await;
    let spans = spans(&seen);
    let attempts: Vec<_> = named(&spans, "attempt").iter().map(|span| span.text("number")).collect();
    assert_eq!(attempts, ["1", "2"]);
    let operations = named(&spans, "durable_operation");
    let numbers: Vec<_> = operations.iter().map(|span| span.text("durable.attempt.number")).collect();
    assert_eq!(numbers, ["1", "1", "2"], "reserve, and two attempts");
    let ids: HashSet<_> = operations.iter().map(|span| span.text("durable.operation.id")).collect();
    assert_eq!(ids.len(), 2);
}
