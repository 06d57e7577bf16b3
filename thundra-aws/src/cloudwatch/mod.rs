//! AWS's own OTLP endpoints:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html>.
//!
//! ```text
//! an address ─► host.rs: service and region ─► limits.rs
//!                                           └► signature.rs, with the feature `sigv4`
//! ```

mod host;
mod limits;
#[cfg(feature = "sigv4")]
mod signature;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::Uri;
use http::header::AUTHORIZATION;
use http::request::Parts;
use thundra_core::Signal;
use thundra_core::export::ExportError;
use thundra_http::export::{Authorize, AuthorizeFuture, Destination, RecordLimits};

use self::host::Host;
#[cfg(feature = "sigv4")]
use self::signature::Signer;

/// An endpoint of AWS.
#[derive(Debug)]
struct Endpoint {
    host: Host,
    #[cfg(feature = "sigv4")]
    signer: Signer,
}

/// Returns the endpoint of AWS at a destination; `None` for a destination outside of AWS.
pub(crate) fn endpoint(destination: &Destination<'_>) -> Option<Arc<dyn Authorize>> {
    let host = Host::parse(destination.address.host()?)?;
    Some(Arc::new(Endpoint {
        #[cfg(feature = "sigv4")]
        signer: Signer::new(&host),
        host,
    }))
}

/// Returns `true` for the address of an endpoint of AWS that takes another signal. Each of its hosts takes one.
pub(crate) fn takes_another_signal(address: &str, signal: Signal) -> bool {
    let host = address.parse::<Uri>().ok().and_then(|address| Host::parse(address.host()?));
    host.is_some_and(|host| host.service.signal() != signal)
}

impl Authorize for Endpoint {
    fn authorize<'a>(&'a self, head: &'a mut Parts, body: &'a Bytes, deadline: Instant) -> AuthorizeFuture<'a> {
        Box::pin(async move {
            // A configured key replaces the signature.
            if head.headers.contains_key(AUTHORIZATION) {
                return Ok(());
            }
            self.sign(head, body, deadline).await
        })
    }

    fn limits(&self) -> Option<RecordLimits> {
        Some(limits::of(self.host.service))
    }

    #[cfg(feature = "sigv4")]
    fn refused(&self) -> bool {
        self.signer.renews()
    }

    #[cfg(feature = "sigv4")]
    fn renew(&self) {
        self.signer.forget();
    }
}

impl Endpoint {
    // Without the feature, the error names the feature.
    #[cfg(feature = "sigv4")]
    async fn sign(&self, head: &mut Parts, body: &Bytes, deadline: Instant) -> Result<(), ExportError> {
        self.signer.sign(head, body, deadline).await
    }

    #[cfg(not(feature = "sigv4"))]
    async fn sign(&self, head: &mut Parts, _: &Bytes, _: Instant) -> Result<(), ExportError> {
        Err(ExportError::permanent(format!(
            "requests to {} are signed, which takes the feature `sigv4` of thundra-aws",
            head.uri.host().unwrap_or_default()
        )))
    }
}

#[cfg(all(test, not(feature = "sigv4")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_the_feature_the_error_names_it_and_a_key_serves() {
        let endpoint = Endpoint { host: Host::parse("xray.eu-west-1.amazonaws.com").unwrap() };
        let request = http::Request::post("https://xray.eu-west-1.amazonaws.com/v1/traces").body(()).unwrap();
        let (mut head, ()) = request.into_parts();
        let now = Instant::now();
        let error = endpoint.authorize(&mut head, &Bytes::new(), now).await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("xray.eu-west-1.amazonaws.com") && cause.contains("the feature `sigv4` of thundra-aws"));
        head.headers.insert(AUTHORIZATION, http::HeaderValue::from_static("Bearer own"));
        endpoint.authorize(&mut head, &Bytes::new(), now).await.unwrap();
    }
}
