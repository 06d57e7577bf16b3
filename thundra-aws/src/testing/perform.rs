//! The run of a handler in a test.

use std::any::Any;

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::Config;
use thundra_core::testing::{Recorded, Recording};
use tracing::dispatcher::with_default;
use tracing::instrument::WithSubscriber;

use super::call::Delivered;
use super::error::{InvocationError, InvocationErrorKind};
use super::handler::Handler;
use super::invocation::Invocation;
use super::thread_default::ThreadDefault;
use crate::lifecycle::reporting::report_unless_called;
use crate::lifecycle::watchdog::Watch;
use crate::lifecycle::{invocation, warmup};
use crate::panics::catch_panic_in;

/// The event and the context for an invocation.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) event: Bytes,
    pub(super) context: Context,
    pub(super) is_cold_start: bool,
}

/// Runs a handler for an event, in an invocation.
pub(super) async fn run<H: Handler<Form>, Form>(call: Call, config: &'static Config, handler: H) -> Invocation {
    let Call { mut event, context, is_cold_start } = call;
    let recording = Recording::of_scopes(config);
    let dispatch = recording.dispatch().clone();
    let _of_thread = ThreadDefault::set(&dispatch);
    if let Some(ping) = warmup::answer(&event, &context, config) {
        let result = handler.perform(Delivered { event, context, answer: Some(ping) }).await;
        return Invocation { result, recorded: Recorded::default() };
    }
    let begin = || invocation::begin_as(is_cold_start, &mut event, &context, None, config);
    let scope = with_default(&dispatch, begin);
    recording.watch(*scope);
    let delivered = Delivered { event, context, answer: invocation::answer(*scope, config) };
    let result = catch_panic_in(&scope, handler.perform(delivered)).with_subscriber(dispatch.clone()).await;
    let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
    let records = with_default(&dispatch, || {
        if result.is_err() {
            report_unless_called(*scope);
        }
        invocation::finish(scope, Watch::default())
    });
    Invocation { result, recorded: recording.end(&records) }
}

fn panicked(panic: &(dyn Any + Send)) -> InvocationError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    InvocationError::new(InvocationErrorKind::Panic, "panic", text.unwrap_or("a panic without a message"))
}
