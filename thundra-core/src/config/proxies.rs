//! The proxies of OTLP requests, from the variables of curl.

use std::fmt;

use super::list as v;
use super::reader::Reader;
use super::{ConfigProblem, Variable};
use crate::redact;

/// The variable of a CGI script. In a CGI script, `HTTP_PROXY` has the header `Proxy` of the caller.
const CGI: &str = "REQUEST_METHOD";

/// The schemes of proxies. The default scheme is `http`.
const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

/// The proxies of OTLP requests.
///
/// An address is a host and a port, with a scheme of `http` (the default), `https`, `socks5` or `socks5h`. A
/// percent-encoded user and password in the address are sent to the proxy, and hidden from `Debug`.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
///
/// let mut config = Config::from_env(&Env::from_pairs([("HTTPS_PROXY", "http://proxy:3128")]));
/// config.otlp.proxies.except = Some("collector.internal,10.0.0.0/8".to_owned());
/// assert_eq!(config.otlp.proxies.https.as_deref(), Some("http://proxy:3128"));
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Proxies {
    /// The proxy of `http` collectors.
    pub http: Option<String>,
    /// The proxy of `https` collectors.
    pub https: Option<String>,
    /// The proxy of collectors without a proxy for the scheme.
    pub all: Option<String>,
    /// The collectors reached without a proxy: names, addresses and networks, or `*`, separated by commas. A name
    /// stands for all names below it too. A collector on loopback is no exception by itself.
    pub except: Option<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |proxy: &Option<String>| proxy.as_deref().map(|proxy| redact::text(proxy).into_owned());
        f.debug_struct("Proxies")
            .field("http", &shown(&self.http))
            .field("https", &shown(&self.https))
            .field("all", &shown(&self.all))
            .field("except", &self.except)
            .finish()
    }
}

impl Proxies {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        if reader.env().get(CGI).is_some() {
            return Proxies::default();
        }
        Proxies {
            http: address(reader, &v::HTTP_PROXY),
            https: address(reader, &v::HTTPS_PROXY),
            all: address(reader, &v::ALL_PROXY),
            except: reader.list(&in_either_case(reader, &v::NO_PROXY)).map(|names| names.join(",")),
        }
    }
}

/// Reads the address of a proxy. The problem of an invalid address does not show the address.
fn address(reader: &mut Reader<'_>, variable: &Variable) -> Option<String> {
    let variable = in_either_case(reader, variable);
    let address = reader.text(&variable)?;
    if is_address(&address) {
        return Some(address);
    }
    reader.problem(ConfigProblem::secret(&variable));
    None
}

/// Returns the variable under the name in lower case, where only the lower-case variable is set.
fn in_either_case(reader: &Reader<'_>, variable: &Variable) -> Variable {
    let lower = match variable.name {
        "HTTP_PROXY" => "http_proxy",
        "HTTPS_PROXY" => "https_proxy",
        "ALL_PROXY" => "all_proxy",
        _ => "no_proxy",
    };
    let is_lower = reader.env().get(variable.name).is_none() && reader.env().get(lower).is_some();
    Variable { name: if is_lower { lower } else { variable.name }, ..*variable }
}

fn is_address(address: &str) -> bool {
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    // An IPv6 address stands in brackets, and has colons.
    let port = host.rsplit_once(']').map_or(host, |(_, port)| port).split_once(':');
    let name = host.strip_suffix(port.map_or("", |(_, port)| port)).unwrap_or_default();
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        && !user.contains('@')
        && !matches!(name, "" | ":")
        && name.starts_with('[') == name.trim_end_matches(':').ends_with(']')
        && host.bytes().all(|byte| byte.is_ascii_graphic())
        && port.is_none_or(|(_, port)| port.is_empty() || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    fn read(pairs: &[(&str, &str)]) -> (Proxies, Vec<String>) {
        let env = Env::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&env);
        let proxies = Proxies::read(&mut reader);
        (proxies, reader.finish().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_name_is_read_in_either_case() {
        for (pairs, http, why) in [
            (&[("HTTP_PROXY", "http://a:1")][..], Some("http://a:1"), "upper"),
            (&[("http_proxy", "http://b:1")], Some("http://b:1"), "lower"),
            (
                &[("http_proxy", "http://b:1"), ("HTTP_PROXY", "http://a:1")],
                Some("http://a:1"),
                "both, as reqwest has it",
            ),
            (&[("http_proxy", "http://b:1"), ("HTTP_PROXY", " ")], Some("http://b:1"), "blank is unset"),
            (&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], None, "a CGI script"),
        ] {
            assert_eq!(read(pairs).0.http.as_deref(), http, "{why}");
        }
        let lower = [("https_proxy", "a"), ("all_proxy", "b"), ("no_proxy", "c, .d,")];
        let (proxies, problems) = read(&lower);
        assert_eq!((proxies.https.as_deref(), proxies.all.as_deref()), (Some("a"), Some("b")));
        assert_eq!((proxies.except.as_deref(), problems.len()), (Some("c,.d"), 0));
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in [
            "proxy",
            "proxy:3128",
            "http://proxy",
            "HTTP://proxy:3128/",
            "https://u:p%40q@proxy:3128",
            "socks5h://10.0.0.1:1080",
            "http://[::1]:3128",
            "[::1]",
            "http://proxy:",
        ] {
            assert!(is_address(address), "{address}");
        }
        for address in [
            "http://",
            "http://:3128",
            "http://u:s3cr3t@",
            "http://u:s3cr3t@q@proxy",
            "ftp://proxy",
            "socks4://proxy",
            "http://proxy:99999",
            "http://proxy:port",
            "http://a proxy",
            "://proxy",
            "http://::1:3128",
            "http://[::1",
        ] {
            assert!(!is_address(address), "{address}");
            let (proxies, problems) = read(&[("https_proxy", address)]);
            assert_eq!(proxies, Proxies::default());
            let line = "https_proxy is not used: it takes an address such as http://proxy:3128, with a user and a password \
                        percent-encoded";
            assert_eq!(problems, [line], "{address}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let (proxies, _) = read(&[("ALL_PROXY", "http://user:s3cr3t@proxy:3128")]);
        let shown = format!("{proxies:?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("proxy:3128"), "{shown}");
    }
}
