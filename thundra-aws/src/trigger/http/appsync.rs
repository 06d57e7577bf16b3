//! [AppSync]: resolvers of GraphQL APIs, one field or a batch of fields at once, and [handlers] of APIs for events.
//!
//! The headers of the client's request are the context. All fields of a batch usually belong to a single request, and
//! the batch then has the parent of the request.
//!
//! [AppSync]: https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html
//! [handlers]: https://docs.aws.amazon.com/appsync/latest/eventapi/direct-lambda-integrations.html

use std::borrow::Cow;

use thundra_core::{Config, semconv};

use super::{Gateway, Request};
use crate::attributes::cut;
use crate::trigger::iam;
use crate::trigger::parse::headers::Headers;
use crate::trigger::parse::json::Object;
use crate::trigger::source::{FaasTrigger, Recognise, Source};
use crate::trigger::{Message, Trigger, edge_trust};

/// The root types of a schema, and the operations of the conventions.
const OPERATIONS: [(&str, &str); 3] = [("Query", "query"), ("Mutation", "mutation"), ("Subscription", "subscription")];
/// The answers are data.
const APPSYNC: Gateway = Gateway {
    has_status: false,
    request_id: |request| request.headers.get("x-amzn-requestid").map(|id| id.to_owned().into()),
    // Decided for all events of a batch.
    is_iam_caller: |_| true,
    method: |_| None,
    ..Gateway::DEFAULT
};

pub(in crate::trigger) static RESOLVER: Source = Source {
    name: "appsync",
    faas_trigger: FaasTrigger::Http,
    batch_api: false,
    recognise: Recognise::Objects(|event| field(event).is_some()),
    read: |trigger, event, config| {
        read(trigger, event.objects(), config)?;
        let (parent_type, field) = field(event.objects().first()?)?;
        let operation = OPERATIONS.iter().find(|(root, _)| *root == parent_type).map(|(_, operation)| *operation);
        trigger.set_some(semconv::GRAPHQL_OPERATION_TYPE, operation);
        trigger.span_name = Some(cut(&format!("{parent_type}.{field}")).to_owned());
        Some(())
    },
};

pub(in crate::trigger) static EVENTS: Source = Source {
    name: "appsync_events",
    faas_trigger: FaasTrigger::PubSub,
    batch_api: false,
    recognise: Recognise::Objects(|event| {
        event.object("info").is_some_and(|info| info.has("channelNamespace") && info.has("operation"))
    }),
    read: |trigger, event, config| {
        read(trigger, event.objects(), config)?;
        let first = event.objects().first()?;
        let info = first.object("info")?;
        let namespace = info.object("channelNamespace").and_then(|namespace| namespace.text("name"));
        trigger.set_some(semconv::AWS_APPSYNC_CHANNEL_NAMESPACE, namespace.map(String::from));
        trigger.set_some(semconv::AWS_APPSYNC_OPERATION, info.text("operation").map(String::from));
        Some(())
    },
};

/// Returns the parent type and the name of the field to resolve. The fields stand in `info`, or beside the arguments
/// where a template of Amplify made the event.
fn field<'a>(event: &Object<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    if let Some(info) = event.object("info") {
        let is_resolver = info.has("parentTypeName") || event.has("arguments");
        let field = info.text("fieldName").filter(|_| is_resolver)?;
        return Some((info.text("parentTypeName").unwrap_or_default(), field));
    }
    let is_resolver = event.has("arguments") && event.has("request");
    Some((event.text("typeName").filter(|_| is_resolver)?, event.text("fieldName")?))
}

/// Reads an event, or a batch. Events with the same headers belong to the same request.
fn read(trigger: &mut Trigger, events: &[Object<'_>], config: &Config) -> Option<()> {
    let is_iam = |event: &Object<'_>| event.object("identity").is_some_and(|identity| iam::is_iam(&identity));
    if !events.iter().all(is_iam) {
        trigger.trust = edge_trust(config);
    }
    let (first, rest) = events.split_first()?;
    if rest.iter().all(|event| headers(event) == headers(first)) {
        let request = first.object("request").unwrap_or_default();
        let (caller, headers) = (first.object("identity"), Headers::of(&request));
        let request = Request { event: &request, context: Some(&request), caller, headers };
        APPSYNC.read_request(trigger, &request, config);
    } else {
        let extractor = trigger.extractor(config);
        trigger.deliver(events.iter().map(|event| {
            let headers = event.object("request").map(|request| Headers::of(&request));
            let inbound = headers.map(|headers| extractor.extract_any(&headers)).unwrap_or_default();
            Message { inbound, ..Message::default() }
        }));
    }
    Some(())
}

fn headers<'a>(event: &Object<'a>) -> Option<&'a str> {
    event.object("request")?.raw("headers")
}
