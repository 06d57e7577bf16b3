//! Requests: API Gateway, function URLs, load balancers, WebSockets, VPC Lattice.
//!
//! | source | span name | `http.route` |
//! |---|---|---|
//! | REST API, HTTP API in its format 1.0 | `{method} {resource}` | `resource` |
//! | HTTP API | `{method} {route}`, `{method}` for `$default` | of the `routeKey` |
//! | function URL, load balancer, Lattice | `{method}` | none |
//! | WebSocket | the route key | none |
//! | authorizer | the function's name | none |

use std::borrow::Cow;

use thundra_core::propagation::{Inbound, Trust};
use thundra_core::{Config, semconv};

use super::headers::Headers;
use super::json::Object;
use super::{Message, Source, Trigger};

/// More names than this say nothing about a request.
const MAX_QUERY_NAMES: usize = 32;

pub(super) fn detect(event: &Object<'_>, config: &Config) -> Option<Trigger> {
    let request = Request::of(event)?;
    let headers = Headers::of(event);
    let trust = if config.trust_all || request.iam_caller() { Trust::Full } else { Trust::Edge };
    let mut trigger = Trigger::new(request.source, "http");
    request.describe(&mut trigger, &headers, &config.known_methods);
    trigger.messages =
        vec![Message { inbound: Inbound::extract(headers.pairs(), config.propagators, trust), ..Message::default() }];
    if matches!(request.source, Source::ApiGatewayRest | Source::ApiGatewayHttp) {
        trigger.default_correlation_id = request.context.text("requestId").map(String::from);
    }
    Some(trigger)
}

/// Whether what stands before the `body` of an event shows a request and all that is read of one. In the events of
/// all sources it does, and what comes then is as long as the client likes.
pub(super) fn is_enough(before: &Object<'_>) -> bool {
    let headers = || before.has("headers") || before.has("multiValueHeaders");
    let path = |request: &Request<'_, '_>| request.source == Source::WebSocket || request.path().is_some();
    headers() && Request::of(before).is_some_and(|request| path(&request))
}

struct Request<'e, 'a> {
    source: Source,
    event: &'e Object<'a>,
    context: Object<'a>,
    /// `requestContext.identity` of the first format, `requestContext.http` of the second.
    about: Object<'a>,
}

impl<'e, 'a> Request<'e, 'a> {
    fn of(event: &'e Object<'a>) -> Option<Self> {
        let nothing = || Object::parse("{}");
        let Some(context) = event.object("requestContext") else {
            let lattice = event.has("raw_path") && event.has("method");
            return lattice
                .then(|| Some(Request { source: Source::Lattice, event, context: nothing()?, about: nothing()? }))?;
        };
        let (http, identity) = (context.object("http"), context.object("identity"));
        let source = if event.has("methodArn") || event.has("routeArn") {
            Source::ApiGatewayAuthorizer
        } else if context.has("elb") {
            Source::LoadBalancer
        } else if context.has("connectionId") && context.has("eventType") {
            Source::WebSocket
        } else if http.is_some() {
            let url = context.text("domainName").is_some_and(|domain| domain.contains(".lambda-url."));
            if url { Source::FunctionUrl } else { Source::ApiGatewayHttp }
        } else if event.has("httpMethod") {
            Source::ApiGatewayRest
        } else if context.has("serviceNetworkArn") && event.has("method") {
            Source::Lattice
        } else {
            return None;
        };
        let about = http.or(identity).or_else(nothing)?;
        Some(Request { source, event, context, about })
    }

    /// Whether AWS vouches for the caller: credentials of IAM that are not a Cognito identity's, which
    /// any visitor can get.
    fn iam_caller(&self) -> bool {
        let first = !self.about.has("cognitoIdentityId") && (self.about.has("userArn") || self.about.has("caller"));
        let second = self.context.object("authorizer").and_then(|authorizer| authorizer.object("iam"));
        let second = second.is_some_and(|iam| iam.has("userArn") && !iam.has("cognitoIdentity"));
        match self.source {
            Source::ApiGatewayRest | Source::WebSocket => first,
            Source::ApiGatewayHttp | Source::FunctionUrl => second,
            // A load balancer and an authorizer know no caller.
            _ => false,
        }
    }

