//! The function, traced and bare.
//!
//! No other file panics on purpose: a panic from elsewhere is a bug of thundra.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use lambda_runtime::{FunctionResponse, StreamResponse};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, service_fn};
use tokio::time::{sleep, timeout};
use tracing::{Instrument as _, info_span};

use super::work::{Handler, Work};

/// The variable with the name of the runtime function.
pub const RUNS: &str = "RELIABILITY_RUNS";

type Parts = Pin<Box<dyn Stream<Item = Result<Vec<u8>, Error>> + Send>>;

/// Serves the function until the end of the process. [`RUNS`] selects the runtime.
///
/// # Errors
///
/// The errors of the runtime.
pub async fn serve(runs: &str) -> Result<(), Error> {
    // A stopped process would outlive a killed harness.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    match runs {
        "run" => thundra_aws::run(service_fn(handle)).await,
        "run_concurrent" => thundra_aws::run_concurrent(service_fn(handle)).await,
        "bare run" => lambda_runtime::run(service_fn(handle)).await,
        "bare run_concurrent" => lambda_runtime::run_concurrent(service_fn(handle)).await,
        other => Err(format!("{RUNS} is {other:?}").into()),
    }
}

async fn handle(event: LambdaEvent<Work>) -> Result<FunctionResponse<Value, Parts>, Error> {
    let Work { handler, spans, padding } = event.payload;
    for number in 0..spans {
        info_span!("step", number).in_scope(|| ());
    }
    match handler {
        Handler::Ok => {}
        Handler::Error => return Err("the order is refused".into()),
        Handler::Panic => fall(),
        Handler::PanicInTask => {
            if let Err(error) = tokio::spawn(async { fall() }).await {
                resume_unwind(error.into_panic());
            }
        }
        Handler::Block(millis) => info_span!("block").in_scope(|| std::thread::sleep(Duration::from_millis(millis))),
        Handler::Wait(millis) => sleep(Duration::from_millis(millis)).instrument(info_span!("wait")).await,
        Handler::Cancel => {
            let forever = std::future::pending::<()>().instrument(info_span!("cancelled"));
            let _ = timeout(Duration::from_millis(5), forever).await;
        }
        Handler::Stream(parts) => return Ok(streamed(parts, None)),
        Handler::BreakStream(parts) => return Ok(streamed(parts, Some("the source has dried up"))),
        Handler::Large(bytes) => return Ok(FunctionResponse::BufferedResponse("x".repeat(bytes).into())),
        Handler::Outlive(millis) => {
            let span = info_span!("outlive");
            tokio::spawn(sleep(Duration::from_millis(millis)).instrument(span));
        }
        Handler::Never => {
            let span = info_span!("never");
            tokio::spawn(std::future::pending::<()>().instrument(span));
        }
        Handler::Exit => std::process::exit(7),
    }
    Ok(FunctionResponse::BufferedResponse(json!({ "spans": spans, "padding": padding.len() })))
}

#[expect(clippy::panic, reason = "the panic of a user")]
fn fall() {
    panic!("the handler falls")
}

/// Returns a slow stream of parts, which ends with `error` if given.
fn streamed(parts: u32, error: Option<&'static str>) -> FunctionResponse<Value, Parts> {
    let parts = (0..parts).map(|number| Ok(format!("part {number}\n").into_bytes()));
    let parts = stream::iter(parts.chain(error.map(|error| Err(error.into()))));
    let slowly = stream::StreamExt::then(parts, |part| async {
        sleep(Duration::from_millis(1)).await;
        part
    });
    FunctionResponse::StreamingResponse(StreamResponse::from(Box::pin(slowly) as Parts))
}
