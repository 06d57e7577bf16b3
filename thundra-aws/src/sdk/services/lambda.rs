//! Lambda: `Invoke` and `InvokeWithResponseStream`.
//!
//! A caller who waits sends a [client context](client_context) beside the payload. Lambda does not deliver
//! one to asynchronous invocations, so there the context goes into the payload, unless an execution is named: that
//! is idempotent by its payload. A dry run invokes nothing, and the deprecated `InvokeAsync` is left alone.

use aws_sdk_lambda::operation::invoke::InvokeInput;
use aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamInput;
use aws_sdk_lambda::types::{InvocationType, ResponseStreamingInvocationType};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use thundra_core::propagation::Outbound;

use crate::sdk::message::client_context;
use crate::sdk::message::limits::Limits;
use crate::sdk::message::payload::{self as json, Message, excluded};
use crate::sdk::message::{Injected, Skipped};
use crate::sdk::request::function;

/// What an asynchronous invocation takes: 1 MB, read as the smaller of the two that are called so.
const MAX_BYTES: usize = 1_000_000;

/// `None` when this is another operation's input.
pub(crate) fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
    if let Some(invoke) = input.downcast_mut::<InvokeInput>() {
        return Some(match invoke.invocation_type {
            None | Some(InvocationType::RequestResponse) => {
                client_context::inject(&mut invoke.client_context, outbound)
            }
            Some(InvocationType::Event) => into_payload(invoke, outbound, limits),
            Some(_) => Injected::default(),
        });
    }
    let invoke = input.downcast_mut::<InvokeWithResponseStreamInput>()?;
    Some(match invoke.invocation_type {
        None | Some(ResponseStreamingInvocationType::RequestResponse) => {
            client_context::inject(&mut invoke.client_context, outbound)
        }
        Some(_) => Injected::default(),
    })
}

fn into_payload(invoke: &mut InvokeInput, outbound: &Outbound, limits: Limits) -> Injected {
    let function = invoke.function_name.as_deref().and_then(|name| function(name).0);
    let closed = match invoke.durable_execution_name {
        Some(_) => Some(Skipped::Named),
        None => excluded("lambda", function.unwrap_or_default()),
    };
    let payload = invoke.payload.as_mut();
    let size = payload.as_ref().map_or(0, |payload| payload.as_ref().len());
    let room = MAX_BYTES.min(limits.message).saturating_sub(size);
    let injected = json::inject(vec![Message { payload, size, room, closed }], room, outbound);
    // An invocation is the span of a client, whether or not somebody waits for it:
    // https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/faas/faas-spans.md
    Injected { own_context: false, ..injected }
}
