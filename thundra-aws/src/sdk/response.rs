//! How a call ended.

use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_types::request_id::RequestId;
use thundra_core::{SpanExt, Status, Value, redact, semconv};
use tracing::Span;

use super::services::dynamodb;
use super::{error, message, partial};

/// What an answer of status 200 says about the messages that were sent, or came with it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sent {
    /// The id that a single message got.
    pub(crate) message_id: Option<String>,
    /// The shard that a single record went to.
    pub(crate) partition: Option<String>,
    /// How many of a batch were refused, and the code of the first.
    pub(crate) failed: Option<(usize, String)>,
    /// The error of an execution that was waited for.
    pub(crate) execution: Option<String>,
    /// How many messages the batch had; 0 where the answer does not say.
    pub(crate) total: usize,
    /// How many were received, where [`receive`](super::receive) does not count them.
    pub(crate) received: Option<usize>,
}

/// How often a call was made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    pub(crate) made: u32,
    /// How many the service refused because there were too many calls.
    pub(crate) throttled: u32,
}

/// Records the result on the span of the call.
pub(crate) fn record(
    span: &Span,
    context: &FinalizerInterceptorContextRef<'_>,
    operation: &Metadata,
    attempts: Attempts,
) {
    let response = context.response();
    let header = |name| response.and_then(|response| response.headers().get(name)).map(str::to_owned);
    // An invoked function that failed is a success of the call: HTTP 200.
    let function_error = header("x-amz-function-error");
    if function_error.is_some() {
        span.set_status(Status::error("the invoked function failed"));
    }
    let said: [(&str, Option<Value>); 6] = [
        (semconv::HTTP_REQUEST_RESEND_COUNT, (attempts.made > 1).then(|| (attempts.made - 1).into())),
        (semconv::THUNDRA_THROTTLED_ATTEMPTS, (attempts.throttled > 0).then(|| attempts.throttled.into())),
        (semconv::HTTP_RESPONSE_STATUS_CODE, response.map(|response| response.status().as_u16().into())),
        (semconv::AWS_REQUEST_ID, response.and_then(request_id).map(|id| id.to_owned().into())),
        (semconv::AWS_EXTENDED_REQUEST_ID, header("x-amz-id-2").map(Value::from)),
        (semconv::ERROR_TYPE, function_error.map(Value::from)),
    ];
    span.set_attributes(said.into_iter().filter_map(|(key, value)| Some((key, value?))));
    match context.output_or_error() {
        Some(Ok(output)) => {
            let body = response.and_then(|response| response.body().bytes()).unwrap_or_default();
            let partial = || partial::read(operation.service(), operation.name(), body);
            sent(span, message::sent(output).or_else(partial).unwrap_or_default());
            if operation.service() == "DynamoDB" {
                span.set_attributes(dynamodb::answer(operation.name(), body));
            }
        }
        Some(Err(error)) => error::record(span, error, response),
        None => {}
    }
}

/// The id in any of its three spellings, of which the SDK's own reader knows two.
fn request_id(response: &HttpResponse) -> Option<&str> {
    response.request_id().or_else(|| response.headers().get("x-amzn-request-id"))
}

fn sent(span: &Span, sent: Sent) {
    if let Some(count) = sent.received {
        span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, count);
    }
    if let Some(id) = sent.message_id {
        span.set_attribute(semconv::MESSAGING_MESSAGE_ID, id);
    }
    if let Some(shard) = sent.partition {
        span.set_attribute(semconv::MESSAGING_DESTINATION_PARTITION_ID, shard);
    }
    if let Some(error) = sent.execution {
        let error = redact::text(error);
        span.set_status(Status::error(format!("the execution failed: {error}")));
        span.set_attribute(semconv::ERROR_TYPE, error);
    }
    if let Some((count, code)) = sent.failed {
        span.set_attribute(semconv::THUNDRA_BATCH_FAILURES, count);
        span.set_attribute(semconv::ERROR_TYPE, code.clone());
        span.set_status(Status::error(match sent.total {
            0 => format!("{count} items failed: {code}"),
            total => format!("{count} of {total} messages failed: {code}"),
        }));
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
            (&[], None),
        ] {
            let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
            headers.iter().for_each(|(name, value)| _ = response.headers_mut().insert(*name, *value));
            assert_eq!(request_id(&response), expected);
        }
    }
}
