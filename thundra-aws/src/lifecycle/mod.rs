//! The life of a Lambda function: from process start to the flush after each response.
//!
//! ```text
//! /next ─► layer.rs: trigger, scope ─► reporting.rs: handler ─► response posted
//!              │                                       └─ scope finished ─► flush ─► /next
//!              └─ watchdog/: exports the scope shortly before the deadline, if it is still open
//! ```
//!
//! `later.rs` reads the records of a batch once the runtime has read the event as the handler's type.
//! `answer.rs` takes the place of the handler, for a ping (`warmup.rs`) and at the end of a long chain of calls.
//!
//! The end of an invocation is recorded by `event.rs`, `failure.rs`, `response.rs`, `response_stream.rs` and
//! `runtime_events.rs`, each at one hand-over between the handler and the runtime, with `described.rs` for an error of
//! a known type. The documentation of [`run`](crate::run) has the table of the endings.

mod agent_gateway;
pub(crate) mod answer;
mod availability_zone;
mod background;
mod deadline;
pub(crate) mod described;
mod durable_replay;
mod durable_status;
mod environment;
pub(crate) mod event;
pub(crate) mod evidence;
mod failure;
mod http_status;
mod init;
pub(crate) mod initialisation;
pub(crate) mod invocation;
mod invocation_layer;
pub(crate) mod later;
pub(crate) mod layer;
#[cfg(feature = "local-run")]
pub(crate) mod local;
pub(crate) mod reporting;
mod response;
mod response_members;
mod response_stream;
mod run;
mod runtime_events;
pub(crate) mod setup;
pub(crate) mod shutdown;
mod snap_start;
mod usage;
pub(crate) mod warmup;
pub(crate) mod watchdog;

pub use init::{init, init_with};
pub use invocation_layer::InvocationLayer;
pub use run::{run, run_concurrent, run_concurrent_with, run_with};
pub use snap_start::register_snapstart_resource;
