//! AWS Signature Version 4: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use thundra_core::export::ExportError;
use tokio::time::timeout_at;

use super::host::Host;

/// Credentials are replaced this long before the expiry.
const EARLY: Duration = Duration::from_secs(60);

/// The least age of refused credentials for a replacement.
const REPLACEABLE: Duration = Duration::from_secs(60);

/// Signs requests with the credentials of the SDK's default chain. The first request reads the credentials, and later
/// requests read new ones before the expiry.
pub(super) struct Signer {
    service: &'static str,
    region: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    provider: Option<SharedCredentialsProvider>,
    credentials: Option<(Credentials, Instant)>,
}

/// Shows no credentials.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("service", &self.service).field("region", &self.region).finish_non_exhaustive()
    }
}

impl Signer {
    pub(super) fn new(host: &Host) -> Self {
        Signer { service: host.name, region: host.region.clone(), state: Mutex::default() }
    }

    /// Adds the signature to the head of a request.
    pub(super) async fn sign(&self, head: &mut Parts, body: &Bytes, deadline: Instant) -> Result<(), ExportError> {
        let credentials = match timeout_at(deadline.into(), self.credentials()).await {
            Ok(credentials) => credentials?,
            Err(_) => return Err(ExportError::retryable("the AWS credentials did not come in time")),
        };
        self.sign_with(credentials, head, body, SystemTime::now()).map_err(ExportError::permanent)
    }

    fn sign_with(
        &self,
        credentials: Credentials,
        head: &mut Parts,
        body: &Bytes,
        time: SystemTime,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(time)
            .settings(SigningSettings::default())
            .build()?;
        let uri = head.uri.to_string();
        // A proxy may change other headers.
        let signed = |name: &HeaderName| *name == HOST || *name == CONTENT_TYPE || name.as_str().starts_with("x-aws-");
        let headers = head.headers.iter().filter(|(name, _)| signed(name));
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let request = SignableRequest::new(head.method.as_str(), &uri, headers, SignableBody::Bytes(body))?;
        let (instructions, _) = sign(request, &parameters.into())?.into_parts();
        let (headers, _) = instructions.into_parts();
        for header in headers {
            let mut value = HeaderValue::try_from(header.value())?;
            value.set_sensitive(true);
            head.headers.insert(HeaderName::from_static(header.name()), value);
        }
        Ok(())
    }

    async fn credentials(&self) -> Result<Credentials, ExportError> {
        if let Some((credentials, _)) = &self.state().credentials
            && credentials.expiry().is_none_or(|expiry| SystemTime::now() + EARLY < expiry)
        {
            return Ok(credentials.clone());
        }
        let credentials = self.provider().await?.provide_credentials().await.map_err(|error| {
            ExportError::retryable(format!("requests to AWS are signed, and no credentials were found: {error}"))
        })?;
        self.state().credentials = Some((credentials.clone(), Instant::now()));
        Ok(credentials)
    }

    async fn provider(&self) -> Result<SharedCredentialsProvider, ExportError> {
        if let Some(provider) = &self.state().provider {
            return Ok(provider.clone());
        }
        let region = Region::new(self.region.clone());
        let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
        let provider = config.credentials_provider();
        let provider = provider.ok_or_else(|| ExportError::permanent("the AWS SDK has no provider of credentials"))?;
        self.state().provider = Some(provider.clone());
        Ok(provider)
    }

    /// Forgets refused credentials. Returns `true` if the next request may have other credentials.
    pub(super) fn renews(&self) -> bool {
        let mut state = self.state();
        let replaceable = |(credentials, read): &mut (Credentials, Instant)| {
            credentials.expiry().is_some() && read.elapsed() > REPLACEABLE
        };
        state.credentials.take_if(replaceable).is_some()
    }

    /// Forgets the credentials and the provider.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected signature comes from botocore's `SigV4Auth`.
    #[test]
    fn a_signature_equals_the_one_of_botocore() {
        let host = Host::parse("xray.eu-west-1.amazonaws.com").unwrap();
        let credentials = Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            Some("token".into()),
            None,
            "test",
        );
        let request = http::Request::post("https://xray.eu-west-1.amazonaws.com/v1/traces")
            .header("host", "xray.eu-west-1.amazonaws.com")
            .header("content-type", "application/x-protobuf")
            .header("user-agent", "thundra-rust/0")
            .body(());
        let (mut head, ()) = request.unwrap().into_parts();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let signer = Signer::new(&host);
        signer.sign_with(credentials, &mut head, &Bytes::from_static(b"spans"), time).unwrap();
        let header = |name: &str| head.headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            header("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/eu-west-1/xray/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=87ac14a18dcc440af26d24947804b8e8a98f5163ca57221f0311a4af51e5403c"
        );
        assert_eq!((header("x-amz-date"), header("x-amz-security-token")), ("20270115T080000Z".into(), "token".into()));
        assert!(!format!("{signer:?} {:?}", head.headers).contains("AKIDEXAMPLE"));
    }
}
