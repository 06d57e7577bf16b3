//! A run outside Lambda: one event from a file or from standard input, one response on standard output.
//!
//! The input may also be the line of a [captured](super::evidence) event.

mod input;
mod metrics;
mod replay;

use std::io::Write;
use std::panic::resume_unwind;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lambda_runtime::{Context, Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent};
use serde::{Deserialize, Serialize};
use thundra_core::Config;
use thundra_core::exception::short_type_name;
use tower_service::Service;

use super::answer::Answer;
use super::layer::export_last;
use super::watchdog::Watch;
use super::{event, invocation, setup, warmup};
use crate::emf;
use crate::panics::catch_panic_in;

/// Reads the input of a local run, before the program's own code runs. Does nothing in Lambda.
///
/// # Errors
///
/// The input cannot be read, or has masked or cut parts without the argument `--replay-masked`.
pub(crate) fn check_input() -> Result<(), Error> {
    if setup::in_lambda() { Ok(()) } else { input::check() }
}

/// Runs the handler once, prints the response, and shows spans and metrics. The event comes from the file named by the
/// first argument, or from standard input.
pub(super) async fn run<A, H, R, B, S, D, E>(mut handler: H, config: &Config) -> Result<(), Error>
where
    H: Service<LambdaEvent<A>, Response = R>,
    H::Error: Into<Diagnostic>,
    R: IntoFunctionResponse<B, S>,
    A: for<'de> Deserialize<'de>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    emf::leave_stdout_to_the_response();
    metrics::prepare(config);
    let input = input::take()?;
    let mut body = input.event.clone();
    let mut context = Context::default();
    context.request_id = uuid::Uuid::new_v4().to_string();
    let context_of_event = input.context(&context);
    if let Some(ping) = warmup::answer(&body, &context_of_event, config) {
        let payload = Answer::in_place_of_handler(Some(ping), || parse(&body))?;
        let response = handler.call(LambdaEvent::new(payload, context)).await.map_err(failed)?;
        return print(response.into_response()).await;
    }
    let scope = invocation::begin(&mut body, &context_of_event, None, config);
    input.link(&scope);
    let work = async {
        let payload = Answer::in_place_of_handler(invocation::answer(*scope, config), || parse(&body))?;
        std::future::poll_fn(|cx| handler.poll_ready(cx)).await.map_err(failed)?;
        let response = handler.call(LambdaEvent::new(payload, context)).await.map_err(failed)?;
        print(response.into_response()).await
    };
    let result = catch_panic_in(&scope, work).await;
    if let Ok(Err(_)) = result {
        event::report_unless_called(*scope);
    }
    export_last(invocation::finish(scope, Watch::default()), config).await;
    metrics::print();
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Parses the event as the type of the handler. Text other than JSON has a separate error.
fn parse<A: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<A, Error> {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| format!("the event is not JSON: {error}"))?;
    let fits = serde_json::from_slice(body);
    fits.map_err(|error| format!("the event is not what the handler takes: {error}").into())
}

fn failed(failed: impl Into<Diagnostic>) -> Error {
    let Diagnostic { error_type, error_message } = failed.into();
    format!("the handler failed: {error_message} ({})", short_type_name(&error_type)).into()
}

async fn print<B, S, D, E>(response: FunctionResponse<B, S>) -> Result<(), Error>
where
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    match response {
        FunctionResponse::BufferedResponse(body) => {
            let text = serde_json::to_string_pretty(&body)?;
            writeln!(std::io::stdout().lock(), "{text}")?;
        }
        FunctionResponse::StreamingResponse(mut response) => {
            while let Some(chunk) = response.stream.next().await {
                std::io::stdout().lock().write_all(&chunk.map_err(Into::into)?.into())?;
            }
        }
    }
    Ok(())
}
