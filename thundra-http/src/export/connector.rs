//! The way to a collector: directly or through a proxy, in TLS where the address is `https`.

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;

use super::connection::{Connection, Error};
use super::host::Host;
use super::resolver::{Http, Resolver};
#[cfg(feature = "https")]
use super::secure;

/// Opens connections to one host.
#[derive(Debug)]
pub(super) struct Connector {
    address: Uri,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Plain(Http),
    #[cfg(feature = "https")]
    Https(Box<secure::Way>),
}

impl Connector {
    pub(super) fn new(host: &Host) -> Self {
        let mut http = Http::new_with_resolver(Resolver);
        http.set_nodelay(true);
        Connector { address: host.address.clone(), way: Way::to(host, http) }
    }

    /// Opens a connection. The connection reaches the host, or a proxy forwarding each request.
    pub(super) async fn connect(&self) -> Result<Connection, Error> {
        match &self.way {
            Way::Plain(connector) => Connection::open(connector, &self.address).await,
            #[cfg(feature = "https")]
            Way::Https(way) => way.connect(&self.address).await,
        }
    }

    /// Gives a request with an absolute address the form for the other end of the connection.
    pub(super) fn prepare(&self, mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
        #[cfg(feature = "https")]
        if let Way::Https(way) = &self.way
            && way.hands_on(&mut request)
        {
            return request;
        }
        let target = request.uri().path_and_query().cloned();
        *request.uri_mut() = target.map_or_else(Uri::default, Uri::from);
        request
    }
}

impl Way {
    #[cfg(feature = "https")]
    fn to(host: &Host, http: Http) -> Self {
        secure::Way::to(host, &http).map_or(Way::Plain(http), |way| Way::Https(Box::new(way)))
    }

    #[cfg(not(feature = "https"))]
    fn to(host: &Host, http: Http) -> Self {
        if host.proxies.http.is_some() || host.proxies.all.is_some() {
            thundra_core::diagnostics::once(
                "otlp.proxy",
                "the OTLP exporter takes no proxy, such as that of HTTP_PROXY, without the feature `https`",
            );
        }
        Way::Plain(http)
    }
}
