//! [CloudFront], which calls functions of Lambda@Edge for requests and responses.
//!
//! A function of Lambda@Edge returns a request or a response in a form unique to CloudFront, so the status is not read.
//!
//! [CloudFront]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html

use thundra_core::semconv;

use super::{Gateway, Request};
use crate::trigger::parse::headers::Headers;
use crate::trigger::source::{FaasTrigger, Recognise, Source};

pub(in crate::trigger) static SOURCE: Source = Source {
    name: "cloudfront",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Records(|record| record.object("cf").is_some_and(|cf| cf.object("request").is_some())),
    read: |trigger, event, config| {
        let cf = event.records.first()?.object("cf")?;
        let (request, context) = (cf.object("request")?, cf.object("config").unwrap_or_default());
        let text = |key| context.text(key).map(String::from);
        let gateway =
            Gateway { https_only: false, has_status: false, request_id: |request| request.id(), ..Gateway::DEFAULT };
        let headers = Headers::of(&request);
        let request = Request { event: &request, context: Some(&context), caller: None, headers };
        gateway.read_request(trigger, &request, config);
        trigger.set_some(semconv::AWS_CLOUDFRONT_DISTRIBUTION_ID, text("distributionId"));
        trigger.set_some(semconv::AWS_CLOUDFRONT_EVENT_TYPE, text("eventType"));
        Some(())
    },
};
