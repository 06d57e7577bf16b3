//! Headers of OTLP requests whose values are secrets in SSM Parameter Store or Secrets Manager.
//!
//! ```text
//! installation ─► reference.rs: what to read ─► store.rs, on a thread: AWS ─► headers.rs: cache ─► each request
//! ```
//!
//! The secrets are read while the program initialises, so only a first flush may wait for them. They are read again
//! after an hour, and after a response of 401 or 403.

mod headers;
mod reference;
mod store;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use thundra_core::diagnostics;
use thundra_http::export::{Authorize, Destination};

use self::headers::SecretHeaders;
use self::reference::Reference;

/// The headers in use. Signals with the same references share them.
static KNOWN: Mutex<Vec<Weak<SecretHeaders>>> = Mutex::new(Vec::new());

/// Returns the headers of a destination whose values are secrets, and begins to read them. `None` without any. Reports
/// and leaves out a malformed reference.
pub(crate) fn headers(destination: &Destination<'_>) -> Option<Arc<dyn Authorize>> {
    let mut references = Vec::new();
    for (name, value) in destination.references {
        match Reference::parse(value) {
            Some(reference) => references.push((name.clone(), reference)),
            None => diagnostics::once(
                &format!("otlp secret {name}"),
                format_args!(
                    "the OTLP header {name} is left out: a secret has the form ssm:name, secretsmanager:id or \
                     secretsmanager:id#key"
                ),
            ),
        }
    }
    if references.is_empty() {
        return None;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|headers| headers.strong_count() > 0);
    if let Some(headers) = known.iter().filter_map(Weak::upgrade).find(|headers| headers.has(&references)) {
        return Some(headers);
    }
    let headers = Arc::new(SecretHeaders::new(references));
    known.push(Arc::downgrade(&headers));
    headers.read();
    Some(headers)
}
