//! The resource usage of an invocation, and the estimate of Lambda's bill, on the span of the invocation.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, service_fn};

use crate::peers::{Lambda, Seen, Span};

const BILLED_MS: &str = "thundra.billed.estimated_ms";
const BILLED_GB_S: &str = "thundra.billed.estimated_gb_s";
const CPU_MS: &str = "thundra.cpu.time_ms";
const PEAK: &str = "thundra.memory.peak_bytes";

pub(crate) fn run(name: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match name {
        "usage" => runtime().block_on(thundra_aws::run(service_fn(work))).unwrap(),
        "usage_in_place" => runtime().block_on(lambda_runtime::run(service_fn(work_in_place))).unwrap(),
        "usage_slow_start" => {
            busy(Duration::from_millis(300));
            runtime().block_on(thundra_aws::run(service_fn(work))).unwrap();
        }
        other => panic!("no program {other}"),
    }
}

fn busy(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        black_box(began);
    }
}

/// Computes until the thread has used `millis` milliseconds of CPU time.
fn compute(millis: u64) {
    let nanos = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    while nanos().is_some_and(|nanos| nanos < millis * 1_000_000) {
        (0..100_000_u32).for_each(|number| _ = black_box(number));
    }
}

/// Holds memory, computes on a thread that ends, and waits, as configured by the event.
async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let number = |key: &str| event.payload[key].as_u64().unwrap_or_default();
    let mut held = vec![1_u8; number("bytes") as usize];
    black_box(&mut held);
    let millis = number("cpu_ms");
    std::thread::spawn(move || compute(millis)).join().unwrap();
    tokio::time::sleep(Duration::from_millis(number("wait_ms"))).await;
    Ok(json!(held.len()))
}

#[thundra_aws::handler]
async fn work_in_place(event: LambdaEvent<Value>) -> Result<Value, Error> {
    work(event).await
}

fn number(span: &Span, key: &str) -> f64 {
    span.text(key).parse().unwrap_or_else(|_| panic!("{key} of {span:?}"))
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn the_root_span_tells_what_the_invocation_used() {
    let lambda = Lambda::start("usage", &[]).await;
    lambda.invoke(json!({})).await.unwrap();
    let first = lambda.traced().await;
    lambda.invoke(json!({ "bytes": 48 << 20, "cpu_ms": 150 })).await.unwrap();
    let second = lambda.traced().await;
    lambda.invoke(json!({})).await.unwrap();
    let third = lambda.traced().await;
    lambda.stop().await;
    assert!((130.0..=1_000.0).contains(&number(&second, CPU_MS)), "{second:?}");
    assert!(number(&third, CPU_MS) < number(&second, CPU_MS), "only since the invocation before: {third:?}");
    assert!(number(&second, PEAK) >= 48.0 * 1024.0 * 1024.0, "{second:?}");
    assert!(number(&first, PEAK) < number(&second, PEAK), "{first:?}");
    assert!(number(&third, PEAK) >= number(&second, PEAK), "the greatest since the start: {third:?}");
    let ratio = number(&second, "thundra.memory.used_ratio");
    assert!((ratio - number(&second, PEAK) / (128.0 * 1024.0 * 1024.0)).abs() < 1e-3, "{ratio}");
    for span in [&first, &second, &third] {
        for key in ["network.received", "network.sent"] {
            assert!(number(span, &format!("thundra.{key}_bytes")) >= 0.0);
        }
    }
}

#[tokio::test]
async fn the_estimate_has_the_initialisation_once() {
    let lambda = Lambda::start("usage_slow_start", &[]).await;
    for wait_ms in [0, 0, 250] {
        lambda.invoke(json!({ "wait_ms": wait_ms })).await.unwrap();
    }
    let (seen, _) = lambda.stop().await;
    let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
    let billed: Vec<_> = roots.iter().map(|root| number(root, BILLED_MS)).collect();
    let [cold, warm, slow] = billed[..] else { panic!("{billed:?}") };
    if cfg!(target_os = "linux") {
        assert!(cold >= 280.0, "{billed:?}");
    }
    assert!((1.0..200.0).contains(&warm) && slow >= 250.0, "{billed:?}");
    for root in &roots {
        // 128 MB are an eighth of a GB.
        assert!((number(root, BILLED_GB_S) - number(root, BILLED_MS) / 8000.0).abs() < 1e-9, "{root:?}");
    }
}

#[tokio::test]
async fn a_handler_in_place_has_an_estimate_too() {
    let lambda = Lambda::start("usage_in_place", &[]).await;
    lambda.invoke(json!({ "wait_ms": 30 })).await.unwrap();
    let root = lambda.traced().await;
    assert!(number(&root, BILLED_MS) >= 30.0, "{root:?}");
    assert_eq!(root.text(CPU_MS), "", "the begin of the first invocation is not known");
    lambda.invoke(json!({})).await.unwrap();
    let root = lambda.traced().await;
    assert!(!cfg!(target_os = "linux") || number(&root, CPU_MS) < 100_000.0);
    lambda.stop().await;
}

#[tokio::test]
async fn invocations_at_once_share_a_process_and_have_no_cpu_time() {
    let lambda = Lambda::start("concurrent", &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
    let (ann, bob) = tokio::join!(lambda.invoke(json!("ann")), lambda.invoke(json!("bob")));
    assert!(ann.is_ok() && bob.is_ok());
    let (seen, _) = lambda.stop().await;
    let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
    assert_eq!(roots.len(), 2);
    for root in roots {
        assert_eq!(root.text(CPU_MS), "", "{root:?}");
        assert!(!cfg!(target_os = "linux") || number(&root, PEAK) > 0.0, "of the process: {root:?}");
    }
}

#[tokio::test]
async fn a_managed_instance_is_not_billed_by_invocation() {
    let managed = ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances");
    let lambda = Lambda::start("usage", &[managed]).await;
    lambda.invoke(json!({})).await.unwrap();
    let root = lambda.traced().await;
    for key in [BILLED_MS, BILLED_GB_S, CPU_MS] {
        assert_eq!(root.text(key), "", "{root:?}");
    }
    assert!(!cfg!(target_os = "linux") || number(&root, PEAK) > 0.0, "{root:?}");
}

#[tokio::test]
async fn a_function_without_a_size_has_no_estimate() {
    let lambda = Lambda::start("usage", &[("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0")]).await;
    lambda.invoke(json!({})).await.unwrap();
    let root = lambda.traced().await;
    lambda.stop().await;
    assert_eq!((root.text(BILLED_MS), root.text("thundra.memory.used_ratio")), (String::new(), String::new()));
}
