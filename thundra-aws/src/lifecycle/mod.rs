//! The life of a Lambda function: from process start to the flush after each response.
//!
//! ```text
//! /next ─► layer.rs: trigger, scope ─► handler.rs: the user's handler, its outcome ─► response posted
//!              └─ scope finished ─► flush ─► /next
//! ```

mod handler;
mod in_place;
mod init;
mod invocation;
mod layer;
mod local;
mod program;
mod run;
mod status;

pub use in_place::{in_place, report};
pub use init::init;
pub use program::{State, main, main_concurrent, main_concurrent_with, main_with};
pub use run::{run, run_concurrent};
