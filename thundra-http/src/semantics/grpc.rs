//! gRPC methods and status codes, by the [RPC conventions].
//!
//! [RPC conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/rpc/grpc.md

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

use super::limits;

/// `rpc.system.name`.
pub(crate) const SYSTEM: &str = "grpc";

const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Returns the method of a gRPC request: `package.Service/Method`. `None` for any other request.
pub(crate) fn method<'a>(uri: &'a Uri, headers: &HeaderMap) -> Option<&'a str> {
    let method = uri.path().strip_prefix('/').filter(|method| method.len() <= limits::RPC_METHOD)?;
    // Most paths are of another form, which is found sooner than a header.
    let (service, name) = method.split_at(method.bytes().position(|byte| byte == b'/')?);
    let name = name.get(1..)?;
    headers.get(CONTENT_TYPE).filter(|content_type| is_grpc(content_type))?;
    let legal = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    (legal(service) && legal(name)).then_some(method)
}

/// Returns `true` for a content type of gRPC, with any encoding of the messages.
fn is_grpc(content_type: &HeaderValue) -> bool {
    let rest = content_type.as_bytes().strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// Returns `true` if a response is gRPC. A request proves nothing, because a client can send any content type.
pub(crate) fn is_response(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).map_or_else(|| headers.contains_key(STATUS), is_grpc)
}

/// Returns `true` if the head of a response proves the existence of the method. A failure proves nothing, because
/// middleware may reject a call before routing. gRPC itself always responds with status 200.
pub(crate) fn shows_method(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::OK && headers.get(STATUS).is_none_or(|status| status == "0")
}

/// The status of a call, from the trailers or from the headers of a response without messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// `rpc.response.status_code`.
    pub(crate) name: &'static str,
    /// `true` if the server is to blame rather than the caller.
    pub(crate) is_server_error: bool,
}

impl Code {
    pub(crate) const OK: &str = "OK";
    /// The method does not exist.
    pub(crate) const UNIMPLEMENTED: &str = "UNIMPLEMENTED";

    /// Returns the status in headers or trailers.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let (name, is_server_error) = match headers.get(STATUS)?.as_bytes() {
            b"0" => (Self::OK, false),
            b"1" => ("CANCELLED", false),
            b"2" => ("UNKNOWN", true),
            b"3" => ("INVALID_ARGUMENT", false),
            b"4" => ("DEADLINE_EXCEEDED", true),
            b"5" => ("NOT_FOUND", false),
            b"6" => ("ALREADY_EXISTS", false),
            b"7" => ("PERMISSION_DENIED", false),
            b"8" => ("RESOURCE_EXHAUSTED", false),
            b"9" => ("FAILED_PRECONDITION", false),
            b"10" => ("ABORTED", false),
            b"11" => ("OUT_OF_RANGE", false),
            b"12" => (Self::UNIMPLEMENTED, true),
            b"13" => ("INTERNAL", true),
            b"14" => ("UNAVAILABLE", true),
            b"15" => ("DATA_LOSS", true),
            b"16" => ("UNAUTHENTICATED", false),
            // https://github.com/grpc/grpc/blob/master/doc/statuscodes.md: a code from the future is `UNKNOWN`.
            digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => ("UNKNOWN", true),
            _ => return None,
        };
        Some(Code { name, is_server_error })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn methods_are_told_from_other_paths() {
        for (path, content_type, expected, why) in [
            ("/shop.Orders/Place", "application/grpc", Some("shop.Orders/Place"), "gRPC"),
            ("/shop.Orders/Place", "application/grpc+proto", Some("shop.Orders/Place"), "with its encoding"),
            ("/shop.Orders/Place", "application/grpc-web", None, "another protocol"),
            ("/shop.Orders/Place", "application/json", None, "another content"),
            ("/shop.Orders", "application/grpc", None, "one part"),
            ("/a/b/c", "application/grpc", None, "three parts"),
            ("/a/b%20c", "application/grpc", None, "no identifier"),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            assert_eq!(method(&path.parse().unwrap(), &headers), expected, "{path}: {why}");
        }
    }

    #[test]
    fn codes_have_names() {
        let code = |value: &'static str| Code::of(&HeaderMap::from_iter([(STATUS, HeaderValue::from_static(value))]));
        assert_eq!(code("5"), Some(Code { name: "NOT_FOUND", is_server_error: false }));
        assert_eq!(code("14"), Some(Code { name: "UNAVAILABLE", is_server_error: true }));
        assert_eq!(code("17"), Some(Code { name: "UNKNOWN", is_server_error: true }), "of a later version");
        assert_eq!((code(""), code("ok"), Code::of(&HeaderMap::new())), (None, None, None));
    }

    #[test]
    fn grpc_is_told_from_other_responses() {
        for (content_type, status, is_response, shows_method, why) in [
            (Some("application/grpc"), None, true, true, "the outcome is to come"),
            (Some("application/grpc+proto"), Some("0"), true, true, "a success"),
            (Some("application/grpc"), Some("5"), true, false, "a failure"),
            (Some("application/grpc"), Some("what"), true, false, "no outcome at all"),
            (None, Some("5"), true, false, "a failure that says no more"),
            (Some("text/html"), Some("5"), false, false, "a page"),
            (Some("application/grpc-web"), None, false, true, "another protocol"),
            (None, None, false, true, "nothing"),
        ] {
            let pairs = [(CONTENT_TYPE, content_type), (STATUS, status)].into_iter();
            let headers = pairs.filter_map(|(name, value)| Some((name, HeaderValue::from_static(value?)))).collect();
            assert_eq!(
                (super::is_response(&headers), super::shows_method(StatusCode::OK, &headers)),
                (is_response, shows_method),
                "{why}"
            );
            assert!(!super::shows_method(StatusCode::UNAUTHORIZED, &headers), "{why}, of a guard");
        }
    }
}
