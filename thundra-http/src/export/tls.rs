//! TLS to a collector: the trusted certificates, and the client certificate.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, client, pki_types,
};
use thundra_core::diagnostics;

use super::host::Certificates;

/// Returns the configuration of TLS. An unusable certificate is reported and ignored.
///
/// The provider is named, since a program with two enabled providers has no default provider. The well-known
/// authorities are compiled in: reading the system's costs some 45 ms.
pub(super) fn client_config(certificates: &Certificates) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let trusted = certificates.trusted.as_deref().and_then(|pem| match Trusted::new(pem, provider) {
        Ok(trusted) => Some(trusted),
        Err(error) => {
            report("CERTIFICATE", "well-known authorities are trusted in its place", &error);
            None
        }
    });
    let builder = match trusted {
        Some(trusted) => builder.dangerous().with_custom_certificate_verifier(Arc::new(trusted)),
        None => builder.with_webpki_roots(),
    };
    let plain = || builder.clone().with_no_client_auth();
    Ok(match (&certificates.client, &certificates.client_key) {
        (Some(certificate), Some(key)) => {
            let with_client = || {
                let key =
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| Error::General(error.to_string()))?;
                builder.clone().with_client_auth_cert(read(certificate)?, key)
            };
            with_client().unwrap_or_else(|error| {
                report("CLIENT_CERTIFICATE", "no certificate is sent", &error);
                plain()
            })
        }
        (Some(_), None) => {
            report("CLIENT_CERTIFICATE", "no certificate is sent", &"it takes OTEL_EXPORTER_OTLP_CLIENT_KEY too");
            plain()
        }
        (None, Some(_)) => {
            report("CLIENT_KEY", "no certificate is sent", &"it takes OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE too");
            plain()
        }
        (None, None) => plain(),
    })
}

/// Reports a certificate or a key without use.
fn report(variable: &str, instead: &str, reason: &dyn std::fmt::Display) {
    diagnostics::once(
        &format!("otlp.{variable}"),
        format_args!("OTEL_EXPORTER_OTLP_{variable}, or that of a signal, is not used, and {instead}: {reason}"),
    );
}

/// Reads certificates in PEM.
fn read(pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>();
    certificates.map_err(|error: pki_types::pem::Error| Error::General(error.to_string()))
}

/// Accepts a chain up to a trusted authority, or a directly trusted certificate.
#[derive(Debug)]
struct Trusted {
    authorities: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Trusted {
    fn new(pem: &str, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let certificates = read(pem)?;
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if usable == 0 {
            return Err(CertificateError::BadEncoding.into());
        }
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let authorities = authorities.map_err(|error| Error::General(error.to_string()))?;
        Ok(Trusted { authorities, certificates })
    }

    /// Returns `true` for a trusted certificate refused as the certificate of an authority. `openssl req -x509` makes
    /// server certificates with the mark of an authority. The refusal comes after the check of the dates.
    fn is_trusted_itself(&self, error: &Error, certificate: &CertificateDer<'_>) -> bool {
        let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
        matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
            && self.certificates.iter().any(|trusted| trusted == certificate)
    }
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(error) if self.is_trusted_itself(&error, end_entity) => {
                client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}
