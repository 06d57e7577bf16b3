//! A run outside Lambda: events from a file or from standard input, one after the other, and the responses on standard
//! output.
//!
//! An event may also be the line of a [captured](super::evidence) event.

mod events;
mod hint;
mod input;
mod metrics;
mod replay;
mod values;

use std::io::Write;
use std::panic::resume_unwind;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lambda_runtime::{Context, Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent};
use serde::{Deserialize, Serialize};
use thundra_core::exception::short_type_name;
use thundra_core::export::{StandardStream, write_line};
use thundra_core::{Config, Records};
use tower_service::Service;

use self::events::{Event, Events};
use super::answer::Answer;
use super::layer::{export, export_last};
use super::watchdog::Watch;
use super::{invocation, reporting, setup, warmup};
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

/// Runs the handler for each event, prints the responses, and shows spans and metrics. The events come from the file
/// named by the first argument, or from standard input.
///
/// # Errors
///
/// The error of the only event. Of several events, all are run, and each failure is reported at once.
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
    let Events { events, broken } = input::take()?;
    if let ([event], None) = (events.as_slice(), &broken) {
        let result = run_one(&mut handler, event, Form::Pretty, Moment::Last, config).await;
        return result.unwrap_or_else(|panic| resume_unwind(panic));
    }
    let (count, mut failures) = (events.len(), Failures::default());
    for (number, event) in (1..).zip(&events) {
        let moment = if number == count { Moment::Last } else { Moment::Between };
        let failure = match run_one(&mut handler, event, Form::Line, moment, config).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            // The hook has reported the message. Lambda goes on as well.
            Err(_) => "the handler panicked".to_owned(),
        };
        failures.report(&format!("event {number} (line {}): {failure}", event.line));
    }
    failures.result(count, broken)
}

/// The form of a printed response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The only response, for people.
    Pretty,
    /// A line for each response.
    Line,
}

/// The place of an event in a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Between,
    Last,
}

/// The failures of several events.
#[derive(Default)]
struct Failures(usize);

impl Failures {
    fn report(&mut self, failure: &str) {
        self.0 += 1;
        // If standard error is closed, the exit code is the only report.
        let _ = write_line(StandardStream::Error, format!("error: {failure}\n").as_bytes());
    }

    fn result(self, count: usize, broken: Option<String>) -> Result<(), Error> {
        match (self.0, broken) {
            (0, None) => Ok(()),
            (0, Some(broken)) => Err(broken.into()),
            (failed, None) => Err(format!("{failed} of {count} events failed").into()),
            (failed, Some(broken)) => Err(format!("{failed} of {count} events failed, and {broken}").into()),
        }
    }
}

/// Runs the handler for an event. Returns the panic of the handler, after the export.
async fn run_one<A, H, R, B, S, D, E>(
    handler: &mut H,
    event: &Event,
    form: Form,
    moment: Moment,
    config: &Config,
) -> std::thread::Result<Result<(), Error>>
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
    let mut body = event.bytes.clone();
    let mut context = Context::default();
    context.request_id = uuid::Uuid::new_v4().to_string();
    let context_of_event = event.context(&context);
    if let Some(ping) = warmup::answer(&body, &context_of_event, config) {
        let answered = async {
            let payload = Answer::in_place_of_handler(Some(ping), || parse(&body))?;
            let response = handler.call(LambdaEvent::new(payload, context)).await.map_err(failed)?;
            print(response.into_response(), form).await
        };
        let answered = answered.await;
        if moment == Moment::Last {
            export_last(Records::default(), config).await;
            metrics::print();
        }
        return Ok(answered);
    }
    let scope = invocation::begin(&mut body, &context_of_event, None, config);
    event.link(&scope);
    let work = async {
        let payload = Answer::in_place_of_handler(invocation::answer(*scope, config), || parse(&body))?;
        std::future::poll_fn(|cx| handler.poll_ready(cx)).await.map_err(failed)?;
        let response = handler.call(LambdaEvent::new(payload, context)).await.map_err(failed)?;
        print(response.into_response(), form).await
    };
    let result = catch_panic_in(&scope, work).await;
    if let Ok(Err(_)) = result {
        reporting::report_unless_called(*scope);
    }
    let records = invocation::finish(scope, Watch::default());
    let has_tree = !records.is_empty();
    match moment {
        Moment::Between => export(records, None, config).await,
        Moment::Last => export_last(records, config).await,
    }
    metrics::print();
    if moment == Moment::Last && has_tree {
        hint::print();
    }
    result
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

async fn print<B, S, D, E>(response: FunctionResponse<B, S>, form: Form) -> Result<(), Error>
where
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    match response {
        FunctionResponse::BufferedResponse(body) => {
            let text = match form {
                Form::Pretty => serde_json::to_string_pretty(&body)?,
                Form::Line => serde_json::to_string(&body)?,
            };
            writeln!(std::io::stdout().lock(), "{text}")?;
        }
        FunctionResponse::StreamingResponse(mut response) => {
            while let Some(chunk) = response.stream.next().await {
                std::io::stdout().lock().write_all(&chunk.map_err(Into::into)?.into())?;
            }
            if form == Form::Line {
                writeln!(std::io::stdout().lock())?;
            }
        }
    }
    Ok(())
}
