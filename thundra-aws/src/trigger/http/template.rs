//! REST APIs with a mapping template, by the template "Method Request passthrough" of API Gateway.
//!
//! The [template] puts the request into `params` and `context`. The template writes an empty text for an unknown value.
//! Another template makes the response, so the status is not read.
//!
//! [template]: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html

use std::borrow::Cow;

use super::{Gateway, Request};
use crate::trigger::iam::{is_caller, is_caller_arn};
use crate::trigger::parse::headers::Headers;
use crate::trigger::source::{FaasTrigger, Recognise, Source};

pub(in crate::trigger) static SOURCE: Source = Source {
    name: "rest_api_template",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        let has_headers = || event.members.object("params").is_some_and(|params| params.has("header"));
        event.members.object("context").is_some_and(|context| context.has("http-method")) && has_headers()
    }),
    read: |trigger, event, config| {
        let (context, params) = (event.members.object("context")?, event.members.object("params")?);
        let gateway = Gateway {
            has_status: false,
            request_id: |request| text(request, "request-id"),
            is_iam_caller,
            method: |request| text(request, "http-method"),
            path: |_| None,
            route: |request| text(request, "resource-path").map(Cow::into_owned),
            ..Gateway::DEFAULT
        };
        let headers = Headers::of(&params);
        let request = Request { event: &params, context: Some(&context), caller: None, headers };
        gateway.read_request(trigger, &request, config);
        Some(())
    },
};

fn text<'a>(request: &Request<'_, 'a>, key: &str) -> Option<Cow<'a, str>> {
    request.context_text(key).filter(|text| !text.is_empty())
}

/// Returns `true` for a caller by IAM, unless the caller is a Cognito identity.
fn is_iam_caller(request: &Request<'_, '_>) -> bool {
    let is_visitor = ["cognito-identity-id", "cognito-identity-pool-id"].iter().any(|key| text(request, key).is_some());
    let has_user = || text(request, "user-arn").is_some_and(|arn| is_caller_arn(&arn));
    !is_visitor && (has_user() || text(request, "caller").is_some_and(|caller| is_caller(&caller)))
}
