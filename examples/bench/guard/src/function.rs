//! A function of Lambda, with a Runtime API and a collector on loopback.
//!
//! ```text
//! this process: Runtime API, collector ◄── loopback ──► counted process: the function
//! ```
//!
//! The servers wait before each response, so the function always sleeps by then, and each run takes the same way.

use std::collections::BTreeMap;
use std::future::ready;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use thundra_aws::{Error, LambdaEvent, service_fn};
use thundra_bench_work::callgrind::Counts;
use thundra_bench_work::varied;

use crate::calls::io_runtime;
use crate::cost;

/// The work of invocations with `spans` spans. The Runtime API has as many events as there are turns, and the function
/// ends with the Runtime API.
type Work = fn(spans: u64, turns: u64);

pub(crate) const ALL: &[(&str, Work)] = &[
    ("function_bare", |spans, _| {
        let handler = service_fn(move |event| ready(handle(spans, event)));
        let _ = io_runtime().block_on(lambda_runtime::run(handler));
    }),
    ("function", |spans, _| {
        let handler = service_fn(move |event| ready(handle(spans, event)));
        let _ = io_runtime().block_on(thundra_aws::run(handler));
    }),
];

fn handle(spans: u64, event: LambdaEvent<BTreeMap<String, String>>) -> Result<String, Error> {
    varied(spans);
    Ok(event.payload.into_values().collect())
}

/// The wait before each response. valgrind makes a function about 50 times slower.
const WAIT: Duration = Duration::from_millis(4);

/// Counts a run of a function with `turns` invocations, exported by `exporter`.
pub(crate) fn count(work: &str, spans: u64, turns: u64, exporter: &str) -> io::Result<Counts> {
    let events = Arc::new(AtomicU64::new(turns));
    let (api, collector) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (api_address, endpoint) = (api.local_addr()?.to_string(), format!("http://{}", collector.local_addr()?));
    serve(api, move |head| match head.starts_with("GET ") {
        true => next(&events),
        false => Some("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()),
    });
    serve(collector, |_| Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()));
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", api_address.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", "orders"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_REGION", "eu-central-1"),
        ("RUST_LOG", "off"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_TRACES_EXPORTER", exporter),
    ];
    cost::count(work, spans, turns, &variables)
}

/// Returns the next event; `None` after the last one.
fn next(events: &AtomicU64) -> Option<String> {
    const EVENT: &str = r#"{"order":"order-00000042","customer":"customer-31"}"#;
    let left = events.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
    Some(format!(
        "HTTP/1.1 200 OK\r\n\
         lambda-runtime-aws-request-id: 6b6a4d1c-0000-4000-8000-{left:012x}\r\n\
         lambda-runtime-deadline-ms: 4102444800000\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:orders\r\n\
         lambda-runtime-trace-id: Root=1-5759e988-{left:024x};Parent=53995c3f42cd8ad8;Sampled=1\r\n\
         content-length: {}\r\n\r\n{EVENT}",
        EVENT.len()
    ))
}

/// Answers requests by their heads. Without an answer, the connection ends.
fn serve(listener: TcpListener, answer: impl FnMut(&str) -> Option<String> + Send + 'static) {
    let answer = Arc::new(Mutex::new(answer));
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let answer = answer.clone();
            thread::spawn(move || {
                let answer = |head: &str| (*answer.lock().unwrap_or_else(PoisonError::into_inner))(head);
                while let Ok(head) = request(&stream) {
                    thread::sleep(WAIT);
                    let Some(answer) = answer(&head) else { break };
                    if (&stream).write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
}

/// Reads a request, and returns the head.
fn request(stream: &TcpStream) -> io::Result<String> {
    let (mut reader, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().map_err(io::Error::other)?];
    reader.read_exact(&mut body)?;
    Ok(head)
}
