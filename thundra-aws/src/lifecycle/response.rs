//! The handler's response on its way to the runtime.
//!
//! The runtime converts and serialises the response, each once. A panic of the user's types in either step ends the
//! process. To change nothing, [`Returned`] records the outcome while the runtime converts and serialises.

use lambda_runtime::{FunctionResponse, IntoFunctionResponse};
use serde::{Serialize, Serializer};
use thundra_core::exception::{Exception, short_type_name};
use thundra_core::{ScopeFlags, ScopeRef, contained, semconv};

use super::answer::Given;
use super::durable_status;
use super::http_status::report_status;
use super::response_members::{ResponseMembers, serialize_and_read};
use super::response_stream::ResponseStream;

/// The `error.type` of a response with a serialisation failure.
const INVALID_RESPONSE: &str = "invalid_response";

/// A response of the handler, or the answer in place of the handler's response.
#[derive(Debug)]
pub struct Returned<R> {
    response: Response<R>,
    invocation: Option<ScopeRef>,
}

#[derive(Debug)]
enum Response<R> {
    Handler(R),
    /// The handler was not called.
    Answer(Given),
}

impl<R> Returned<R> {
    pub(super) fn new(response: R, invocation: Option<ScopeRef>) -> Self {
        Returned { response: Response::Handler(response), invocation }
    }

    /// Returns the response that answers an invocation in place of the handler.
    pub(super) fn without_handler(response: Given, invocation: Option<ScopeRef>) -> Self {
        Returned { response: Response::Answer(response), invocation }
    }
}

impl<R, B, S> IntoFunctionResponse<ResponseBody<B>, ResponseStream<S>> for Returned<R>
where
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
{
    fn into_response(self) -> FunctionResponse<ResponseBody<B>, ResponseStream<S>> {
        let invocation = self.invocation;
        let response = match self.response {
            Response::Handler(response) => response.into_response(),
            Response::Answer(answer) => {
                return FunctionResponse::BufferedResponse(ResponseBody { body: Response::Answer(answer), invocation });
            }
        };
        match response {
            FunctionResponse::BufferedResponse(body) => {
                FunctionResponse::BufferedResponse(ResponseBody { body: Response::Handler(body), invocation })
            }
            FunctionResponse::StreamingResponse(response) => {
                if let Some(invocation) = invocation {
                    report_status(invocation, response.metadata_prelude.status_code.as_u16());
                }
                FunctionResponse::StreamingResponse(lambda_runtime::StreamResponse {
                    metadata_prelude: response.metadata_prelude,
                    stream: ResponseStream::new(response.stream, invocation),
                })
            }
        }
    }
}

/// A response in one piece. Serialisation records a failure, and the status of an HTTP response or of a durable
/// execution.
#[derive(Debug)]
pub struct ResponseBody<B> {
    body: Response<B>,
    invocation: Option<ScopeRef>,
}

impl<B: Serialize> Serialize for ResponseBody<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.body {
            Response::Handler(body) => serialize(body, self.invocation, serializer),
            Response::Answer(answer) => serialize(answer, self.invocation, serializer),
        }
    }
}

fn serialize<S: Serializer>(
    body: &impl Serialize,
    invocation: Option<ScopeRef>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let Some(invocation) = invocation else { return body.serialize(serializer) };
    let flags = invocation.flags();
    let (is_http, is_durable) =
        (flags.contains(ScopeFlags::HTTP_RESPONSE), flags.contains(ScopeFlags::DURABLE_EXECUTION));
    let (result, members) = match is_http || is_durable {
        true => serialize_and_read(body, serializer, is_http && is_durable),
        false => (body.serialize(serializer), ResponseMembers::default()),
    };
    let code = if is_durable { members.result_status_code } else { members.status_code };
    if is_durable {
        durable_status::report(invocation, members);
    }
    if let Some(code) = code.filter(|_| is_http) {
        report_status(invocation, code);
    }
    result.inspect_err(|error| {
        let why = contained(|| error.to_string()).unwrap_or_default();
        let error_type = short_type_name(std::any::type_name::<S::Error>()).to_owned();
        invocation.set_flags(ScopeFlags::FAILED);
        invocation.fail(&Exception::new(error_type, "the response could not be serialised").caused_by([why]));
        invocation.set_attribute(semconv::ERROR_TYPE, INVALID_RESPONSE);
    })
}
