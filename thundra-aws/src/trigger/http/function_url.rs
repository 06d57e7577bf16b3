//! [Function URLs], with events in the format of HTTP APIs.
//!
//! [Function URLs]: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html

use super::api_gateway::{has_http, has_iam_authorizer};
use super::{Gateway, has_head};
use crate::trigger::source::{FaasTrigger, Recognise, Source};

pub(in crate::trigger) static SOURCE: Source = Source {
    name: "function_url",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request {
        members: |event| {
            let domain = || event.request_context()?.text("domainName");
            has_http(event) && domain().is_some_and(|domain| domain.contains(".lambda-url."))
        },
        is_complete: has_head,
    },
    read: |trigger, event, config| {
        let gateway = Gateway { is_iam_caller: has_iam_authorizer, ..Gateway::DEFAULT };
        gateway.read(trigger, event, config)
    },
};
