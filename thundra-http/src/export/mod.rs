//! The exporter over OTLP/HTTP, and the choice of exporters for a program.

mod address;
mod bounded;
mod cause;
mod circuit;
mod collector;
mod encoding;
mod endpoint;
mod headers;
mod otlp;
mod select;
mod transport;
mod worker;
mod xray;

pub use address::UnsupportedEndpoint;
pub use otlp::OtlpExporter;
pub(crate) use select::PACKAGE;
#[doc(hidden)]
pub use select::{Platform, exporters, install};
pub(crate) use worker::Worker;
#[doc(hidden)]
pub use worker::report_losses;
pub use xray::XRayExporter;

pub use crate::xray_daemon::{InvalidXRayDaemonAddress, XRayDaemonAddress};
