//! The ways to a collector through TLS or a proxy.

use std::fmt;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use rustls::ClientConfig;

use super::connection::{Connection, Error};
use super::host::{Certificates, Host};
use super::proxy::Proxy;
use super::resolver::Http;
use super::tls;

type Https = HttpsConnector<Http>;

#[derive(Debug)]
pub(super) enum Way {
    /// No way, since TLS cannot be set up.
    None(rustls::Error),
    Direct(Https),
    /// The proxy forwards an `http` request.
    Forward(Proxy, Https),
    /// The proxy connects to an `https` host.
    Tunnel(Proxy, HttpsConnector<Tunnel<Https>>),
    Socks(Proxy, HttpsConnector<SocksV5<Http>>),
}

impl Way {
    /// Returns the way to a host; `None` for plain HTTP without a proxy.
    pub(super) fn to(host: &Host, http: &Http) -> Option<Self> {
        let proxy = Proxy::of(&host.proxies, &host.address);
        if !host.is_https() && proxy.is_none() {
            return None;
        }
        Some(Self::through(proxy, host, http.clone()).unwrap_or_else(Way::None))
    }

    fn through(proxy: Option<Proxy>, host: &Host, mut http: Http) -> Result<Self, rustls::Error> {
        http.enforce_http(false);
        // The configured certificates are for the host, and not for the proxy.
        let in_tls = || tls::client_config(&host.certificates);
        let to_proxy = |http| tls::client_config(&Certificates::default()).map(|config| wrap(config, http));
        Ok(match proxy {
            None => Way::Direct(wrap(in_tls()?, http)),
            Some(proxy) if proxy.is_socks() => {
                let mut socks = SocksV5::new(proxy.address().clone(), http).local_dns(proxy.resolves_here());
                if let Some((user, password)) = proxy.user() {
                    socks = socks.with_auth(user, password);
                }
                Way::Socks(proxy, wrap(in_tls()?, socks))
            }
            Some(proxy) if host.is_https() => {
                let mut tunnel = Tunnel::new(proxy.address().clone(), to_proxy(http)?);
                if let Some(authorization) = proxy.authorization() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                Way::Tunnel(proxy, wrap(in_tls()?, tunnel))
            }
            Some(proxy) => Way::Forward(proxy, to_proxy(http)?),
        })
    }

    pub(super) async fn connect(&self, address: &Uri) -> Result<Connection, Error> {
        let (proxy, opened) = match self {
            Way::None(error) => return Err(error.clone().into()),
            Way::Direct(connector) => return Connection::open(connector, address).await,
            Way::Forward(proxy, connector) => (proxy, Connection::open(connector, proxy.address()).await),
            Way::Tunnel(proxy, connector) => (proxy, Connection::open(connector, address).await),
            Way::Socks(proxy, connector) => (proxy, Connection::open(connector, &with_port(address)).await),
        };
        opened.map_err(|error| ThroughProxy { proxy: proxy.to_string(), error }.into())
    }

    /// Prepares a request for a forwarding proxy: the address stays absolute. Returns `false` for any other way.
    pub(super) fn hands_on(&self, request: &mut Request<Full<Bytes>>) -> bool {
        let Way::Forward(proxy, _) = self else { return false };
        if let Some(authorization) = proxy.authorization() {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        true
    }
}

fn wrap<C>(config: ClientConfig, connector: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(connector)
}

/// Returns the address with a port: the SOCKS client replaces a missing port by the port of `https`.
fn with_port(address: &Uri) -> Uri {
    let (Some(host), None, Some("http")) = (address.host(), address.port(), address.scheme_str()) else {
        return address.clone();
    };
    format!("http://{host}:80/").parse().unwrap_or_else(|_| address.clone())
}

/// A failure on the way through a proxy.
#[derive(Debug)]
struct ThroughProxy {
    proxy: String,
    error: Error,
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy)
    }
}

impl std::error::Error for ThroughProxy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.error)
    }
}
