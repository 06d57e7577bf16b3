//! The names in the expansion of `#[handler]`. The names may change in any release.

pub use super::autoderef::{Argument, argument, error, first_context, returned};
#[cfg(feature = "batch")]
pub use super::batch::{BatchRecord, Unnamed, records};
pub use super::in_place::{in_place, report};
pub use super::input::{Events, Input, StreamedInput, input, streamed_input};
pub use super::made::made;
pub use super::main::{State, main, main_concurrent, main_concurrent_with_state, main_with_state};
#[cfg(not(feature = "http"))]
pub use super::no_requests::{
    App, main_buffered, main_buffered as main_concurrent_buffered, main_buffered as main_streamed,
    main_buffered as main_concurrent_streamed,
};
#[cfg(feature = "http")]
pub use super::requests::{
    Requests, StreamedRequests, main_buffered, main_concurrent_buffered, main_concurrent_streamed, main_streamed,
};
#[cfg(feature = "http")]
pub use crate::http::adapters::{App, Reply, StreamedBody, StreamingApp};
pub use crate::lifecycle::described::{Described, HandlerError, Outcome, with_sources};
pub use crate::lifecycle::shutdown::export_at_shutdown;
pub use lambda_runtime::LambdaEvent;
pub use thundra_core::__private::{field, future_of, never, tracing};
pub use thundra_core::Telemetry;
