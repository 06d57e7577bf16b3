//! The address of the X-Ray daemon.

use std::fmt;
use std::str::FromStr;

use thundra_core::Env;

/// The form of an address, for messages.
pub(crate) const FORM: &str = "an address such as 127.0.0.1:2000, or tcp:127.0.0.1:2000 udp:127.0.0.1:2000";

/// The address of an X-Ray daemon's UDP socket. Defaults to `127.0.0.1:2000`.
///
/// # Examples
///
/// ```
/// use thundra_http::export::XRayDaemonAddress;
///
/// let address: XRayDaemonAddress = "tcp:127.0.0.1:2000 udp:daemon.internal:2001".parse()?;
/// assert_eq!(address.to_string(), "daemon.internal:2001");
/// assert_eq!("[::1]:2000".parse::<XRayDaemonAddress>()?.to_string(), "[::1]:2000");
/// assert!("127.0.0.1".parse::<XRayDaemonAddress>().is_err(), "no port");
/// # Ok::<(), thundra_http::export::InvalidXRayDaemonAddress>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XRayDaemonAddress {
    host: String,
    port: u16,
}

/// The error of a text that is no [`XRayDaemonAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidXRayDaemonAddress;

impl fmt::Display for InvalidXRayDaemonAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the address of an X-Ray daemon is {FORM}")
    }
}

impl std::error::Error for InvalidXRayDaemonAddress {}

impl Default for XRayDaemonAddress {
    fn default() -> Self {
        XRayDaemonAddress { host: "127.0.0.1".to_owned(), port: 2000 }
    }
}

impl XRayDaemonAddress {
    /// Returns the host: a name, or an IP address without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the address in the variables set by Lambda for the X-Ray SDKs.
    pub(crate) fn of_lambda(env: &Env) -> Option<Self> {
        let (host, port) = (env.get("_AWS_XRAY_DAEMON_ADDRESS")?, env.get("_AWS_XRAY_DAEMON_PORT"));
        match port {
            Some(port) => format!("{host}:{port}").parse().ok(),
            None => host.parse().ok(),
        }
    }

    /// Reads `host:port`.
    fn of_socket(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match inner {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && !host.contains([':', '[', ']', '/', '@']),
        };
        let port = port.parse().ok().filter(|port| *port > 0)?;
        is_host.then(|| XRayDaemonAddress { host: inner.unwrap_or(host).to_owned(), port })
    }
}

impl FromStr for XRayDaemonAddress {
    type Err = InvalidXRayDaemonAddress;

    /// Reads the forms of `AWS_XRAY_DAEMON_ADDRESS`: `host:port`, or `tcp:host:port udp:host:port` in any order.
    fn from_str(text: &str) -> Result<Self, InvalidXRayDaemonAddress> {
        let mut parts = text.split_whitespace();
        let udp = match (parts.next(), parts.next(), parts.next()) {
            (Some(only), None, None) => {
                only.strip_prefix("udp:").and_then(Self::of_socket).or_else(|| Self::of_socket(only))
            }
            (Some(one), Some(other), None) => {
                let [tcp, udp] = if one.starts_with("udp:") { [other, one] } else { [one, other] };
                let tcp = tcp.strip_prefix("tcp:").and_then(Self::of_socket);
                tcp.and_then(|_| Self::of_socket(udp.strip_prefix("udp:")?))
            }
            _ => None,
        };
        udp.ok_or(InvalidXRayDaemonAddress)
    }
}

impl fmt::Display for XRayDaemonAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_sdks_is_read() {
        for (text, address, why) in [
            ("127.0.0.1:2000", Some("127.0.0.1:2000"), "one address for both"),
            ("169.254.79.129:2000", Some("169.254.79.129:2000"), "Lambda"),
            ("udp:10.0.0.1:2001", Some("10.0.0.1:2001"), "UDP alone"),
            ("tcp:1.1.1.1:1 udp:2.2.2.2:2", Some("2.2.2.2:2"), "both"),
            ("  udp:daemon:2   tcp:daemon:1 ", Some("daemon:2"), "in any order, and with white space"),
            ("udp:[::1]:2000", Some("[::1]:2000"), "IPv6"),
            ("udp:2000", Some("udp:2000"), "a host of this name"),
            ("tcp:127.0.0.1:2000", None, "TCP alone"),
            ("tcp:1.1.1.1:1 tcp:2.2.2.2:2", None, "TCP twice"),
            ("udp:1.1.1.1:1 udp:2.2.2.2:2", None, "UDP twice"),
            ("1.1.1.1:1 2.2.2.2:2", None, "two addresses without a protocol"),
            ("", None, "nothing"),
            ("daemon", None, "no port"),
            ("daemon:0", None, "port 0"),
            ("daemon:99999", None, "no port number"),
            (":2000", None, "no host"),
            ("::1:2000", None, "IPv6 without brackets"),
            ("[daemon]:2000", None, "no IPv6 address"),
            ("http://daemon:2000", None, "a URL"),
        ] {
            let read = text.parse::<XRayDaemonAddress>();
            assert_eq!(read.ok().map(|read| read.to_string()).as_deref(), address, "{why}");
        }
    }

    #[test]
    fn lambda_names_host_and_port_apart() {
        let host = ("_AWS_XRAY_DAEMON_ADDRESS", "169.254.79.129");
        for (pairs, expected, why) in [
            (&[host, ("_AWS_XRAY_DAEMON_PORT", "2000")][..], Some("169.254.79.129:2000"), "Lambda"),
            (&[host], None, "no port"),
            (&[("_AWS_XRAY_DAEMON_ADDRESS", "10.0.0.1:7")], Some("10.0.0.1:7"), "both in one"),
            (&[host, ("_AWS_XRAY_DAEMON_PORT", "x")], None, "no number"),
        ] {
            let address = XRayDaemonAddress::of_lambda(&Env::from_pairs(pairs.iter().copied()));
            assert_eq!(address.map(|address| address.to_string()).as_deref(), expected, "{why}");
        }
    }
}
