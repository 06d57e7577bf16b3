//! [S3 Object Lambda], which calls a function for a request to an access point.
//!
//! The headers of the request are a carrier. AWS authenticates every caller by IAM, and a Cognito identity is not
//! trusted, as everywhere.
//!
//! [S3 Object Lambda]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-event-context.html

use thundra_core::{Config, semconv};

use super::event::Event;
use super::iam::is_caller_arn;
use super::parse::headers::Headers;
use super::parse::json::Object;
use super::parse::s3_object::decode;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, edge_trust, s3};

pub(super) static SOURCE: Source = Source {
    name: "s3_object_lambda",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        event.members.object("userRequest").is_some() && REQUESTS.iter().any(|(member, _)| event.members.has(member))
    }),
    read,
};

/// The member of each kind of request, and `true` for a request about a single object.
const REQUESTS: [(&str, bool); 4] = [
    ("getObjectContext", true),
    ("headObjectContext", true),
    ("listObjectsContext", false),
    ("listObjectsV2Context", false),
];

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let request = event.members.object("userRequest")?;
    let caller = event.members.object("userIdentity").and_then(|identity| identity.text("arn"));
    if !caller.is_some_and(|arn| is_caller_arn(&arn)) {
        trigger.trust = edge_trust(config);
    }
    let point = event.members.object("configuration").and_then(|point| point.text("accessPointArn"));
    trigger.set_some(semconv::AWS_S3_BUCKET, point.map(String::from));
    let mut attributes = Vec::new();
    if REQUESTS.iter().any(|(member, has_key)| *has_key && event.members.has(member)) {
        s3::add_key(&mut attributes, key(&request));
    }
    let inbound = trigger.extractor(config).extract_any(&Headers::of(&request));
    trigger.deliver([Message { inbound, attributes, ..Message::default() }]);
    Some(())
}

/// Returns the key in the URL of a request, without the query.
fn key(request: &Object<'_>) -> Option<String> {
    let url = request.text("url")?;
    let path = url.split_once("://").map_or(&*url, |(_, rest)| rest).split_once('/')?.1;
    // A plus sign in a path is a literal plus sign.
    let key = path.split(['?', '#']).next()?.replace('+', "%2B");
    Some(decode(&key)).filter(|key| !key.is_empty())
}