    fn method(&self) -> Option<Cow<'a, str>> {
        if self.source == Source::WebSocket {
            return None;
        }
        self.about.text("method").or_else(|| self.event.text("httpMethod")).or_else(|| self.event.text("method"))
    }

    fn route(&self) -> Option<String> {
        match self.source {
            Source::ApiGatewayRest => self.event.text("resource").map(String::from),
            Source::ApiGatewayHttp => {
                let key = self.event.text("routeKey").or_else(|| self.context.text("routeKey"))?;
                key.split_once(' ').map(|(_, route)| route.to_owned())
            }
            _ => None,
        }
    }

    fn describe(&self, trigger: &mut Trigger, headers: &Headers<'_>, known_methods: &[String]) {
        let route = self.route();
        if let Some(method) = self.method() {
            let known = known_methods.iter().any(|known| *known == method);
            trigger.set(semconv::HTTP_REQUEST_METHOD, if known { method.to_string() } else { "_OTHER".to_owned() });
            trigger.set_some(semconv::HTTP_REQUEST_METHOD_ORIGINAL, (!known).then(|| method.to_string()));
            let method = if known { method.as_ref() } else { "HTTP" };
            trigger.span_name = Some(route.as_ref().map_or(method.to_owned(), |route| format!("{method} {route}")));
        }
        match self.source {
            Source::WebSocket => trigger.span_name = self.context.text("routeKey").map(String::from),
            Source::ApiGatewayAuthorizer => trigger.span_name = None,
            _ => {}
        }
        trigger.set_some(semconv::HTTP_ROUTE, route);
        trigger.set_some(semconv::URL_PATH, self.path());
        trigger.set_some(semconv::URL_QUERY, self.query());
        let scheme = headers.get("x-forwarded-proto").filter(|scheme| matches!(*scheme, "http" | "https"));
        trigger.set_some(semconv::URL_SCHEME, scheme.map(str::to_owned));
        let host = headers.get("host").map(|host| host.rsplit_once(':').map_or(host, |(host, _)| host));
        let server = self.context.text("domainName").or(host.map(Cow::Borrowed));
        trigger.set_some(semconv::SERVER_ADDRESS, server.map(String::from));
        let port = headers.get("x-forwarded-port").and_then(|port| port.parse::<u16>().ok());
        trigger.set_some(semconv::SERVER_PORT, port);
        let forwarded = headers.get("x-forwarded-for").and_then(|all| all.split(',').next()).map(str::trim);
        let client = self.about.text("sourceIp").or(forwarded.map(Cow::Borrowed));
        trigger.set_some(semconv::CLIENT_ADDRESS, client.map(String::from));
        let protocol = self.about.text("protocol").or_else(|| self.context.text("protocol"));
        let version = protocol.as_deref().and_then(|protocol| protocol.strip_prefix("HTTP/"));
        trigger.set_some(
            semconv::NETWORK_PROTOCOL_VERSION,
            version.map(|version| version.trim_end_matches(".0").to_owned()),
        );
        let agent = headers.get("user-agent").map(Cow::Borrowed).or_else(|| self.about.text("userAgent"));
        trigger.set_some(semconv::USER_AGENT_ORIGINAL, agent.map(String::from));
    }

    fn path(&self) -> Option<String> {
        let path = ["rawPath", "path", "raw_path"].iter().find_map(|key| self.event.text(key))?;
        Some(path.split('?').next().unwrap_or_default().to_owned())
    }

    /// The names in the query; their values stay here.
    fn query(&self) -> Option<String> {
        if let Some(raw) = self.event.text("rawQueryString") {
            return redacted(raw.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name));
        }
        let keys = ["queryStringParameters", "multiValueQueryStringParameters", "query_string_parameters"];
        let parameters = keys.iter().find_map(|key| self.event.object(key))?;
        redacted(parameters.members().map(|(name, _)| name))
    }
}

fn redacted<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    // What is no plain name may be a value that stands where a name should.
    let plain = |name: &&str| {
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~[]%+".contains(&b))
    };
    let pairs: Vec<_> = names.filter(plain).take(MAX_QUERY_NAMES).map(|name| format!("{name}=REDACTED")).collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}
