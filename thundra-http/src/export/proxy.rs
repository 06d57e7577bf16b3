//! The choice of a proxy, by the rules of curl.

use std::fmt;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use thundra_core::Proxies;

/// A proxy on the way to a host.
#[derive(Clone, Debug)]
pub(super) struct Proxy(Intercept);

impl Proxy {
    /// Returns the proxy for an address; `None` for an address reached without a proxy.
    pub(super) fn of(proxies: &Proxies, address: &Uri) -> Option<Self> {
        let text = |proxy: &Option<String>| proxy.clone().unwrap_or_default();
        // The matcher applies `*` to all names, and not to addresses.
        if proxies.except.as_deref().is_some_and(|names| names.split(',').any(|name| name.trim() == "*")) {
            return None;
        }
        let matcher = Matcher::builder()
            .http(text(&proxies.http))
            .https(text(&proxies.https))
            .all(text(&proxies.all))
            .no(text(&proxies.except))
            .build();
        matcher.intercept(address).map(Proxy)
    }

    /// Returns the address of the proxy, without user and password.
    pub(super) fn address(&self) -> &Uri {
        self.0.uri()
    }

    /// Returns `true` for a proxy of SOCKS.
    pub(super) fn is_socks(&self) -> bool {
        self.address().scheme_str().is_some_and(|scheme| scheme.starts_with("socks"))
    }

    /// Returns `true` if names are resolved here, and not by the proxy.
    pub(super) fn resolves_here(&self) -> bool {
        self.address().scheme_str() == Some("socks5")
    }

    /// Returns the value of `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.0.basic_auth()
    }

    /// Returns the user and the password for SOCKS.
    pub(super) fn user(&self) -> Option<(String, String)> {
        self.0.raw_auth().map(|(user, password)| (user.to_owned(), password.to_owned()))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address();
        write!(f, "{}://", address.scheme_str().unwrap_or("http"))?;
        f.write_str(address.authority().map_or("", |authority| authority.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use thundra_core::{Config, Env};

    use super::*;

    #[test]
    fn the_variables_choose_as_curl_does() {
        let (http, https, all) =
            (("HTTP_PROXY", "http://plain:1"), ("https_proxy", "tls:2"), ("ALL_PROXY", "socks5h://u:p%40@all:3"));
        for (variables, address, expected, why) in [
            (&[][..], "http://c:4318", None, "no proxy"),
            (&[http, https][..], "http://c:4318/v1/traces", Some("http://plain:1"), "http"),
            (&[http, https], "https://c/v1/traces", Some("http://tls:2"), "https, without a scheme of the proxy"),
            (&[http, all], "https://c", Some("socks5h://all:3"), "the rest"),
            (&[http], "https://c", None, "the proxy of another scheme"),
            (&[http], "http://127.0.0.1:4318", Some("http://plain:1"), "loopback is no exception, as in curl"),
            (&[http, ("NO_PROXY", "127.0.0.1,::1")], "http://127.0.0.1:4318", None, "an exception"),
            (&[http, ("no_proxy", "127.0.0.1, ::1")], "http://[::1]:4318", None, "an IPv6 address"),
            (&[http, ("NO_PROXY", "internal")], "http://c.internal", None, "a name stands for those below it"),
            (&[http, ("NO_PROXY", ".internal")], "http://c.internal", None, "with a dot too"),
            (&[http, ("NO_PROXY", "internal")], "http://cinternal", Some("http://plain:1"), "not below it"),
            (&[http, ("NO_PROXY", "10.0.0.0/8")], "http://10.1.2.3", None, "a network"),
            (&[http, https, ("NO_PROXY", "*")], "https://c", None, "all"),
            (&[http, ("NO_PROXY", "x, *")], "http://10.1.2.3", None, "all, addresses too"),
        ] {
            let otlp = Config::from_env(&Env::from_pairs(variables.iter().copied())).otlp;
            let proxy = Proxy::of(&otlp.proxies, &address.parse().unwrap());
            assert_eq!(proxy.map(|proxy| proxy.to_string()).as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn a_password_is_sent_and_never_shown() {
        for (address, basic, user) in [
            ("http://user:s3cr3t@proxy:1", Some("Basic dXNlcjpzM2NyM3Q="), None),
            ("socks5://user:s3cr3t%40@proxy:1", None, Some("s3cr3t@")),
        ] {
            let otlp = Config::from_env(&Env::from_pairs([("ALL_PROXY", address)])).otlp;
            let proxy = Proxy::of(&otlp.proxies, &"https://c".parse().unwrap()).unwrap();
            assert_eq!(proxy.authorization().map(|value| value.to_str().unwrap()), basic);
            assert_eq!(proxy.user().map(|(_, password)| password).as_deref(), user);
            assert!(!format!("{proxy} {proxy:?}").contains("s3cr3t"));
        }
    }
}
