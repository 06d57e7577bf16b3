//! The exporter over OTLP/HTTP, and the choice of exporters for a program.

mod address;
mod authorize;
mod bounded;
mod cause;
mod circuit;
mod collector;
mod direct;
mod encoding;
mod endpoint;
mod headers;
mod otlp;
mod response;
mod retry_after;
mod select;
mod transport;
mod worker;

pub use address::UnsupportedEndpoint;
#[doc(hidden)]
pub use authorize::{Authorize, AuthorizeFuture, Authorizer, Destination, report_references};
#[doc(hidden)]
pub use direct::exchange_directly;
pub use otlp::OtlpExporter;
pub(crate) use select::THIS;
#[doc(hidden)]
pub use select::{Dependent, Platform, exporters, install};
#[doc(hidden)]
pub use worker::{Worker, report_losses};
