//! Lambda: functions and invocations.
//!
//! A synchronous invocation gets a [client context](crate::sdk::message::client_context) beside the payload. Lambda
//! does not deliver the client context of an asynchronous invocation. There the context goes into the payload, unless
//! the caller names a durable execution, which makes the invocation idempotent by its payload. A dry run and the
//! deprecated `InvokeAsync` do not change.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use thundra_core::semconv;

use super::checkpoint;
use super::service::{Attributes, Operation, Request, Service, TakeAttributes, add};
use crate::sdk::response::Response;

pub(super) static SERVICE: Service = Service {
    id: "Lambda",
    signing_name: "lambda",
    names: &["FunctionName", "UUID"],
    attributes,
    request,
    batch_size: |_| None,
    response: |_, response| function_error(response),
    writes: None,
    messages: if_feature!("lambda", messages::MESSAGES),
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    if !operation.name.starts_with("Invoke") {
        return add(attributes, semconv::AWS_LAMBDA_RESOURCE_MAPPING_ID, operation.member("UUID"));
    }
    let (function, region) = operation.member("FunctionName").map_or((None, None), function);
    add(attributes, semconv::FAAS_INVOKED_NAME, function);
    add(attributes, semconv::FAAS_INVOKED_PROVIDER, Some("aws"));
    add(attributes, semconv::FAAS_INVOKED_REGION, region.or(operation.region));
}

fn request(request: &Request<'_>) -> Attributes {
    if request.operation == "CheckpointDurableExecution" {
        checkpoint::attributes(request.body)
    } else {
        Attributes::new()
    }
}

/// Returns the name and the region of a function, in any form of the Lambda API:
/// `(arn:aws:lambda:)?(region:)?(account:)?(function:)?name(:qualifier)?`.
fn function(text: &str) -> (Option<&str>, Option<&str>) {
    let arn = text.strip_prefix("arn:").and_then(|arn| arn.split_once(":lambda:"));
    let mut rest = arn.map_or(text, |(_partition, rest)| rest);
    let mut prefix = |is: fn(&str) -> bool| {
        let (part, after) = rest.split_once(':').filter(|(part, _)| is(part))?;
        rest = after;
        Some(part)
    };
    let region = prefix(is_region);
    prefix(|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()));
    prefix(|part| part == "function");
    (rest.split(':').next(), region)
}

/// Returns `true` for a region: `eu-west-1`, `us-gov-east-1`, `us-isob-east-1`, `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let parts: Vec<&str> = text.strip_prefix("eusc-").unwrap_or(text).split('-').collect();
    let [country, partition @ .., place, number] = parts.as_slice() else { return false };
    let is_partition = match partition {
        [] => true,
        [name] => *name == "gov" || (name.starts_with("iso") && name.len() <= 4),
        _ => false,
    };
    let is_number = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
    country.len() == 2 && is_word(country) && is_partition && is_word(place) && is_number
}

/// Reads the error of the invoked function. The status of the call is 200.
fn function_error(response: &HttpResponse) -> Option<Response> {
    let error_type = response.headers().get("x-amz-function-error")?;
    Some(Response::failed(error_type.to_owned(), "the invoked function failed".to_owned()))
}

#[cfg(feature = "lambda")]
pub(crate) mod messages {
    //! The payload and the client context of an invocation.

    use aws_sdk_lambda::operation::invoke::InvokeInput;
    use aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamInput;
    use aws_sdk_lambda::types::{InvocationType, ResponseStreamingInvocationType};
    use aws_smithy_runtime_api::client::interceptors::context::Input;
    use thundra_core::propagation::Outbound;

    use crate::payload_patterns::PayloadService;
    use crate::sdk::message::client_context;
    use crate::sdk::message::limits::Limits;
    use crate::sdk::message::payload::{self, Message, excluded};
    use crate::sdk::message::{Injected, Skipped};
    use crate::sdk::services::service::Messages;

    pub(super) const MESSAGES: Messages = Messages {
        module: "lambda",
        target: |operation| operation.member("FunctionName"),
        named: |_| None,
        inject,
        each_in_batch: |_, _| {},
        response: |_| None,
        refused: |_| Vec::new(),
        request_attributes: |_, _| {},
        received: |_, _| None,
    };

    /// Largest payload of an asynchronous invocation. 1 MB is read as the smaller of two meanings.
    const MAX_BYTES: usize = 1_000_000;

    fn inject(input: &mut Input, outbound: &Outbound, limits: Limits) -> Option<Injected> {
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
        let function = invoke.function_name.as_deref().and_then(|name| super::function(name).0);
        let skip = match invoke.durable_execution_name {
            Some(_) => Some(Skipped::Named),
            None => excluded(PayloadService::Lambda, function.unwrap_or_default()),
        };
        let payload = invoke.payload.as_mut();
        let size = payload.as_ref().map_or(0, |payload| payload.as_ref().len());
        let room = MAX_BYTES.min(limits.message).saturating_sub(size);
        let injected = payload::inject(vec![Message { payload, size, room, skip }], room, outbound);
        // An invocation is a client span, even an asynchronous one:
        // https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/faas/faas-spans.md
        Injected { own_context: false, ..injected }
    }
}
