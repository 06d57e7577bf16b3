//! The replay of durable executions, as [AWS's SDK] marks it.
//!
//! Each invocation of an execution runs the handler from the top. The SDK has a span around the handler, and one around
//! each child context and each branch. Its field `isReplay` is `true` up to the first operation that no earlier
//! invocation began. The branches of `map` and `parallel`, and what is spawned, run in tasks that the SDK spawns: their
//! spans find the invocation by its request id.
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
