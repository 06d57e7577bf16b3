//! The same functions, traced by the steps of the README.

mod bus_event;
mod concurrent;
mod error_anyhow;
mod error_thiserror;
mod error_type;
mod greeting;
mod http_axum;
mod http_basic;
mod http_cors;
mod http_middleware;
mod http_streamed;
mod layers;
mod partial_batch;
mod queue;
mod queue_message;
mod shared_client;
mod sign_up;
mod stream;
mod streamed;
mod tenant;

use std::process::{ExitCode, Termination as _};

/// Serves a function until the end of the process. `None` for an unknown name.
pub(crate) fn serve(name: &str) -> Option<ExitCode> {
    Some(match name {
        "bus_event" => bus_event::main().report(),
        "concurrent" => concurrent::main().report(),
        "error_anyhow" => error_anyhow::main().report(),
        "error_thiserror" => error_thiserror::main().report(),
        "error_type" => error_type::main().report(),
        "greeting" => greeting::main().report(),
        "http_axum" => http_axum::main().report(),
        "http_basic" => http_basic::main().report(),
        "http_cors" => http_cors::main().report(),
        "http_middleware" => http_middleware::main().report(),
        "http_streamed" => http_streamed::main().report(),
        "layers" => layers::main().report(),
        "partial_batch" => partial_batch::main().report(),
        "queue" => queue::main().report(),
        "queue_message" => queue_message::main().report(),
        "shared_client" => shared_client::main().report(),
        "sign_up" => sign_up::main().report(),
        "stream" => stream::main().report(),
        "streamed" => streamed::main().report(),
        "tenant" => tenant::main().report(),
        _ => return None,
    })
}
