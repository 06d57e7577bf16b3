//! The interface for credentials added to a request just before sending: headers from a store, or a signature.
//!
//! An [`Authorizer`] looks at each destination once. The returned [`Authorize`] values see each attempt of a request,
//! in the order of the authorizers. A signature comes after the signed headers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Uri};
use thundra_core::export::ExportError;
use thundra_core::{Signal, diagnostics};

use super::record_limits::RecordLimits;

/// The future of [`Authorize::authorize`].
pub type AuthorizeFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

/// Adds credentials to the requests of a destination.
///
/// Exporters of several threads may share one value, and each thread has a separate runtime.
pub trait Authorize: fmt::Debug + Send + Sync {
    /// Adds credentials to the head of a request, and returns by the deadline. The address in the head is absolute, all
    /// other headers are set, and the body is final. Called for each attempt.
    ///
    /// # Errors
    ///
    /// [`Retryable`](thundra_core::export::ExportErrorKind::Retryable) where credentials may be available later: the
    /// batch is kept. The request is not sent.
    fn authorize<'a>(&'a self, head: &'a mut Parts, body: &'a Bytes, deadline: Instant) -> AuthorizeFuture<'a>;

    /// Returns the limits of the destination beyond the limits of OTLP. Called once; defaults to none.
    fn limits(&self) -> Option<RecordLimits> {
        None
    }

    /// Called after a response of 401 or 403. Returns `true` if the next attempt will have other credentials.
    fn refused(&self) -> bool {
        false
    }

    /// Forgets cached credentials. Called before a snapshot of the process, and in each process restored from the
    /// snapshot, perhaps weeks later.
    fn renew(&self) {}
}

/// Returns the [`Authorize`] value for a destination; `None` where the destination needs no credentials.
pub type Authorizer = fn(&Destination<'_>) -> Option<Arc<dyn Authorize>>;

/// The destination of a signal's requests.
#[derive(Debug)]
#[non_exhaustive]
pub struct Destination<'a> {
    /// The signal.
    pub signal: Signal,
    /// The address of each request, without user and password.
    pub address: &'a Uri,
    /// The configured headers with references to secrets as values, for example `ssm:/name`. Requests do not have the
    /// headers yet.
    pub references: &'a [(HeaderName, String)],
}

/// An [`Authorizer`] for programs without access to secrets: reports each header with a reference to a secret.
pub fn report_references(destination: &Destination<'_>) -> Option<Arc<dyn Authorize>> {
    for (name, _) in destination.references {
        diagnostics::once(
            &format!("otlp.secret.{name}"),
            format_args!(
                "the OTLP header {name} is left out: a value that starts with `ssm:` or `secretsmanager:` takes the feature \
                 `secrets` of thundra-aws"
            ),
        );
    }
    None
}

/// The sources of credentials for the requests of one destination.
#[derive(Clone, Debug, Default)]
pub(super) struct Authorization(Vec<Arc<dyn Authorize>>);

impl Authorization {
    pub(super) fn of(destination: &Destination<'_>, authorizers: &[Authorizer]) -> Self {
        Authorization(authorizers.iter().filter_map(|authorizer| authorizer(destination)).collect())
    }

    /// Returns `true` if requests need no credentials.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) async fn authorize(&self, head: &mut Parts, body: &Bytes, deadline: Instant) -> Result<(), ExportError> {
        for authorize in &self.0 {
            authorize.authorize(head, body, deadline).await?;
        }
        Ok(())
    }

    /// Returns the limits of the destination.
    pub(super) fn limits(&self) -> Option<RecordLimits> {
        self.0.iter().find_map(|authorize| authorize.limits())
    }

    /// Returns `true` if the next attempt will have other credentials.
    pub(super) fn refused(&self) -> bool {
        // Every authorizer learns of the refusal.
        self.0.iter().fold(false, |renewed, authorize| authorize.refused() | renewed)
    }

    /// Forgets cached credentials.
    pub(super) fn renew(&self) {
        self.0.iter().for_each(|authorize| authorize.renew());
    }
}
