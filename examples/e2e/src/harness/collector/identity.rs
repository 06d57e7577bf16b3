//! Certificates, good and bad.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::fault::Fault;
use crate::harness::Error;

/// The certificates of a collector. The authority of `good` is written to a file; `bad` has another authority.
#[derive(Clone)]
pub(super) struct Identity {
    good: Arc<ServerConfig>,
    bad: Arc<ServerConfig>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    pub(super) fn new(authority: &Path) -> Result<Self, Error> {
        let (known, unknown) = (self::authority()?, self::authority()?);
        fs::write(authority, known.pem()).map_err(|error| format!("cannot write {}: {error}", authority.display()))?;
        Ok(Self { good: config(&known)?, bad: config(&unknown)? })
    }

    pub(super) fn acceptor(&self, fault: Fault) -> TlsAcceptor {
        Arc::clone(if fault == Fault::BadCertificate { &self.bad } else { &self.good }).into()
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?)
}

fn config(authority: &CertifiedIssuer<'static, KeyPair>) -> Result<Arc<ServerConfig>, Error> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, authority)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Arc::new(config))
}
