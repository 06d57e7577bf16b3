//! Step Functions: `StartExecution` and `StartSyncExecution`.
//!
//! `traceHeader` goes with every start, and the HTTP header too, which wins over it; the context into the input of
//! those without a name: a start that has one is idempotent by its input. An input has 256 KiB.

use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
use aws_sdk_sfn::operation::start_sync_execution::{StartSyncExecutionInput, StartSyncExecutionOutput};
use aws_sdk_sfn::types::SyncExecutionStatus;
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use thundra_core::propagation::Outbound;

use crate::sdk::message::limits::Limits;
use crate::sdk::message::payload::{self as json, Message, excluded};
use crate::sdk::message::{Injected, Skipped, TraceHeader, trace_header};
use crate::sdk::response::Sent;

const MAX_BYTES: usize = 256 * 1024;
/// What a `traceHeader` may have.
const MAX_HEADER_BYTES: usize = 256;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    let (arn, name, input, header) = if let Some(start) = input.downcast_mut::<StartExecutionInput>() {
        (&start.state_machine_arn, &start.name, &mut start.input, &mut start.trace_header)
    } else {
        let start = input.downcast_mut::<StartSyncExecutionInput>()?;
        (&start.state_machine_arn, &start.name, &mut start.input, &mut start.trace_header)
    };
    let is_own = trace_header::set(header, outbound, MAX_HEADER_BYTES);
    let trace_header = match header.clone() {
        Some(own) if is_own => TraceHeader::Own(own),
        Some(_) => TraceHeader::Callers,
        None => TraceHeader::Received,
    };
    let closed = match name {
        Some(_) => Some(Skipped::Named),
        None => excluded("stepfunctions", state_machine(arn.as_deref().unwrap_or_default())),
    };
    let payload = input.as_mut();
    let size = payload.as_ref().map_or(0, |input| input.len());
    let room = MAX_BYTES.min(limits.message).saturating_sub(size);
    let injected = json::inject(vec![Message { payload, size, room, closed }], room, outbound);
    // A start is the span of a client: the execution is no message.
    Some(Injected { own_context: false, trace_header, ..injected })
}

/// What became of an execution that was waited for; `None` when this is another operation's output. Its cause may quote
/// the input.
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    let output = output.downcast_ref::<StartSyncExecutionOutput>()?;
    let failed = output.status != SyncExecutionStatus::Succeeded;
    let error = || output.error.clone().unwrap_or_else(|| output.status.as_str().to_owned());
    Some(Sent { execution: failed.then(error), ..Sent::default() })
}

/// The name in an ARN that may have a version, an alias or the label of a map after it.
fn state_machine(arn: &str) -> &str {
    let name = arn.split(':').nth(6).unwrap_or_default();
    name.split('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_machine_is_known_by_its_name() {
        let arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders";
        for arn in [arn.to_owned(), format!("{arn}:7"), format!("{arn}:live"), format!("{arn}/each:live")] {
            assert_eq!(state_machine(&arn), "orders", "{arn}");
        }
        assert_eq!(state_machine("orders"), "");
    }
}
