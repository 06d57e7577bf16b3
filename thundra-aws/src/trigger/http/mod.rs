//! HTTP requests, by the service in front of the function.
//!
//! | source | span name | `http.route` |
//! |---|---|---|
//! | REST API, HTTP API with its format 1.0 | `{method} {resource}` | `resource` |
//! | REST API with a mapping template | `{method} {resource}` | the resource |
//! | HTTP API | `{method} {route}`, or `{method}` for `$default` | the route of `routeKey` |
//! | function URL, load balancer, VPC Lattice, CloudFront | `{method}` | none |
//! | WebSocket API | the route key | none |
//! | AppSync | `{type}.{field}` | none |
//! | AppSync Events, authorizer | the name of the function | none |
//!
//! The attributes, limits and redaction come from `thundra_http::semantics`, as for any other server.

mod api_gateway;
mod appsync;
mod authorizer;
mod cloudfront;
mod function_url;
mod lattice;
mod load_balancer;
mod template;

use std::borrow::Cow;

use thundra_core::Config;
use thundra_core::propagation::{CORRELATION_ID, CorrelationIds};
use thundra_http::semantics::{self, ServerRequest, forwarded};

use super::event::Event;
use super::parse::headers::Headers;
use super::parse::json::{Member, Object};
use super::{Message, Trigger, edge_trust};

pub(super) use api_gateway::{HTTP_API, REST_API, WEB_SOCKET};
pub(super) use appsync::{EVENTS as APPSYNC_EVENTS, RESOLVER as APPSYNC};
pub(super) use authorizer::{API as AUTHORIZER, APPSYNC as APPSYNC_AUTHORIZER, IOT as IOT_AUTHORIZER};
pub(super) use cloudfront::SOURCE as CLOUDFRONT;
pub(super) use function_url::SOURCE as FUNCTION_URL;
pub(super) use lattice::SOURCE as LATTICE;
pub(super) use load_balancer::SOURCE as LOAD_BALANCER;
pub(super) use template::SOURCE as REST_API_TEMPLATE;

/// The differences between the services in front of a function.
struct Gateway {
    /// `true` if the service accepts nothing but HTTPS.
    https_only: bool,
    /// `true` if the response of the function has the `statusCode` of the response to the client.
    has_status: bool,
    /// Returns the request id, which the client gets too. A request without a correlation id takes the request id as
    /// the correlation id.
    request_id: for<'a> fn(&Request<'_, 'a>) -> Option<Cow<'a, str>>,
    /// Returns `true` if AWS authenticated the caller by IAM.
    is_iam_caller: fn(&Request<'_, '_>) -> bool,
    /// Returns the method of the request.
    method: for<'a> fn(&Request<'_, 'a>) -> Option<Cow<'a, str>>,
    /// Returns the path of the request.
    path: for<'a> fn(&Request<'_, 'a>) -> Option<Cow<'a, str>>,
    /// Returns the route chosen by the service.
    route: fn(&Request<'_, '_>) -> Option<String>,
    /// Returns the name of the span.
    span_name: fn(&Request<'_, '_>, &ServerRequest<'_>) -> Option<String>,
}

impl Gateway {
    /// The facts that hold for most services.
    const DEFAULT: Gateway = Gateway {
        https_only: true,
        has_status: true,
        request_id: |_| None,
        is_iam_caller: |_| false,
        method: |request| request.method(),
        path: |request| request.path(),
        route: |_| None,
        span_name: |_, request| request.span_name().map(Cow::into_owned),
    };

    /// Reads the event of a request.
    fn read(&self, trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
        self.read_request(trigger, &Request::of(event), config);
        Some(())
    }

    /// Reads a request.
    fn read_request(&self, trigger: &mut Trigger, request: &Request<'_, '_>, config: &Config) {
        if !(self.is_iam_caller)(request) {
            trigger.trust = edge_trust(config);
        }
        self.describe(trigger, request, &thundra_http::settings().known_methods);
        trigger.has_status = self.has_status;
        let inbound = trigger.extractor(config).extract_any(&request.headers);
        trigger.deliver([Message { inbound, ..Message::default() }]);
        // The client may have chosen the request id.
        let id = (self.request_id)(request).filter(|id| is_correlation_id(id));
        trigger.default_correlation_id = id.map(String::from);
    }

