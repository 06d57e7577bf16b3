//! The exporters over OTLP/HTTP and to the X-Ray daemon, and the exporters of [`thundra_core::export`] without a
//! network.
//!
//! An exporter of your own implements [`Export`].

mod abort;
mod address;
mod authorize;
mod bounded;
mod cause;
mod circuit;
mod collector;
mod connection;
mod connector;
mod direct;
mod encoding;
mod endpoint;
mod headers;
mod host;
mod last_flush;
mod otlp;
#[cfg(feature = "https")]
mod proxy;
mod record_limits;
mod resolver;
mod response;
mod retry_after;
mod runtime;
#[cfg(feature = "https")]
mod secure;
mod select;
mod signal_switch;
#[cfg(feature = "https")]
mod tls;
mod transport;
mod worker;
mod xray;

#[doc(hidden)]
pub use abort::{PANICS_ABORT, TakeRunning, take_none};
pub use address::UnsupportedEndpoint;
#[doc(hidden)]
pub use authorize::{Authorize, AuthorizeFuture, Authorizer, Destination, report_references};
#[doc(hidden)]
pub use direct::exchange_directly;
#[doc(hidden)]
pub use last_flush::flush_before_end;
pub use otlp::OtlpExporter;
#[doc(hidden)]
pub use record_limits::RecordLimits;
#[doc(hidden)]
pub use runtime::{ThreadRuntime, spawn_boxed};
pub(crate) use select::THIS;
#[doc(hidden)]
pub use select::{Dependent, Platform, exporters, install, is_console_by_default};
#[doc(hidden)]
pub use worker::{Worker, after_each_flush, report_losses, report_losses_now};
pub use xray::XRayExporter;

#[doc(inline)]
pub use thundra_core::export::*;

pub use crate::xray_daemon::{InvalidXRayDaemonAddress, XRayDaemonAddress};
