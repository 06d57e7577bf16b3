//! The life of a Lambda function: from process start to the flush after each response.
//!
//! ```text
//! /next ─► layer.rs: trigger, scope ─► reporting.rs: handler, outcome ─► response posted
//!              └─ scope finished ─► flush ─► /next
//! ```

mod availability_zone;
mod background;
mod environment;
mod http_status;
mod init;
pub(crate) mod initialisation;
pub(crate) mod invocation;
pub(crate) mod layer;
mod local;
pub(crate) mod platform;
pub(crate) mod reporting;
mod run;
pub(crate) mod setup;
pub(crate) mod shutdown;
mod snap_start;

pub use init::{init, init_with};
pub use run::{run, run_concurrent, run_concurrent_with, run_with};
pub use snap_start::register_snapstart_resource;
