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

use thundra_core::Config;
use thundra_core::propagation::Trust;
use thundra_http::semantics::{self, ServerRequest, forwarded};

use super::extract::Extractor;
use super::headers::Headers;
use super::json::Object;
use super::{Message, Source, Trigger, edge_trust, is_correlation_id};

/// The session of credentials that a Cognito identity got.
const COGNITO_SESSION: &str = "CognitoIdentityCredentials";

pub(super) fn detect(event: &Object<'_>, config: &Config, caller: Trust) -> Option<Trigger> {
    let request = Request::of(event)?;
    let headers = Headers::of(event);
    let trust = if request.iam_caller(&headers) { caller } else { edge_trust(config) };
    let mut trigger = Trigger::new(request.source, "http").of(trust);
    request.describe(&mut trigger, &headers, &thundra_http::settings().known_methods);
    let inbound = Extractor::new(config.propagators, trust).extract(headers.pairs());
    trigger.messages = vec![Message { inbound, ..Message::default() }];
    if matches!(request.source, Source::ApiGatewayRest | Source::ApiGatewayHttp) {
        // The client may have chosen it.
        let id = request.context.text("requestId").filter(|id| is_correlation_id(id));
        trigger.default_correlation_id = id.map(String::from);
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

    /// Returns `true` where AWS vouches for the caller.
    fn iam_caller(&self, headers: &Headers<'_>) -> bool {
        match self.source {
            Source::ApiGatewayRest | Source::WebSocket => is_iam(&self.about),
            Source::ApiGatewayHttp | Source::FunctionUrl => {
                let authorizer = self.context.object("authorizer").and_then(|authorizer| authorizer.object("iam"));
                authorizer.is_some_and(|iam| is_iam(&iam))
            }
            Source::Lattice => self.lattice_caller(headers),
            // A load balancer and an authorizer know no caller.
            _ => false,
        }
    }

    /// Returns `true` where VPC Lattice authenticated the caller. Its first format has a header that clients cannot write:
    /// <https://docs.aws.amazon.com/vpc-lattice/latest/ug/http-targets.html>.
    fn lattice_caller(&self, headers: &Headers<'_>) -> bool {
        let is_second = self.about.text("type").is_some_and(|kind| kind == "AWS_IAM");
        let header = headers.get("x-amzn-lattice-identity").filter(|_| self.event.has("raw_path")).unwrap_or_default();
        let part = |name: &str| {
            let mut parts = header.split(';').filter_map(|part| part.trim().split_once('='));
            parts.find(|(key, _)| *key == name).map(|(_, value)| Cow::Borrowed(value))
        };
        let (principal, session) = match is_second {
            true => (self.about.text("principal"), self.about.text("sessionName")),
            false => (part("Principal"), part("SessionName")),
        };
        principal.is_some_and(|who| is_known_arn(&who)) && session.is_none_or(|session| is_known(&session))
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
        let (method, route, path) = (self.method(), self.route(), self.path());
        let header = |name: &str| headers.get(name);
        let protocol = self.about.text("protocol").or_else(|| self.context.text("protocol"));
        let domain = self.context.text("domainName");
        let agent = self.about.text("userAgent");
        let source_ip = self.about.text("sourceIp");
        let request = ServerRequest {
            known_methods,
            method: method.as_deref(),
            route: route.as_deref(),
            path: path.as_deref(),
            query: self.query(),
            scheme: if self.is_https() { Some("https") } else { forwarded::scheme(&header) },
            host: domain
                .as_deref()
                .and_then(semantics::host)
                .or_else(|| forwarded::host(&header))
                .or_else(|| semantics::host(header("host")?)),
            port: forwarded::port(&header),
            client: source_ip.or_else(|| Some(forwarded::client(&header)?.to_string().into())),
            version: protocol.as_deref().and_then(semantics::written_version),
            user_agent: header("user-agent").or(agent.as_deref()),
            ..ServerRequest::default()
        };
        trigger.span_name = match self.source {
            Source::WebSocket => self.context.text("routeKey").map(|key| super::cut(&key).to_owned()),
            Source::ApiGatewayAuthorizer => None,
            _ => request.span_name().map(Cow::into_owned),
        };
        trigger.attributes.extend(request.attributes());
    }

    /// Returns `true` for the services that speak nothing but HTTPS.
    fn is_https(&self) -> bool {
        !matches!(self.source, Source::LoadBalancer | Source::Lattice)
    }

    fn path(&self) -> Option<String> {
        let path = ["rawPath", "path", "raw_path"].iter().find_map(|key| self.event.text(key))?;
        Some(path.split('?').next().unwrap_or_default().to_owned())
    }

    /// The names in the query; their values stay here.
    fn query(&self) -> Option<String> {
        if let Some(raw) = self.event.text("rawQueryString") {
            return semantics::query(&raw);
        }
        let keys = ["queryStringParameters", "multiValueQueryStringParameters", "query_string_parameters"];
        let parameters = keys.iter().find_map(|key| self.event.object(key))?;
        semantics::query_of_names(parameters.members().map(|(name, _)| name))
    }
}

/// Returns `true` for an identity that shows credentials of IAM, and not those of a Cognito identity, which any visitor can
/// get.
pub(super) fn is_iam(identity: &Object<'_>) -> bool {
    let user = || identity.text("userArn").is_some_and(|arn| is_known_arn(&arn));
    let caller = || identity.text("caller").is_some_and(|who| is_known(&who));
    let is_visitor = identity.object("cognitoIdentity").is_some()
        || ["cognitoIdentityId", "cognitoIdentityPoolId"]
            .iter()
            .any(|key| identity.text(key).is_some_and(|id| !id.is_empty()));
    !is_visitor && (user() || caller())
}

/// Returns `true` for the ARN of a caller of IAM that is not a Cognito identity.
fn is_known_arn(arn: &str) -> bool {
    arn.starts_with("arn:") && is_known(arn)
}

/// Returns `true` for a caller or a session of IAM that is not a Cognito identity's, and for no word that a mapping
/// template writes where there is none.
fn is_known(who: &str) -> bool {
    let who = who.trim();
    let is_nobody = ["null", "none", "undefined", "anonymous", "unknown"].iter().any(|w| w.eq_ignore_ascii_case(who));
    who.contains(|c: char| c.is_ascii_alphanumeric()) && !is_nobody && !who.ends_with(COGNITO_SESSION)
}
