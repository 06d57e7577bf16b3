//! The call of a handler in a test, as the runtime calls it.

use std::fmt::Debug;
use std::future::poll_fn;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lambda_runtime::{
    Context, Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent, MetadataPrelude,
};
use serde::{Deserialize, Serialize};
use thundra_core::exception::short_type_name;
use tower_service::Service;

use super::error::{InvocationError, InvocationErrorKind};
use crate::lifecycle::answer::Answer;
use crate::lifecycle::event::Payload;
use crate::lifecycle::reporting::Reporting;

/// The event and the context for a handler.
#[derive(Debug)]
pub struct Delivered {
    pub(super) event: Bytes,
    pub(super) context: Context,
    /// The answer in place of the handler's response.
    pub(super) answer: Option<Answer>,
}

/// The response of a handler.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The status and the headers of a streamed response.
    pub(super) prelude: Option<MetadataPrelude>,
    pub(super) body: Vec<u8>,
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
    // The runtime logs the `Debug` text first. The text has the sources of some errors.
    let _ = format!("{failed:?}");
    let Diagnostic { error_type, error_message } = failed.into();
    InvocationError::new(InvocationErrorKind::Handler, short_type_name(&error_type), error_message)
}

fn invalid_response(error: impl ToString) -> InvocationError {
    InvocationError::new(InvocationErrorKind::InvalidResponse, "invalid_response", error.to_string())
}
