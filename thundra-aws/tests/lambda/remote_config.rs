//! Settings without a redeploy: functions and workers that read a document from SSM Parameter Store.

mod parameter_store;
mod programs;

use std::time::Duration;

use parameter_store::ParameterStore;
pub(crate) use programs::run;
use serde_json::json;

use crate::PATIENCE;
use crate::peers::{Lambda, Seen, Span};

const CONFIG: &str = "THUNDRA_CONFIG";
const EACH_SECOND: &str = "ssm:/orders/telemetry?every=1s";
const OFF: (&str, &str) = ("OTEL_TRACES_SAMPLER", "always_off");

async fn start(program: &str, store: &ParameterStore, variables: &[(&str, &str)]) -> Lambda {
    let ssm = [
        (CONFIG, EACH_SECOND),
        ("AWS_ENDPOINT_URL_SSM", store.url()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    Lambda::start(program, &[&ssm, variables].concat()).await
}

/// Invokes the function until a condition holds after an invocation and the flush of the invocation.
async fn invoke_until(lambda: &Lambda, mut enough: impl FnMut(&Lambda) -> bool) {
    let invocations = async {
        loop {
            assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("ann"));
            lambda.wait_for(idle).await;
            if enough(lambda) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, invocations).await;
    in_time.unwrap_or_else(|_| panic!("{:?}\n{}", lambda.seen(), lambda.stderr_so_far()));
}

/// Returns `true` once the function requests the next event, after the flush.
fn idle(seen: &[Seen]) -> bool {
    matches!(seen.iter().rev().find(|seen| matches!(seen, Seen::Next | Seen::Response)), Some(Seen::Next))
}

/// Returns a condition that holds once a number has stayed the same for some invocations.
fn stays(number: impl Fn(&Lambda) -> usize) -> impl FnMut(&Lambda) -> bool {
    let (mut last, mut times) = (usize::MAX, 0);
    move |lambda| {
        let now = number(lambda);
        times = if now == last { times + 1 } else { 0 };
        last = now;
        times == 3
    }
}

fn last(lambda: &Lambda) -> Span {
    lambda.roots().pop().unwrap()
}

fn version(span: &Span) -> String {
    span.text("thundra.config.version")
}

#[tokio::test]
async fn a_document_is_read_after_the_response_and_applies_from_the_next_invocation_on() {
    let store = ParameterStore::serve("OTEL_TRACES_SAMPLER=always_off", 3).await;
    store.hold();
    let lambda = start("remote", &store, &[]).await;
    lambda.wait_for(idle).await;
    assert_eq!(store.calls(), [""; 0], "the initialisation is not slower");
    assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("ann"), "the caller has the response");
    store.called(1).await;
    store.release();
    invoke_until(&lambda, stays(|lambda| lambda.roots().len())).await;
    assert!(lambda.roots().iter().all(|root| version(root).is_empty()), "the environment served");
    assert_eq!(store.calls()[0], "AmazonSSM.GetParameter /orders/telemetry");

    let before = lambda.roots().len();
    store.put(r#"{"OTEL_TRACES_SAMPLER": "always_on", "THUNDRA_KEEP": ["errors"]}"#, 4);
    invoke_until(&lambda, |lambda| lambda.roots().len() > before).await;
    assert!(lambda.roots().iter().skip(before).all(|root| version(root) == "4"));
    let (_, stderr) = lambda.stop().await;
    assert!(!stderr.contains("thundra: "), "{stderr}");
    assert!(!stderr.contains("GetParameter"), "{stderr}");
}

/// The period passes while the process is frozen: between two invocations, and during a reading.
#[tokio::test]
async fn a_function_that_was_frozen_reads_at_most_once_after_its_response() {
    const LONGER_THAN_THE_PERIOD: Duration = Duration::from_millis(1_200);
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 1).await;
    let lambda = start("remote", &store, &[OFF]).await;
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;

    let calls = store.calls().len();
    lambda.freeze(LONGER_THAN_THE_PERIOD).await;
    invoke_until(&lambda, |_| true).await;
    assert_eq!(store.calls().len(), calls + 1, "after a freeze");

    // The store answers nothing, so the responses and the flushes do not wait for it.
    store.put("THUNDRA_KEEP=slow:0", 2);
    store.hold();
    lambda.freeze(LONGER_THAN_THE_PERIOD).await;
    invoke_until(&lambda, |_| true).await;
    assert_eq!(store.calls().len(), calls + 2, "a reading is under way");
    lambda.freeze(LONGER_THAN_THE_PERIOD).await;
    invoke_until(&lambda, |_| true).await;
    assert_eq!(store.calls().len(), calls + 2, "and goes on after the freeze, alone");
    store.release();
    invoke_until(&lambda, |lambda| version(&last(lambda)) == "2").await;
    let (_, stderr) = lambda.stop().await;
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn levels_change_with_our_subscriber_and_with_the_programs_own() {
    for program in ["remote", "remote_beside", "remote_layers"] {
        let store = ParameterStore::serve("RUST_LOG=debug\nTHUNDRA_SPANS=debug", 1).await;
        let lambda = start(program, &store, &[("RUST_LOG", "info"), ("OTEL_LOGS_EXPORTER", "")]).await;
        let spans = |lambda: &Lambda| lambda.spans().iter().filter(|span| span.name == "detail").count();
        let lines = |text: &str| text.matches("a detail").count();
        let infos = |text: &str| text.matches("an order").count();
        invoke_until(&lambda, |_| true).await;
        let first = lambda.stderr_so_far();
        assert_eq!((spans(&lambda), lines(&first), infos(&first)), (0, 0, 1), "{program}: {first}");
        invoke_until(&lambda, |lambda| spans(lambda) > 0).await;
        lambda.wait_for_line("a detail").await;
        lambda.wait_for(|seen| seen.iter().flat_map(Seen::logs).any(|record| record.body == "a detail")).await;
        store.put("RUST_LOG=off", 2);
        invoke_until(&lambda, stays(|lambda| spans(lambda) + infos(&lambda.stderr_so_far()))).await;
        assert_eq!(version(&last(&lambda)), "2", "{program}");
        let so_far = infos(&lambda.stderr_so_far());
        store.put("", 3);
        invoke_until(&lambda, |lambda| infos(&lambda.stderr_so_far()) > so_far).await;
        let (_, stderr) = lambda.stop().await;
        assert!(!stderr.contains("thundra: "), "{program}: {stderr}");
    }
}

#[tokio::test]
async fn detailed_log_lines_change() {
    let store = ParameterStore::serve("THUNDRA_LOG_BUFFER=20KiB", 1).await;
    let lambda = start("remote", &store, &[]).await;
    let details = |text: &str| text.matches("\"a detail\"").count();
    let fails = async {
        while details(&lambda.stderr_so_far()) == 0 {
            lambda.invoke(json!("fail")).await.unwrap_err();
            lambda.wait_for(|seen| matches!(seen.last(), Some(Seen::Next))).await;
        }
    };
    tokio::time::timeout(PATIENCE, fails).await.unwrap();
    invoke_until(&lambda, stays(|lambda| details(&lambda.stderr_so_far()))).await;
    assert!(!lambda.stderr_so_far().contains("sampling_rate"));
    store.put("THUNDRA_DEBUG_SAMPLE_RATE=1", 2);
    let kept = details(&lambda.stderr_so_far());
    invoke_until(&lambda, |lambda| details(&lambda.stderr_so_far()) > kept).await;
    let (_, stderr) = lambda.stop().await;
    let drawn = stderr.lines().rfind(|line| line.contains("a detail")).unwrap();
    assert!(drawn.contains(r#""sampling_rate":1"#), "{drawn}");
}

#[tokio::test]
async fn keep_rules_change() {
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 1).await;
    let lambda = start("remote", &store, &[OFF]).await;
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;
    assert_eq!(last(&lambda).text("thundra.keep.reason"), "slow");
    lambda.stop().await;
}

#[tokio::test]
async fn a_document_turns_recording_off_and_on_again() {
    for metrics in ["otlp", "emf"] {
        let store = ParameterStore::serve("OTEL_SDK_DISABLED=true", 1).await;
        let variables = [("OTEL_LOGS_EXPORTER", ""), ("OTEL_METRICS_EXPORTER", metrics), ("TEST_STDOUT", "/dev/null")];
        let lambda = start("remote", &store, &variables).await;
        let exports = |seen: Vec<Seen>| {
            let names = seen.iter().map(Seen::name).filter(|name| !matches!(*name, "next" | "response"));
            names.collect::<Vec<_>>()
        };
        invoke_until(&lambda, stays(|lambda| exports(lambda.seen()).len())).await;
        let (sent, lines) = (exports(lambda.seen()), lambda.stderr_so_far().matches("x-correlation-id").count());
        for _ in 0..3 {
            invoke_until(&lambda, |_| true).await;
        }
        assert_eq!(exports(lambda.seen()), sent);
        assert!(lambda.stderr_so_far().matches("x-correlation-id").count() >= lines + 2, "lines have the ids");
        let before = lambda.roots().len();
        store.put("OTEL_SDK_DISABLED=false", 2);
        invoke_until(&lambda, |lambda| lambda.roots().len() > before).await;
        assert_eq!(version(&last(&lambda)), "2");
        let later = lambda.seen().len();
        invoke_until(&lambda, |_| true).await;
        let names = exports(lambda.seen().split_off(later));
        let metrics = usize::from(metrics == "otlp");
        for (name, count) in [("traces", 1), ("logs", 1), ("metrics", metrics)] {
            assert_eq!(names.iter().filter(|seen| **seen == name).count(), count, "{name}: {names:?}");
        }
        lambda.stop().await;
    }
}

#[tokio::test]
async fn a_document_never_turns_on_what_the_environment_turned_off() {
    let store = ParameterStore::serve("OTEL_SDK_DISABLED=false", 1).await;
    let lambda = start("remote", &store, &[("OTEL_SDK_DISABLED", "true")]).await;
    for _ in 0..3 {
        invoke_until(&lambda, |_| true).await;
    }
    let (seen, _) = lambda.stop().await;
    assert!(seen.iter().all(|seen| matches!(seen, Seen::Next | Seen::Response)), "{seen:?}");
    assert_eq!(store.calls(), [""; 0], "nothing is read");
}

#[tokio::test]
async fn code_ranks_before_a_document() {
    let store = ParameterStore::serve("OTEL_TRACES_SAMPLER=always_off\nTHUNDRA_SPANS=debug", 1).await;
    let lambda = start("remote_in_code", &store, &[(CONFIG, "")]).await;
    invoke_until(&lambda, |lambda| lambda.spans().iter().any(|span| span.name == "detail")).await;
    assert_eq!(version(&last(&lambda)), "1");
    let (_, stderr) = lambda.stop().await;
    let line = "thundra: THUNDRA_CONFIG: OTEL_TRACES_SAMPLER is not used: the program sets it in code";
    assert_eq!(stderr.matches(line).count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_one_line_and_the_last_one_stays() {
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 1).await;
    store.fail(Some("AccessDeniedException"));
    let lambda = start("remote", &store, &[OFF]).await;
    invoke_until(&lambda, |_| store.calls().len() >= 2).await;
    assert!(lambda.roots().is_empty(), "the environment serves");
    store.fail(None);
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;
    for failure in ["ParameterNotFound", "ThrottlingException"] {
        store.fail(Some(failure));
        let kept = lambda.roots().len();
        invoke_until(&lambda, |lambda| lambda.stderr_so_far().contains(failure)).await;
        invoke_until(&lambda, |lambda| lambda.roots().len() > kept + 1).await;
        store.fail(None);
        let calls = store.calls().len();
        invoke_until(&lambda, |_| store.calls().len() > calls).await;
    }
    let (_, stderr) = lambda.stop().await;
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("thundra: ")).collect();
    let [denied, not_found, throttled] = lines[..] else { panic!("{stderr}") };
    let start = "thundra: the settings of THUNDRA_CONFIG could not be read, so";
    assert!(denied.starts_with(&format!("{start} the environment serves: AccessDeniedException: ")), "{denied}");
    assert!(denied.ends_with("it takes ssm:GetParameter, and kms:Decrypt for a key of your own"), "{denied}");
    assert!(not_found.starts_with(&format!("{start} the last document stays: ParameterNotFound: ")), "{not_found}");
    assert!(throttled.contains("ThrottlingException"), "{throttled}");
}

#[tokio::test]
async fn nothing_of_a_document_is_printed_or_exported() {
    let document = "OTEL_TRACES_SAMPLER=s3cr3t\nOTEL_EXPORTER_OTLP_HEADERS=api-key=s3cr3t\nTHUNDRA_MASK_KEYS=s3cr3t\n\
                    THUNDRA_KEEP=slow:0\ns3cr3t\nPASSWORD=s3cr3t";
    let store = ParameterStore::serve(document, 1).await;
    let lambda = start("remote", &store, &[OFF, ("RUST_LOG", "trace"), ("THUNDRA_SPANS", "trace")]).await;
    invoke_until(&lambda, |lambda| lambda.roots().len() > 1).await;
    store.put("s3cr3t", 2);
    invoke_until(&lambda, |lambda| lambda.stderr_so_far().contains("neither lines")).await;
    invoke_until(&lambda, |_| true).await;
    assert_eq!((last(&lambda).text("thundra.keep.reason").as_str(), version(&last(&lambda)).as_str()), ("slow", "1"));
    let (seen, stderr) = lambda.stop().await;
    assert!(!stderr.contains("s3cr3t") && !format!("{seen:?}").contains("s3cr3t"), "{stderr}");
    let lines: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix("thundra: ")).collect();
    for (line, start) in lines.iter().zip([
        "THUNDRA_CONFIG: OTEL_EXPORTER_OTLP_HEADERS is not used: a document holds sampling",
        "THUNDRA_CONFIG: THUNDRA_MASK_KEYS is not used: a document holds sampling",
        "THUNDRA_CONFIG: some entries are not used",
        "THUNDRA_CONFIG: OTEL_TRACES_SAMPLER is not used: it takes one of always_on, always_off",
        "the settings of THUNDRA_CONFIG could not be read, so the last document stays: the parameter has neither lines",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(lines.len(), 5, "{stderr}");
}

#[tokio::test]
async fn a_reading_silences_no_client_of_the_program() {
    let store = ParameterStore::serve("THUNDRA_KEEP=errors", 1).await;
    let lambda = start("remote_client", &store, &[("RUST_LOG", "trace")]).await;
    invoke_until(&lambda, |lambda| lambda.stderr_so_far().contains("\"called\"")).await;
    let (_, stderr) = lambda.stop().await;
    // The reading reached these events of the SDK first, so the silent thread answered for the callsites.
    assert!(stderr.contains("aws_smithy_runtime::client::orchestrator"), "{stderr}");
    assert!(!stderr.contains("/orders/telemetry"), "{stderr}");
}

#[tokio::test]
async fn a_slow_reading_holds_up_nobody_for_long() {
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 1).await;
    store.hold();
    let lambda = start("remote", &store, &[OFF]).await;
    let began = std::time::Instant::now();
    lambda.invoke(json!("ann")).await.unwrap();
    lambda.wait_for(idle).await;
    let waited = began.elapsed();
    // Each attempt of the only reading takes three seconds, and a reading would be due each second.
    while began.elapsed() < waited + Duration::from_millis(1500) {
        let began = std::time::Instant::now();
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("ann"));
        lambda.wait_for(idle).await;
        assert!(began.elapsed() < Duration::from_secs(1), "no other flush waits");
    }
    assert!(store.calls().len() <= 2, "one reading at a time: {:?}", store.calls());
    store.release();
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;
    lambda.stop().await;
}

#[tokio::test]
async fn a_restored_function_reads_anew() {
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 1).await;
    let lambda = start("remote", &store, &[OFF, ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")]).await;
    lambda.restore().await;
    assert_eq!(store.calls(), [""; 0], "nothing is read before the snapshot");
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;
    lambda.stop().await;
}

#[tokio::test]
async fn a_handler_under_a_plain_runtime_reads_beside_its_next_invocations() {
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 1).await;
    store.hold();
    let lambda = start("remote_in_place", &store, &[OFF]).await;
    let began = std::time::Instant::now();
    assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("ann"));
    assert!(began.elapsed() < Duration::from_secs(2), "the caller does not wait for the document");
    store.called(1).await;
    store.release();
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;
    lambda.stop().await;
}

#[tokio::test]
async fn where_a_thread_exports_the_document_is_read_beside_it() {
    let store = ParameterStore::serve("THUNDRA_KEEP=slow:0", 6).await;
    let managed =
        [OFF, ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"), ("AWS_LAMBDA_MAX_CONCURRENCY", "1")];
    let lambda = start("remote_concurrent", &store, &managed).await;
    store.called(1).await;
    invoke_until(&lambda, |lambda| !lambda.roots().is_empty()).await;
    assert_eq!(version(&last(&lambda)), "6");
    lambda.stop().await;
    let worker = start("remote_worker", &store, &[OFF, ("AWS_LAMBDA_RUNTIME_API", "")]).await;
    let (seen, stderr) = worker.ended().await;
    let roots: Vec<_> = seen.iter().flat_map(Seen::spans).filter(|span| span.name == "job").collect();
    assert!(roots.iter().all(|root| version(root) == "6") && !roots.is_empty(), "{seen:?} {stderr}");
}

#[tokio::test]
async fn a_place_that_is_none_is_reported_and_nothing_is_read() {
    let store = ParameterStore::serve("OTEL_TRACES_SAMPLER=always_off", 1).await;
    let lambda = start("remote", &store, &[(CONFIG, "/orders/telemetry")]).await;
    invoke_until(&lambda, |_| true).await;
    let (_, stderr) = lambda.stop().await;
    let line = "thundra: THUNDRA_CONFIG=\"/orders/telemetry\" is not used: it takes the name or ARN of a parameter, \
                such as ssm:/orders/telemetry";
    assert!(stderr.contains(line), "{stderr}");
    assert_eq!(store.calls(), [""; 0]);
}
