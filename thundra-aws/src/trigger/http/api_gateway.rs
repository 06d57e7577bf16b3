//! Amazon API Gateway: [REST APIs], [HTTP APIs] and [WebSocket APIs].
//!
//! An HTTP API with the format 1.0 sends the events of a REST API.
//!
//! [REST APIs]: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
//! [HTTP APIs]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//! [WebSocket APIs]: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html

use super::{Gateway, Request, has_head};
use crate::attributes::cut;
use crate::trigger::event::Event;
use crate::trigger::iam;
use crate::trigger::source::{FaasTrigger, Recognise, Source};

pub(in crate::trigger) static REST_API: Source = Source {
    name: "rest_api",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request {
        members: |event| event.request_context().is_some() && event.members.has("httpMethod"),
        is_complete: |event| has_head(event) && has_both_headers(event) && event.members.names("resource"),
    },
    read: |trigger, event, config| {
        let gateway = Gateway {
            request_id: |request| request.id(),
            is_iam_caller: has_iam_identity,
            // The resource of an HTTP API may be `$default`, which is no route.
            route: |request| request.event.text("resource").filter(|route| *route != "$default").map(String::from),
            ..Gateway::DEFAULT
        };
        gateway.read(trigger, event, config)
    },
};

pub(in crate::trigger) static HTTP_API: Source = Source {
    name: "http_api",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request { members: has_http, is_complete: has_head },
    read: |trigger, event, config| {
        let gateway = Gateway {
            request_id: |request| request.id(),
            is_iam_caller: has_iam_authorizer,
            route: |request| {
                let key = request.event.text("routeKey").or_else(|| request.context_text("routeKey"))?;
                key.split_once(' ').map(|(_, route)| route.to_owned())
            },
            ..Gateway::DEFAULT
        };
        gateway.read(trigger, event, config)
    },
};

pub(in crate::trigger) static WEB_SOCKET: Source = Source {
    name: "web_socket",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request {
        members: |event| {
            event.request_context().is_some_and(|context| context.has("connectionId") && context.has("eventType"))
        },
        // A message on an open connection has no path.
        is_complete: has_both_headers,
    },
    read: |trigger, event, config| {
        let gateway = Gateway {
            is_iam_caller: has_iam_identity,
            method: |_| None,
            span_name: |request, _| request.context_text("routeKey").map(|key| cut(&key).to_owned()),
            ..Gateway::DEFAULT
        };
        gateway.read(trigger, event, config)
    },
};

/// Returns `true` if the headers were read in both forms, as sent by REST and WebSocket APIs.
fn has_both_headers(event: &Event<'_>) -> bool {
    event.members.names("headers") && event.members.names("multiValueHeaders")
}

/// Returns `true` for an event of the format 2.0, as sent by HTTP APIs and function URLs.
pub(super) fn has_http(event: &Event<'_>) -> bool {
    event.request_context().and_then(|context| context.raw("http")).is_some_and(|http| http.starts_with('{'))
}

/// Returns `true` for a caller by IAM in an event of the format 1.0.
fn has_iam_identity(request: &Request<'_, '_>) -> bool {
    request.caller.as_ref().is_some_and(iam::is_iam)
}

/// Returns `true` for a caller by IAM in an event of the format 2.0.
pub(super) fn has_iam_authorizer(request: &Request<'_, '_>) -> bool {
    let authorizer = request.context.and_then(|context| context.object("authorizer")?.object("iam"));
    authorizer.is_some_and(|iam| iam::is_iam(&iam))
}
