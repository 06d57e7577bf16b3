//! The response to a call, recorded on the span of the call.

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Output};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::Headers;
use serde::Deserialize;
use thundra_core::{Description, SpanExt, Status, TraceContext, semconv};
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

    /// Adds the facts about messages.
    fn describe(&self, to: &mut Description<'_>) {
        if let Some(count) = self.received {
            to.value(semconv::MESSAGING_BATCH_MESSAGE_COUNT, &count.into());
        }
        if let Some(id) = &self.message_id {
            to.text(semconv::MESSAGING_MESSAGE_ID, id);
        }
        if let Some(shard) = &self.partition {
            to.text(semconv::MESSAGING_DESTINATION_PARTITION_ID, shard);
        }
    }

    /// Records the rest: failures of messages or of awaited work, and the attributes of the service.
    fn record_outcome(self, span: &Span) {
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
        if !self.attributes.is_empty() {
            span.set_attributes(self.attributes);
        }
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
    let ids = response.map(|response| RequestIds::of(response.headers())).unwrap_or_default();
    let read = match (context.output_or_error(), response) {
        (Some(Ok(output)), Some(response)) => read(output, response),
        _ => None,
    };
    span.describe_new(|to| {
        if attempts.made > 1 {
            to.number(semconv::HTTP_REQUEST_RESEND_COUNT, attempts.made - 1);
        }
        if attempts.throttled > 0 {
            to.number(semconv::THUNDRA_THROTTLED_ATTEMPTS, attempts.throttled);
        }
        if let Some(response) = response {
            to.number(semconv::HTTP_RESPONSE_STATUS_CODE, response.status().as_u16());
        }
        if let Some(id) = ids.id {
            to.text(semconv::AWS_REQUEST_ID, id);
        }
        if let Some(id) = ids.extended {
            to.text(semconv::AWS_EXTENDED_REQUEST_ID, id);
        }
        if let Some(read) = &read {
            read.describe(to);
        }
    });
    if let Some(read) = read {
        read.record_outcome(span);
    }
    if let Some(Err(error)) = context.output_or_error() {
        error::record(span, error, response);
    }
}

/// Returns the bytes of a response. Empty for a stream.
pub(crate) fn body(response: &HttpResponse) -> &[u8] {
    response.body().bytes().unwrap_or_default()
}

/// The ids of a request, read in one walk over the few headers of a response.
#[derive(Debug, Default)]
struct RequestIds<'a> {
    id: Option<&'a str>,
    extended: Option<&'a str>,
}

impl<'a> RequestIds<'a> {
    /// Reads the request id, whose header has three names, and the extended id of S3. The first value of a header
    /// counts.
    fn of(headers: &'a Headers) -> Self {
        let (mut ids, mut extended) = ([None; 3], None);
        for (name, value) in headers.iter() {
            let place = match name {
                "x-amzn-requestid" => ids.get_mut(0),
                "x-amz-request-id" => ids.get_mut(1),
                "x-amzn-request-id" => ids.get_mut(2),
                "x-amz-id-2" => Some(&mut extended),
                _ => None,
            };
            if let Some(place) = place {
                place.get_or_insert(value);
            }
        }
        RequestIds { id: ids.into_iter().flatten().next(), extended }
    }
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
            (&[("x-amzn-request-id", "c"), ("x-amz-request-id", "b")], Some("b")),
            (&[], None),
        ] {
            let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
            headers.iter().for_each(|(name, value)| _ = response.headers_mut().insert(*name, *value));
            assert_eq!(RequestIds::of(response.headers()).id, expected);
        }
    }
}
