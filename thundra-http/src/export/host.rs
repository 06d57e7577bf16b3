//! A collector's host, and the way to the host.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use thundra_core::{OtlpConfig, Proxies};

/// A host, with the certificates and the proxies on the way to the host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// An address on the host. The path has no meaning here.
    pub(super) address: Uri,
    pub(super) certificates: Certificates,
    pub(super) proxies: Arc<Proxies>,
}

/// The certificates of a connection, in PEM.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Certificates {
    /// The only certificates trusted to vouch for the host.
    pub(super) trusted: Option<String>,
    /// The client certificate for the host.
    pub(super) client: Option<String>,
    pub(super) client_key: Option<String>,
}

/// Shows nothing of the key.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Host {
    pub(super) fn new(address: &Uri, config: &OtlpConfig, proxies: &Arc<Proxies>) -> Self {
        let certificates = Certificates {
            trusted: config.certificate.clone(),
            client: config.client_certificate.clone(),
            client_key: config.client_key.clone(),
        };
        Host { address: address.clone(), certificates, proxies: proxies.clone() }
    }

    /// Returns `true` if a single connection may serve both hosts. The proxies of a program are the same for all hosts.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.address.scheme() == other.address.scheme()
            && self.address.authority() == other.address.authority()
            && (!self.is_https() || self.certificates == other.certificates)
    }

    pub(super) fn is_https(&self) -> bool {
        self.address.scheme() == Some(&Scheme::HTTPS)
    }
}
