//! How a call ended.

use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_types::request_id::RequestId;
use thundra_core::{SpanExt, Status, semconv};
use tracing::Span;

use super::{error, inject};

/// What an answer of status 200 says about the messages that were sent.
#[derive(Debug, Default, PartialEq)]
#[cfg_attr(not(any(feature = "sns", feature = "sqs", feature = "kinesis")), allow(dead_code))]
pub(crate) struct Sent {
    /// The id that a single message got.
    pub(crate) message_id: Option<String>,
    /// The shard that a single record went to.
    pub(crate) partition: Option<String>,
    /// How many of a batch were refused, and the code of the first.
    pub(crate) failed: Option<(usize, String)>,
    /// How many messages the batch had.
    pub(crate) total: usize,
}

/// Records the result on the span of the call.
pub(crate) fn record(span: &Span, context: &FinalizerInterceptorContextRef<'_>, attempts: u32) {
    if attempts > 1 {
        span.set_attribute(semconv::HTTP_REQUEST_RESEND_COUNT, attempts - 1);
    }
    let response = context.response();
    if let Some(response) = response {
        span.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, response.status().as_u16());
        if let Some(id) = response.request_id() {
            span.set_attribute(semconv::AWS_REQUEST_ID, id.to_owned());
        }
        if let Some(id) = response.headers().get("x-amz-id-2") {
            span.set_attribute(semconv::AWS_EXTENDED_REQUEST_ID, id.to_owned());
        }
        // An invoked function that failed is a success of the call: HTTP 200.
        if let Some(kind) = response.headers().get("x-amz-function-error") {
            span.set_attribute(semconv::ERROR_TYPE, kind.to_owned());
            span.set_status(Status::error("the invoked function failed"));
        }
    }
    match context.output_or_error() {
        Some(Ok(output)) => sent(span, inject::sent(output).unwrap_or_default()),
        Some(Err(error)) => error::record(span, error, response),
        None => {}
    }
}

fn sent(span: &Span, sent: Sent) {
    if let Some(id) = sent.message_id {
        span.set_attribute(semconv::MESSAGING_MESSAGE_ID, id);
    }
    if let Some(shard) = sent.partition {
        span.set_attribute(semconv::MESSAGING_DESTINATION_PARTITION_ID, shard);
    }
    if let Some((count, code)) = sent.failed {
        span.set_attribute(semconv::THUNDRA_BATCH_FAILURES, count);
        span.set_attribute(semconv::ERROR_TYPE, code.clone());
        span.set_status(Status::error(format!("{count} of {} messages failed: {code}", sent.total)));
    }
}
