//! The replay of durable executions, as marked by [AWS's SDK].
//!
//! Each invocation of an execution runs the handler from the top. The SDK has a span around the handler, around each
//! child context and around each branch. The field `isReplay` of the spans is `true` up to the first operation that no
//! earlier invocation began. The branches of `map` and `parallel`, and spawned work, run in tasks of the SDK. The spans
//! of the tasks find the invocation by the request id.
//!
//! [AWS's SDK]: https://docs.rs/aws-durable-execution-sdk/0.1/aws_durable_execution_sdk/observability/index.html

use thundra_core::{ReplayMarks, mark_replays, semconv};

/// The fields of the SDK's spans have the names of AWS's plugins for OpenTelemetry, so one query finds the spans of all
/// languages.
const MARKS: ReplayMarks = ReplayMarks {
    library: "aws_durable_execution_sdk",
    field: "isReplay",
    scope_field: "requestId",
    names: &[
        ("executionArn", semconv::DURABLE_EXECUTION_ARN),
        ("requestId", semconv::FAAS_INVOCATION_ID),
        ("isReplay", semconv::DURABLE_REPLAY),
        ("operationId", semconv::DURABLE_OPERATION_ID),
        ("attempt", semconv::DURABLE_ATTEMPT_NUMBER),
    ],
};

/// Does not record replayed work again. Called before the subscriber sees the first span of the SDK.
pub(super) fn know() {
    mark_replays(MARKS);
}
