//! The headers of OTLP requests.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use thundra_core::diagnostics;

/// The stores of secrets: a value with the prefix, for example `ssm:/name`, is the name of a secret.
const STORES: [&str; 2] = ["ssm:", "secretsmanager:"];

/// The configured headers of requests.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// Headers with known values.
    pub(super) known: HeaderMap,
    /// Headers with references to secrets as values.
    pub(super) references: Vec<(HeaderName, String)>,
}

/// Returns the configured headers. A configured `authorization` wins over the authorization of the endpoint. Reports
/// and leaves out invalid headers.
pub(super) fn headers(pairs: &[(String, String)], authorization: Option<HeaderValue>) -> Headers {
    let mut headers: HeaderMap = authorization.map(|value| (AUTHORIZATION, value)).into_iter().collect();
    let mut references = Vec::new();
    for (name, value) in pairs {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(_)) if is_reference(value) => {
                headers.remove(&name);
                references.push((name, value.clone()));
            }
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                references.retain(|(reference, _)| *reference != name);
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
    Headers { known: headers, references }
}

/// Returns `true` for a reference to a secret, such as `ssm:/name` or `Bearer ssm:/name`.
fn is_reference(value: &str) -> bool {
    let reference = value.rsplit_once(' ').map_or(value, |(_, reference)| reference);
    STORES.iter().any(|store| reference.len() > store.len() && reference.starts_with(store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_headers_win_over_the_endpoint_and_what_is_none_is_left_out() {
        let from_endpoint = || Some(HeaderValue::from_static("Basic dTpw"));
        let own = [("Authorization", "Bearer own"), ("a b", "1"), ("x", "\n"), ("y", "1")];
        let pairs = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let configured = headers(&pairs, from_endpoint()).known;
        assert_eq!(
            (configured.len(), &configured["authorization"], &configured["y"]),
            (2, &"Bearer own".parse().unwrap(), &"1".parse().unwrap())
        );
        assert_eq!(headers(&[], from_endpoint()).known["authorization"], "Basic dTpw");
        assert_eq!(format!("{configured:?}"), r#"{"authorization": Sensitive, "y": Sensitive}"#);
    }
}
