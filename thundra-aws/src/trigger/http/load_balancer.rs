//! [Application Load Balancers], which authenticate no caller.
//!
//! [Application Load Balancers]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html

use super::{Gateway, has_head};
use crate::trigger::source::{FaasTrigger, Recognise, Source};

pub(in crate::trigger) static SOURCE: Source = Source {
    name: "load_balancer",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request {
        members: |event| event.request_context().is_some_and(|context| context.has("elb")),
        is_complete: has_head,
    },
    read: |trigger, event, config| Gateway { https_only: false, ..Gateway::DEFAULT }.read(trigger, event, config),
};
