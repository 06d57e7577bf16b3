//! Authorizers: of [API Gateway], with a request or with a token alone, of [AppSync], and of [AWS IoT].
//!
//! The headers of a request are a context. A token is neither read nor recorded. No caller is trusted, because the
//! authorizer has yet to identify the caller.
//!
//! [API Gateway]: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
//! [AppSync]: https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
//! [AWS IoT]: https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html

use std::borrow::Cow;

use thundra_core::semconv;

use super::{Gateway, Request, has_head};
use crate::trigger::parse::headers::Headers;
use crate::trigger::source::{FaasTrigger, Recognise, Source};

/// The answers of authorizers are policies.
const AUTHORIZER: Gateway =
    Gateway { has_status: false, request_id: |request| request.id(), span_name: |_, _| None, ..Gateway::DEFAULT };

/// The authorizers of REST, HTTP and WebSocket APIs.
pub(in crate::trigger) static API: Source = Source {
    name: "authorizer",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request {
        members: |event| {
            let names_resource = event.members.has("methodArn") || event.members.has("routeArn");
            names_resource && (event.request_context().is_some() || event.members.has("authorizationToken"))
        },
        is_complete: has_head,
    },
    read: |trigger, event, config| {
        // A token comes with the ARN alone: `arn:…:{api}/{stage}/{method}/{path}`.
        let of_token = Gateway {
            method: |request| part(request, 2),
            path: |request| part(request, 3).map(|path| format!("/{path}").into()),
            ..AUTHORIZER
        };
        let gateway = if event.members.has("authorizationToken") { of_token } else { AUTHORIZER };
        gateway.read(trigger, event, config)
    },
};

/// The authorizers of GraphQL APIs, and of APIs for events.
pub(in crate::trigger) static APPSYNC: Source = Source {
    name: "appsync_authorizer",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Members(|event| event.members.has("authorizationToken") && event.request_context().is_some()),
    read: |trigger, event, config| {
        let operation = event.request_context().and_then(|context| context.text("operationName"));
        AUTHORIZER.read(trigger, event, config)?;
        trigger.set_some(semconv::GRAPHQL_OPERATION_NAME, operation.map(String::from));
        Some(())
    },
};

/// The authorizers of connections to AWS IoT, over MQTT and HTTP.
pub(in crate::trigger) static IOT: Source = Source {
    name: "iot_authorizer",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|event| event.members.has("protocolData") && event.members.has("connectionMetadata")),
    read: |trigger, event, config| {
        let request = event.members.object("protocolData").and_then(|data| data.object("http")).unwrap_or_default();
        let request = Request { event: &request, context: None, caller: None, headers: Headers::of(&request) };
        AUTHORIZER.read_request(trigger, &request, config);
        Some(())
    },
};

fn part<'a>(request: &Request<'_, 'a>, n: usize) -> Option<Cow<'a, str>> {
    let arn = request.event.text("methodArn")?;
    arn.splitn(4, '/').nth(n).filter(|part| !part.starts_with('$')).map(|part| part.to_owned().into())
}
