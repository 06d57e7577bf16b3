//! Settings without a redeploy: a document in SSM Parameter Store, read while the program runs (`THUNDRA_CONFIG`).
//!
//! ```text
//! flush ─► schedule.rs: is a reading due? ─► reader.rs, on a thread: AWS ─► thundra_core::revise
//! ```
//!
//! In Lambda a reading goes along with the flush after a response. Where a background thread exports, a reading begins
//! after a flush of the thread. Until the first reading, the environment serves.

mod location;
#[cfg(feature = "remote-config")]
mod reader;
#[cfg(feature = "remote-config")]
mod schedule;

use std::future::Future;

pub(crate) use self::location::FORM;
pub use self::location::{InvalidRemoteConfig, RemoteConfig};

/// Prepares the readings of a document. The first reading is due with the first flush.
#[cfg(feature = "remote-config")]
pub(crate) fn start(remote: &RemoteConfig) {
    reader::start(remote);
    thundra_http::export::after_each_flush(reader::begin);
}

/// Reports a document that cannot be read.
#[cfg(not(feature = "remote-config"))]
pub(crate) fn start(_: &RemoteConfig) {
    thundra_core::diagnostics::once(
        "config.feature",
        "THUNDRA_CONFIG is not used: it needs the feature `remote-config` of thundra-aws",
    );
}

/// Flushes, and meanwhile reads the document, if a reading is due.
#[cfg(feature = "remote-config")]
pub(crate) async fn along_with(flush: impl Future<Output = ()>) {
    tokio::join!(flush, reader::read());
}

/// Flushes.
#[cfg(not(feature = "remote-config"))]
pub(crate) fn along_with(flush: impl Future<Output = ()>) -> impl Future<Output = ()> {
    flush
}

/// Begins a due reading, without waiting for the end.
pub(crate) fn begin() {
    #[cfg(feature = "remote-config")]
    reader::begin();
}

/// Has the document read anew with the next flush, in each process restored from a snapshot.
pub(crate) fn renew() {
    #[cfg(feature = "remote-config")]
    reader::renew();
}
