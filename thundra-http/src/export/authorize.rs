//! The seam for credentials that a request gets when it is sent: headers that a store holds, or a signature.
//!
//! An [`Authorizer`] looks at each destination once. What it returns for a destination sees each attempt of a request,
//! in the order of the authorizers: a signature stands behind what it signs.

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

/// Gives the requests of a destination their credentials.
///
/// Exporters of several threads may share one value, and each thread has a runtime of its own.
pub trait Authorize: fmt::Debug + Send + Sync {
    /// Adds credentials to the head of a request, and returns by the deadline. The address in the head is absolute, all
    /// other headers are set, and the body is final. Called for each attempt.
    ///
    /// # Errors
    ///
    /// [`Retryable`](thundra_core::export::ExportErrorKind::Retryable) where credentials may be there later: the batch
    /// is kept. The request is not sent.
    fn authorize<'a>(&'a self, head: &'a mut Parts, body: &'a Bytes, deadline: Instant) -> AuthorizeFuture<'a>;

    /// Returns the limits of the destination, where it has some beyond OTLP's. Called once; defaults to none.
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

/// Returns what gives the requests of a destination their credentials; `None` where the destination needs nothing.
pub type Authorizer = fn(&Destination<'_>) -> Option<Arc<dyn Authorize>>;

/// The destination of a signal's requests.
#[derive(Debug)]
#[non_exhaustive]
pub struct Destination<'a> {
    /// The signal.
    pub signal: Signal,
    /// The address of each request, without user and password.
    pub address: &'a Uri,
    /// The configured headers whose values are references to secrets, such as `ssm:/name`. No request has them yet.
    pub references: &'a [(HeaderName, String)],
}

/// An [`Authorizer`] for programs that cannot read secrets: reports each header whose value is a reference to one.
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

/// What gives the requests of one destination their credentials.
#[derive(Clone, Debug, Default)]
pub(super) struct Authorization(Vec<Arc<dyn Authorize>>);

impl Authorization {
    pub(super) fn of(destination: &Destination<'_>, authorizers: &[Authorizer]) -> Self {
        Authorization(authorizers.iter().filter_map(|authorizer| authorizer(destination)).collect())
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
        // Each of them hears of the refusal.
        self.0.iter().fold(false, |renewed, authorize| authorize.refused() | renewed)
    }

    /// Forgets cached credentials.
    pub(super) fn renew(&self) {
        self.0.iter().for_each(|authorize| authorize.renew());
    }
}
