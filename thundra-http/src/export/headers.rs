//! The headers of OTLP requests.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use thundra_core::diagnostics;

/// Returns the configured headers, which win over the endpoint's `authorization`. Reports and leaves out invalid
/// headers.
pub(super) fn headers(pairs: &[(String, String)], authorization: Option<HeaderValue>) -> Arc<HeaderMap> {
    let mut headers: HeaderMap = authorization.map(|value| (AUTHORIZATION, value)).into_iter().collect();
    for (name, value) in pairs {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
            (Ok(name), Err(_)) => diagnostics::once(
                &format!("otlp header {name}"),
                format_args!("the OTLP header {name} is left out: its value is not a valid header value"),
            ),
            // The name may be a misplaced credential.
            (Err(_), _) => {
                diagnostics::once("otlp.header", "an OTLP header is left out: its name is not a valid header name")
            }
        }
    }
    Arc::new(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_headers_win_over_the_endpoint_and_what_is_none_is_left_out() {
        let from_endpoint = || Some(HeaderValue::from_static("Basic dTpw"));
        let own = [("Authorization", "Bearer own"), ("a b", "1"), ("x", "\n"), ("y", "1")];
        let pairs = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let configured = headers(&pairs, from_endpoint());
        assert_eq!(
            (configured.len(), &configured["authorization"], &configured["y"]),
            (2, &"Bearer own".parse().unwrap(), &"1".parse().unwrap())
        );
        assert_eq!(headers(&[], from_endpoint())["authorization"], "Basic dTpw");
        assert_eq!(format!("{configured:?}"), r#"{"authorization": Sensitive, "y": Sensitive}"#);
    }
}
