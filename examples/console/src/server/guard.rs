//! Who may ask: a browser of this machine that opened the link, or a program that has its token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Token;

/// The cookie of the token. A cookie has no port: consoles of other ports overwrite it, and their links set it again.
const TOKEN_COOKIE: &str = "thundra_console";
/// The parameter of the token in a link.
const PARAMETER: &str = "token";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Lets a request through, or refuses it, and adds the policies to any answer.
pub(crate) async fn check(State(token): State<Arc<Token>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&token, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn refusal(token: &Token, request: &Request) -> Option<Response> {
    if !is_local(request) {
        // A page of another name that resolves to this machine must not read anything (DNS rebinding).
        return Some(error(StatusCode::FORBIDDEN, "Host: only 127.0.0.1, [::1] and localhost are answered"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = error(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(refusal);
    }
    if let Some(given) = parameter(request.uri()) {
        return Some(if token.is(given) { remember(token, request.uri()) } else { unauthorized() });
    }
    let headers = request.headers();
    let is_known =
        bearer(headers).is_some_and(|given| token.is(given)) || cookies(headers).any(|given| token.is(given));
    if is_known { None } else { Some(unauthorized()) }
}

/// Returns an error of the API.
pub(crate) fn error(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error": text }))).into_response()
}

fn unauthorized() -> Response {
    error(StatusCode::UNAUTHORIZED, "open the link that the console printed, or send Authorization: Bearer <token>")
}

fn is_local(request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    // The authority of HTTP/2 is in the URI; a proxied request of HTTP/1 has both.
    let named = request.uri().authority().map(|authority| authority.as_str());
    let is_named = match (host, named) {
        (Some(host), None) => is_loopback(host),
        (Some(host), Some(named)) => is_loopback(host) && is_loopback(named),
        (None, Some(named)) => request.version() >= Version::HTTP_2 && is_loopback(named),
        (None, None) => false,
    };
    is_named && request.headers().get_all(HOST).iter().count() <= 1
}

/// Returns `true` for a loopback name, with or without a port.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "[::1]", "localhost"].iter().any(|local| name.eq_ignore_ascii_case(local))
}

fn parameter(uri: &Uri) -> Option<&str> {
    pairs(uri.query()?).find_map(|pair| pair.strip_prefix(PARAMETER)?.strip_prefix('='))
}

fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// Sets the cookie, and leads to the same link without the token.
fn remember(token: &Token, uri: &Uri) -> Response {
    let is_other = |pair: &&str| !pair.starts_with("token=");
    let rest: Vec<_> = pairs(uri.query().unwrap_or_default()).filter(is_other).collect();
    // A path with two slashes in front would be another host's.
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    let location = if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) };
    let cookie = format!("{TOKEN_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict");
    (StatusCode::SEE_OTHER, [(LOCATION, location), (SET_COOKIE, cookie)]).into_response()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == TOKEN_COOKIE).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn status(token: &Token, uri: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = axum::http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal(token, &request.body(Body::empty()).unwrap()).map_or(200, |refusal| refusal.status().as_u16())
    }

    #[test]
    fn only_the_token_on_this_machine_is_let_in() {
        let token = Token::random().unwrap();
        let (bearer, cookie) = (format!("Bearer {token}"), format!("a=b; thundra_console={token}"));
        const LOCAL: (&str, &str) = ("host", "127.0.0.1:8010");
        for (headers, expected, why) in [
            (vec![LOCAL, ("authorization", &bearer)], 200, "a script"),
            (vec![LOCAL, ("cookie", &cookie)], 200, "a browser"),
            (vec![("host", "LocalHost"), ("cookie", "thundra_console=old"), ("cookie", &cookie)], 200, "two consoles"),
            (vec![LOCAL], 401, "no token"),
            (vec![LOCAL, ("authorization", "Bearer x"), ("cookie", "thundra_console=")], 401, "another token"),
            (vec![LOCAL, ("authorization", "Basic x")], 401, "another scheme"),
            (vec![("host", "evil.example"), ("cookie", &cookie)], 403, "a rebound name"),
            (vec![("host", "127.0.0.1.evil.example:80"), ("cookie", &cookie)], 403, "a name that begins so"),
            (vec![("host", "127.0.0.1:x"), ("cookie", &cookie)], 403, "no port"),
            (vec![LOCAL, ("host", "evil.example"), ("cookie", &cookie)], 403, "two hosts"),
            (vec![("cookie", &cookie)], 403, "no host"),
        ] {
            assert_eq!(status(&token, "/api/v1/status", &headers), expected, "{why}");
        }
        assert_eq!(status(&token, "http://evil.example/", &[LOCAL, ("cookie", &cookie)]), 403);
        assert_eq!(status(&token, &format!("/?token={token}"), &[LOCAL]), 303);
        assert_eq!(status(&token, "/?token=x", &[LOCAL, ("cookie", &cookie)]), 401);
    }

    #[test]
    fn the_link_leads_to_itself_without_the_token() {
        let token = Token::random().unwrap();
        for (link, location) in [
            ("/?token=x", "/"),
            ("/requests/a%26b?x=1&token=x&y=%3D", "/requests/a%26b?x=1&y=%3D"),
            ("//evil.example/?token=x", "/evil.example/"),
        ] {
            let uri = Uri::builder().path_and_query(link).build().unwrap();
            let response = remember(&token, &uri);
            assert_eq!(response.headers()[LOCATION], location);
            let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
            assert_eq!(cookie, format!("thundra_console={token}; Path=/; HttpOnly; SameSite=Strict"));
        }
    }
}
