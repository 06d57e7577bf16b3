//! From our clients to the genuine clients of reqwest, for libraries accepting only reqwest's client.

use std::fmt::Write as _;

use thundra_core::diagnostics;

use super::client::Client;
use super::redirect::settings::ClientSettings;

/// Returns the client of reqwest inside, with the same connections.
///
/// For libraries accepting only the genuine client. Calls of the genuine client have no spans and carry no ids. A line
/// on standard error reports the conversion, once.
///
/// Our side adds the default headers that a redirect may remove, for example `Authorization` and `Cookie`. The genuine
/// client therefore lacks these headers, and a line on standard error names them. Set the headers with
/// [`ClientBuilder::configure`](crate::ClientBuilder::configure), or build the client for the library with reqwest.
///
/// # Examples
///
/// ```
/// let traced = thundra_http::Client::new();
/// let genuine: reqwest::Client = traced.clone().into();
/// # let _ = genuine;
/// ```
impl From<Client> for reqwest::Client {
    fn from(client: Client) -> Self {
        report(client.settings.as_deref());
        client.inner
    }
}

/// Returns the client of reqwest inside, as the [async client](crate::Client) does.
///
/// reqwest then follows the redirects of both clients with all headers: calls of the two cannot be told apart.
#[cfg(feature = "blocking")]
impl From<super::blocking::Client> for reqwest::blocking::Client {
    fn from(client: super::blocking::Client) -> Self {
        report(client.settings());
        client.into_genuine()
    }
}

/// Reports, once, the missing spans, ids and default headers of a genuine client.
fn report(settings: Option<&ClientSettings>) {
    diagnostics::once(
        "reqwest.genuine",
        "a thundra_http client became a genuine reqwest client: the calls of that one have no spans and carry no ids",
    );
    let mut names = String::new();
    for name in settings.iter().flat_map(|settings| settings.defaults.keys()) {
        let comma = if names.is_empty() { "" } else { ", " };
        let _ = write!(names, "{comma}{name}");
    }
    if !names.is_empty() {
        diagnostics::once(
            "reqwest.genuine.headers",
            format_args!(
                "a genuine reqwest client made of a thundra_http client does not send its default headers {names}: set \
                 them by ClientBuilder::configure(|builder| builder.default_headers(…))"
            ),
        );
    }
}
