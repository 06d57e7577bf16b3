//! The exporter and TLS: the trusted certificates, and the client certificate.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use thundra_core::export::ExportErrorKind;
use thundra_http::export::OtlpExporter;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::exporting::{Heads, OK, answer, export, otlp};

/// A certificate and the key, in PEM.
#[derive(Clone)]
struct Identity {
    certificate: String,
    key: String,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Issues a certificate with changed parameters.
fn issue(by: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Identity { certificate: params.signed_by(&key, by).unwrap().pem(), key: key.serialize_pem() }
}

/// Makes a certificate of no authority.
fn self_signed(name: &str, is_ca: IsCa, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = is_ca;
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Identity { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap()
}

/// Starts a collector that shows a certificate, and asks for a client certificate of an authority. Returns the port,
/// and the heads of the requests.
async fn collector(identity: &Identity, asks_for: Option<&Authority>) -> (u16, Heads) {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match asks_for {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let provider = Arc::new(aws_lc_rs::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = builder.with_single_cert(chain(&identity.certificate), key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heads) = (listener.local_addr().unwrap().port(), Heads::default());
    let kept = heads.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, kept) = (acceptor.clone(), kept.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, OK, &kept).await;
                }
            });
        }
    });
    (port, heads)
}

fn exporter(host: &str, port: u16, trusted: Option<&str>, client: Option<&Identity>) -> OtlpExporter {
    let mut otlp = otlp(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://{host}:{port}"))]);
    otlp.traces.certificate = trusted.map(str::to_owned);
    otlp.traces.client_certificate = client.map(|client| client.certificate.clone());
    otlp.traces.client_key = client.map(|client| client.key.clone());
    OtlpExporter::new(&otlp).unwrap()
}

#[tokio::test]
async fn the_configured_certificates_are_trusted_and_no_others() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let past = |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let future = |params: &mut CertificateParams| params.not_before = rcgen::date_time_ymd(4000, 1, 1);
    let of_client = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = self_signed("localhost", IsCa::NoCa, |_| {});
    let own_ca = self_signed("localhost", is_ca, |_| {});
    let own_expired = self_signed("localhost", is_ca, past);
    let own_of_another_name = self_signed("elsewhere", is_ca, |_| {});
    let other = self_signed("localhost", is_ca, |_| {});
    let bundle = format!("# a comment\n{}\n{}", theirs.pem(), ours.pem());
    let good = || issue(&ours, "localhost", |_| {});
    for (identity, host, trusted, refused, why) in [
        (good(), "localhost", Some(ours.pem()), None, "an authority"),
        (good(), "localhost", Some(bundle), None, "one of several"),
        (issue(&ours, "127.0.0.1", |_| {}), "127.0.0.1", Some(ours.pem()), None, "an address"),
        (own.clone(), "localhost", Some(own.certificate.clone()), None, "the certificate itself"),
        (own_ca.clone(), "localhost", Some(own_ca.certificate.clone()), None, "itself, as openssl makes it"),
        (good(), "localhost", None, Some("UnknownIssuer"), "no well-known authority"),
        (good(), "localhost", Some(theirs.pem()), Some("UnknownIssuer"), "another authority"),
        (good(), "127.0.0.1", Some(ours.pem()), Some("not valid for name"), "another name"),
        (issue(&ours, "localhost", past), "localhost", Some(ours.pem()), Some("expired"), "an old one"),
        (issue(&ours, "localhost", future), "localhost", Some(ours.pem()), Some("not valid yet"), "a future one"),
        (
            issue(&ours, "localhost", of_client),
            "localhost",
            Some(ours.pem()),
            Some("server authentication"),
            "one of a client",
        ),
        (own_ca, "localhost", Some(other.certificate), Some("invalid peer certificate"), "one that is like it"),
        (own_expired.clone(), "localhost", Some(own_expired.certificate), Some("expired"), "itself, and old"),
        (
            own_of_another_name.clone(),
            "localhost",
            Some(own_of_another_name.certificate),
            Some("not valid for name"),
            "itself, of another name",
        ),
    ] {
        let (port, heads) = collector(&identity, None).await;
        let exporter = exporter(host, port, trusted.as_deref(), None);
        let result = export(&exporter).await;
        match (result, refused) {
            (Ok(()), None) => assert_eq!(heads.lock().unwrap().len(), 1, "{why}"),
            (Err((kind, text)), Some(reason)) => {
                assert_eq!(kind, ExportErrorKind::Retryable, "{why}");
                assert!(text.contains("a certificate is not accepted"), "{why}: {text}");
                assert!(text.to_lowercase().contains(&reason.to_lowercase()), "{why}: {text}");
                assert!(heads.lock().unwrap().is_empty(), "{why}: nothing is sent");
            }
            (result, _) => panic!("{why}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn a_collector_that_asks_gets_the_clients_certificate() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let server = issue(&ours, "localhost", |_| {});
    let client = |by| issue(by, "a-function", |_| {});
    let mixed = Identity { key: client(&ours).key, ..client(&ours) };
    let broken =
        Identity { key: "-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----\n".into(), ..client(&ours) };
    for (identity, is_taken, why) in [
        (Some(client(&ours)), true, "the right one"),
        (Some(client(&theirs)), false, "one of another authority"),
        (Some(mixed), false, "the key of another one"),
        (Some(broken), false, "a key that is none"),
        (None, false, "none"),
    ] {
        let (port, _) = collector(&server, Some(&ours)).await;
        let result = export(&exporter("localhost", port, Some(&ours.pem()), identity.as_ref())).await;
        assert_eq!(result.is_ok(), is_taken, "{why}: {result:?}");
        if let Err((kind, text)) = result {
            assert_eq!(kind, ExportErrorKind::Retryable, "{why}");
            assert!(text.contains("received fatal alert"), "{why}: {text}");
        }
    }
}

#[tokio::test]
async fn files_of_the_environment_reach_the_connection() {
    let ours = authority("ours");
    let (port, heads) = collector(&issue(&ours, "localhost", |_| {}), Some(&ours)).await;
    let client = issue(&ours, "a-function", |_| {});
    let directory = std::env::temp_dir().join(format!("thundra-tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ca, own, key) = (file("ca", &ours.pem()), file("own", &client.certificate), file("key", &client.key));
    let otlp = otlp(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://localhost:{port}")),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", &ca),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", &own),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
    ]);
    std::fs::remove_dir_all(&directory).unwrap();
    let exporter = OtlpExporter::new(&otlp).unwrap();
    assert!(!format!("{exporter:?} {otlp:?}").contains("PRIVATE"));
    export(&exporter).await.unwrap();
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_leaves_the_well_known_authorities() {
    let ours = authority("ours");
    let (port, _) = collector(&issue(&ours, "localhost", |_| {}), None).await;
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"] {
        let (_, text) = export(&exporter("localhost", port, Some(pem), None)).await.unwrap_err();
        assert!(text.contains("UnknownIssuer"), "{text}");
    }
}
