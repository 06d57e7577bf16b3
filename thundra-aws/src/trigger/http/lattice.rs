//! [VPC Lattice], in both formats of events.
//!
//! The first format has no `requestContext`. The caller stands in a header, and clients cannot write the
//! header.
//!
//! [VPC Lattice]: https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html

use std::borrow::Cow;

use super::{Gateway, Request, has_head};
use crate::trigger::iam::{is_caller, is_caller_arn};
use crate::trigger::source::{FaasTrigger, Recognise, Source};

/// The header of the first format. See [HTTP targets].
///
/// [HTTP targets]: https://docs.aws.amazon.com/vpc-lattice/latest/ug/http-targets.html
const IDENTITY: &str = "x-amzn-lattice-identity";

pub(in crate::trigger) static SOURCE: Source = Source {
    name: "lattice",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Request {
        members: |event| {
            let of_format = match event.request_context() {
                Some(context) => context.has("serviceNetworkArn"),
                None => event.members.has("raw_path"),
            };
            of_format && event.members.has("method")
        },
        is_complete: has_head,
    },
    read: |trigger, event, config| {
        let gateway = Gateway { https_only: false, is_iam_caller, ..Gateway::DEFAULT };
        gateway.read(trigger, event, config)
    },
};

/// Returns `true` if VPC Lattice authenticated the caller.
fn is_iam_caller(request: &Request<'_, '_>) -> bool {
    let of_second = request.caller_text("type").is_some_and(|kind| kind == "AWS_IAM");
    let (principal, session) = if of_second {
        (request.caller_text("principal"), request.caller_text("sessionName"))
    } else {
        let header = request.headers.get(IDENTITY).filter(|_| request.event.has("raw_path")).unwrap_or_default();
        (part(header, "Principal"), part(header, "SessionName"))
    };
    principal.is_some_and(|principal| is_caller_arn(&principal)) && session.is_none_or(|session| is_caller(&session))
}

/// Returns a part of the header: `Principal=arn:…; SessionName=a; Type=AWS_IAM`.
fn part<'h>(header: &'h str, name: &str) -> Option<Cow<'h, str>> {
    let mut parts = header.split(';').filter_map(|part| part.trim().split_once('='));
    parts.find(|(key, _)| *key == name).map(|(_, value)| value.into())
}
