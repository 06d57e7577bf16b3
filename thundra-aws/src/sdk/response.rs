//! The response to a call, recorded on the span of the call.

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Output};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;
use serde::Deserialize;
use thundra_core::{SpanExt, Status, TraceContext, Value, semconv};
use tracing::Span;

use super::error;
use crate::attributes::Attributes;

/// Facts in a successful response about the messages of a call.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Response {
    /// Id of a single message.
    pub(crate) message_id: Option<String>,
    /// Shard of a single record.
    pub(crate) partition: Option<String>,
    /// Number of failed messages in a batch, and the code of the first.
    pub(crate) failed: Option<(usize, String)>,
    /// Number of messages in a batch; 0 if the response does not tell.
    pub(crate) total: usize,
    /// Error type and description of awaited work: an invoked function, an execution.
    pub(crate) error: Option<(String, String)>,
    /// Number of received messages, unless counted in [`Received`].
    pub(crate) received: Option<usize>,
    pub(crate) attributes: Attributes,
}

impl Response {
    pub(crate) fn of_message(message_id: Option<String>) -> Self {
        Response { message_id, ..Response::default() }
    }

    pub(crate) fn of_received(messages: usize) -> Self {
        Response { received: Some(messages), ..Response::default() }
    }

    /// Returns the response to a batch, given the codes of the failed messages.
    pub(crate) fn of_batch(total: usize, mut codes: impl Iterator<Item = String>) -> Self {
        let failed = codes.next().map(|first| (1 + codes.count(), first));
        Response { failed, total, ..Response::default() }
    }

    pub(crate) fn of_entries(entries: Vec<EntryResult>) -> Self {
        let total = entries.len();
        let codes = entries.into_iter().filter_map(|entry| entry.error_code);
        Response::of_batch(total, codes.filter(|code| !code.is_empty()))
    }

    pub(crate) fn failed(error_type: String, description: String) -> Self {
        Response { error: Some((error_type, description)), ..Response::default() }
    }

    fn record(self, span: &Span) {
        if let Some(count) = self.received {
            span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, count);
        }
        if let Some(id) = self.message_id {
            span.set_attribute(semconv::MESSAGING_MESSAGE_ID, id);
        }
        if let Some(shard) = self.partition {
            span.set_attribute(semconv::MESSAGING_DESTINATION_PARTITION_ID, shard);
        }
        if let Some((error_type, description)) = self.error {
            span.set_status(Status::error(description));
            span.set_attribute(semconv::ERROR_TYPE, error_type);
        }
        if let Some((count, code)) = self.failed {
            span.set_attribute(semconv::THUNDRA_BATCH_FAILURES, count);
            span.set_attribute(semconv::ERROR_TYPE, code.clone());
            span.set_status(Status::error(match self.total {
                0 => format!("{count} items failed: {code}"),
                total => format!("{count} of {total} messages failed: {code}"),
            }));
        }
        span.set_attributes(self.attributes);
    }
}

/// The result of an entry of a batch, in the form shared by several services.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct EntryResult {
    error_code: Option<String>,
}

/// Received messages.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) messages: usize,
    /// Known spans of the senders.
    pub(crate) producers: Vec<TraceContext>,
}

/// Number of attempts of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    pub(crate) made: u32,
    /// Attempts refused by the service because of too many calls.
    pub(crate) throttled: u32,
}

/// Records the result of a call on the span. `read` reads a successful response.
pub(crate) fn record(
    span: &Span,
    context: &FinalizerInterceptorContextRef<'_>,
    attempts: Attempts,
    read: impl FnOnce(&Output, &HttpResponse) -> Option<Response>,
) {
    let response = context.response();
    let header = |name| response.and_then(|response| response.headers().get(name)).map(str::to_owned);
    let attributes: [(&str, Option<Value>); 5] = [
        (semconv::HTTP_REQUEST_RESEND_COUNT, (attempts.made > 1).then(|| (attempts.made - 1).into())),
        (semconv::THUNDRA_THROTTLED_ATTEMPTS, (attempts.throttled > 0).then(|| attempts.throttled.into())),
        (semconv::HTTP_RESPONSE_STATUS_CODE, response.map(|response| response.status().as_u16().into())),
        (semconv::AWS_REQUEST_ID, response.and_then(request_id).map(|id| id.to_owned().into())),
        (semconv::AWS_EXTENDED_REQUEST_ID, header("x-amz-id-2").map(Value::from)),
    ];
    span.set_attributes(attributes.into_iter().filter_map(|(key, value)| Some((key, value?))));
    match context.output_or_error() {
        Some(Ok(output)) => {
            if let Some(response) = response.and_then(|response| read(output, response)) {
                response.record(span);
            }
        }
        Some(Err(error)) => error::record(span, error, response),
        None => {}
    }
}

/// Returns the bytes of a response. Empty for a stream.
pub(crate) fn body(response: &HttpResponse) -> &[u8] {
    response.body().bytes().unwrap_or_default()
}

/// Returns the request id. The header has three names, of which the SDK reads two.
fn request_id(response: &HttpResponse) -> Option<&str> {
    response.request_id().or_else(|| response.headers().get("x-amzn-request-id"))
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn the_request_id_has_three_spellings() {
        for (headers, expected) in [
            (&[("x-amzn-requestid", "a")][..], Some("a")),
            (&[("x-amz-request-id", "b")], Some("b")),
            (&[("x-amzn-request-id", "c")], Some("c")),
            (&[("x-amzn-request-id", "c"), ("x-amzn-requestid", "a")], Some("a")),
            (&[], None),
        ] {
            let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
            headers.iter().for_each(|(name, value)| _ = response.headers_mut().insert(*name, *value));
            assert_eq!(request_id(&response), expected);
        }
    }
}
