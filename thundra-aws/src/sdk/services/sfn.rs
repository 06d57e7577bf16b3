//! Step Functions: state machines and executions.
//!
//! Each start gets a `traceHeader` and the HTTP header. The HTTP header wins over the `traceHeader`. An input that is a
//! JSON object gets a `__context__` member, unless the start has a name, which makes it idempotent by its input. An
//! input has 256 KiB at most.

use thundra_core::semconv;

use super::service::{Attributes, Operation, Service, TakeAttributes, add};

pub(super) static SERVICE: Service = Service {
    id: "SFN",
    signing_name: "states",
    names: &["stateMachineArn", "activityArn"],
    attributes,
    request: |_| Attributes::new(),
    batch_size: |_| None,
    response: |_, _| None,
    writes: None,
    messages: if_feature!("sfn", messages::MESSAGES),
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    add(attributes, semconv::AWS_STEP_FUNCTIONS_STATE_MACHINE_ARN, operation.member("stateMachineArn"));
    add(attributes, semconv::AWS_STEP_FUNCTIONS_ACTIVITY_ARN, operation.member("activityArn"));
}

#[cfg(feature = "sfn")]
pub(crate) mod messages {
    //! The inputs of `StartExecution` and `StartSyncExecution`.

    use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
    use aws_sdk_sfn::operation::start_sync_execution::{StartSyncExecutionInput, StartSyncExecutionOutput};
    use aws_sdk_sfn::types::SyncExecutionStatus;
    use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
    use thundra_core::propagation::Outbound;
    use thundra_core::redact;

    use crate::payload_patterns::PayloadService;
    use crate::sdk::message::limits::Limits;
    use crate::sdk::message::payload::{self, Message, excluded};
    use crate::sdk::message::trace_header::{self, TraceHeader};
    use crate::sdk::message::{Injected, Skipped};
    use crate::sdk::response::Response;
    use crate::sdk::services::service::Messages;

    pub(super) const MESSAGES: Messages = Messages {
        module: "sfn",
        target: |operation| operation.member("stateMachineArn"),
        named: |_| None,
        inject,
        each_in_batch: |_, _| {},
        response,
        refused: |_| Vec::new(),
        request_attributes: |_, _| {},
        received: |_, _| None,
    };

    const MAX_BYTES: usize = 256 * 1024;
    /// Largest `traceHeader`.
    const MAX_HEADER_BYTES: usize = 256;

    fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
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
        let skip = match name {
            Some(_) => Some(Skipped::Named),
            None => excluded(PayloadService::StepFunctions, state_machine(arn.as_deref().unwrap_or_default())),
        };
        let payload = input.as_mut();
        let size = payload.as_ref().map_or(0, |input| input.len());
        let room = MAX_BYTES.min(limits.message).saturating_sub(size);
        let injected = payload::inject(vec![Message { payload, size, room, skip }], room, outbound);
        // A start is a client span: an execution is not a message.
        Some(Injected { own_context: false, trace_header, ..injected })
    }

    /// Reads the error of an awaited execution. The cause is skipped, because a cause may quote the input.
    fn response(output: &Output) -> Option<Response> {
        let output = output.downcast_ref::<StartSyncExecutionOutput>()?;
        if output.status == SyncExecutionStatus::Succeeded {
            return Some(Response::default());
        }
        let error = output.error.clone().unwrap_or_else(|| output.status.as_str().to_owned());
        let error = redact::text(error).into_owned();
        let description = format!("the execution failed: {error}");
        Some(Response::failed(error, description))
    }

    /// Returns the name in an ARN, without a version, an alias or the label of a map.
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
}