    fn describe(&self, trigger: &mut Trigger, request: &Request<'_, '_>, known_methods: &[String]) {
        let (method, route, path) = ((self.method)(request), (self.route)(request), (self.path)(request));
        let header = |name: &str| request.headers.get(name);
        let protocol = request.caller_text("protocol").or_else(|| request.context_text("protocol"));
        let domain = request.context_text("domainName");
        let agent = request.caller_text("userAgent");
        let source_ip = request.caller_text("sourceIp").or_else(|| request.event.text("clientIp"));
        let described = ServerRequest {
            known_methods,
            method: method.as_deref(),
            route: route.as_deref(),
            path: path.as_deref(),
            query: request.query(),
            scheme: if self.https_only { Some("https") } else { forwarded::scheme(&header) },
            host: domain
                .as_deref()
                .and_then(semantics::parse_host)
                .or_else(|| forwarded::host(&header))
                .or_else(|| semantics::parse_host(header("host")?)),
            port: forwarded::port(&header),
            client: source_ip.or_else(|| Some(forwarded::client(&header)?.to_string().into())),
            version: protocol.as_deref().and_then(semantics::parse_protocol_version),
            user_agent: header("user-agent").or(agent.as_deref()),
            ..ServerRequest::default()
        };
        trigger.span_name = (self.span_name)(request, &described);
        trigger.attributes.extend(described.attributes());
    }
}

/// Returns `true` if the headers, the path, the method and the query of the request were read.
fn has_head(event: &Event<'_>) -> bool {
    let names_one = |keys: &[&str]| keys.iter().any(|key| event.members.names(key));
    let (method, query): (&[&str], &[&str]) = match api_gateway::has_http(event) {
        true => (&["requestContext"], &QUERIES),
        false => (&METHODS, &PARAMETERS),
    };
    names_one(&["headers", "multiValueHeaders"]) && names_one(&PATHS) && names_one(method) && names_one(query)
}

/// The members with a path.
const PATHS: [&str; 4] = ["rawPath", "path", "raw_path", "uri"];
/// The members with a method.
const METHODS: [&str; 2] = ["httpMethod", "method"];
/// The members with a query as sent.
const QUERIES: [&str; 2] = ["rawQueryString", "querystring"];
/// The members with the parameters of a query.
const PARAMETERS: [&str; 4] =
    ["queryStringParameters", "multiValueQueryStringParameters", "query_string_parameters", "querystring"];

/// A request, in any format.
struct Request<'e, 'a> {
    event: &'e Object<'a>,
    /// The `requestContext`, absent from the first format of VPC Lattice.
    context: Option<&'e Object<'a>>,
    /// The caller: `requestContext.http` of the newer formats, `requestContext.identity` of the others.
    caller: Option<Object<'a>>,
    headers: Headers<'a>,
}

impl<'e, 'a> Request<'e, 'a> {
    fn of(event: &'e Event<'a>) -> Self {
        let context = event.request_context();
        let caller = context.and_then(|context| context.object("http").or_else(|| context.object("identity")));
        Request { event: &event.members, context, caller, headers: Headers::of(&event.members) }
    }

    /// Returns the id of the request.
    fn id(&self) -> Option<Cow<'a, str>> {
        self.context_text("requestId")
    }

    /// Returns a text of the `requestContext`.
    fn context_text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.context?.text(key)
    }

    /// Returns a text about the caller.
    fn caller_text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.caller.as_ref()?.text(key)
    }

    fn method(&self) -> Option<Cow<'a, str>> {
        self.caller_text("method").or_else(|| METHODS.iter().find_map(|key| self.event.text(key)))
    }

    fn path(&self) -> Option<Cow<'a, str>> {
        let path = PATHS.iter().find_map(|key| self.event.text(key))?;
        // The values of a query must not be recorded with the path.
        Some(match path.split_once('?') {
            Some((path, _)) => path.to_owned().into(),
            None => path,
        })
    }

    /// Returns the names in the query without the values.
    fn query(&self) -> Option<String> {
        if let Some(raw) = QUERIES.iter().find_map(|key| self.event.text(key)) {
            return semantics::query(&raw);
        }
        let parameters = PARAMETERS.iter().find_map(|key| self.event.object(key))?;
        let names: Vec<_> = parameters.members().map(Member::key).collect();
        semantics::query_of_names(names.iter().map(AsRef::as_ref))
    }
}

/// Returns `true` for a well-formed correlation id.
fn is_correlation_id(id: &str) -> bool {
    CorrelationIds::default().set(CORRELATION_ID, id)
}
