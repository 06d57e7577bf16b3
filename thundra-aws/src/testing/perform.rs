//! The run of a handler in a test.

use std::any::Any;
use std::fmt::Debug;
use std::future::poll_fn;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lambda_runtime::{
    Context, Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent, MetadataPrelude,
};
use serde::{Deserialize, Serialize};
use thundra_core::Config;
use thundra_core::exception::short_type_name;
use thundra_core::testing::{Recorded, Recording};
use tower_service::Service;
use tracing::dispatcher::with_default;
use tracing::instrument::WithSubscriber;

use super::error::{InvocationError, InvocationErrorKind};
use super::handler::Handler;
use super::invocation::Invocation;
use super::thread_default::ThreadDefault;
use crate::lifecycle::answer::Answer;
use crate::lifecycle::event::Payload;
use crate::lifecycle::reporting::{Reporting, report_unless_called};
use crate::lifecycle::watchdog::Watch;
use crate::lifecycle::{invocation, warmup};
use crate::panics::catch_panic_in;

/// An event on its way to the function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) event: Bytes,
    pub(super) context: Context,
    pub(super) is_cold_start: bool,
}

/// An event on its way to the handler.
#[derive(Debug)]
pub struct Delivered {
    event: Bytes,
    context: Context,
    /// The answer in place of the handler's.
    answer: Option<Answer>,
}

/// The response of a handler.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The status and the headers of a streamed response.
    pub(super) prelude: Option<MetadataPrelude>,
    pub(super) body: Vec<u8>,
}

/// Runs a handler for an event, in an invocation.
pub(super) async fn run<H: Handler<Form>, Form>(call: Call, config: &'static Config, handler: H) -> Invocation {
    let Call { mut event, context, is_cold_start } = call;
    let recording = Recording::of_scopes(config);
    let dispatch = recording.dispatch().clone();
    let _of_thread = ThreadDefault::set(&dispatch);
    if let Some(ping) = warmup::answer(&event, &context, config) {
        let result = handler.perform(Delivered { event, context, answer: Some(ping) }).await;
        return Invocation { result, recorded: Recorded::default() };
    }
    let begin = || invocation::begin_as(is_cold_start, &mut event, &context, None, config);
    let scope = with_default(&dispatch, begin);
    recording.watch(*scope);
    let delivered = Delivered { event, context, answer: invocation::answer(*scope, config) };
    let result = catch_panic_in(&scope, handler.perform(delivered)).with_subscriber(dispatch.clone()).await;
    let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
    let records = with_default(&dispatch, || {
        if result.is_err() {
            report_unless_called(*scope);
        }
        invocation::finish(scope, Watch::default())
    });
    Invocation { result, recorded: recording.end(&records) }
}

/// Calls the service of a handler, as the runtime does.
pub(super) async fn call<A, H, R, B, S, D, E>(handler: H, delivered: Delivered) -> Result<Posted, InvocationError>
where
    H: Service<LambdaEvent<A>, Response = R>,
    H::Error: Into<Diagnostic> + Debug + 'static,
    R: IntoFunctionResponse<B, S>,
    A: for<'de> Deserialize<'de>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    let Delivered { event, context, answer } = delivered;
    let mut handler = Reporting::new(handler);
    let payload = Answer::in_place_of_handler(answer, || serde_json::from_slice::<Payload<A>>(&event));
    let payload = payload.map_err(|error| {
        let message = format!("the event is not what the handler takes: {error}");
        InvocationError::new(InvocationErrorKind::InvalidEvent, "invalid_event", message)
    })?;
    poll_fn(|cx| handler.poll_ready(cx)).await.map_err(failed)?;
    let response = handler.call(LambdaEvent::new(payload, context)).await.map_err(failed)?;
    match response.into_response() {
        FunctionResponse::BufferedResponse(body) => {
            let body = serde_json::to_vec(&body).map_err(invalid_response)?;
            Ok(Posted { prelude: None, body })
        }
        FunctionResponse::StreamingResponse(mut response) => {
            let mut body = Vec::new();
            while let Some(chunk) = response.stream.next().await {
                let chunk: Bytes = chunk.map_err(|error: Error| invalid_response(error))?.into();
                body.extend_from_slice(&chunk);
            }
            Ok(Posted { prelude: Some(response.metadata_prelude), body })
        }
    }
}

fn failed(failed: impl Into<Diagnostic> + Debug) -> InvocationError {
    // The runtime logs the text first. The sources of some errors are in it.
    let _ = format!("{failed:?}");
    let Diagnostic { error_type, error_message } = failed.into();
    InvocationError::new(InvocationErrorKind::Handler, short_type_name(&error_type), error_message)
}

fn invalid_response(error: impl ToString) -> InvocationError {
    InvocationError::new(InvocationErrorKind::InvalidResponse, "invalid_response", error.to_string())
}

fn panicked(panic: &(dyn Any + Send)) -> InvocationError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    InvocationError::new(InvocationErrorKind::Panic, "panic", text.unwrap_or("a panic without a message"))
}
