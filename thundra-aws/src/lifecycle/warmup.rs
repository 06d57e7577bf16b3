//! Pings that keep a function warm. With `THUNDRA_WARMUP=on` they are answered without the handler and without a trace.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lambda_runtime::Context;
use thundra_core::propagation::Trust;
use thundra_core::{Config, ScopeRef, semconv};

use super::answer::Answer;
use crate::Settings;
use crate::trigger::{self, FaasTrigger, warmup};

/// The longest ping, in bytes. Longer events are not read for a word of a ping.
const MAX_BYTES: usize = 4096;

/// The number of pings since the last recorded invocation.
static ANSWERED: AtomicU32 = AtomicU32::new(0);

/// Returns the answer to a ping. `None` for the events of the handler.
pub(super) fn answer(event: &[u8], context: &Context, config: &Config) -> Option<Answer> {
    if !Settings::of(config).warmup || event.len() > MAX_BYTES {
        return None;
    }
    let wait = wait_of_ping(event, context, config)?;
    ANSWERED.fetch_add(1, Ordering::Relaxed);
    Some(Answer::Nothing { wait })
}

fn wait_of_ping(event: &[u8], context: &Context, config: &Config) -> Option<Duration> {
    if let Some(wait) = warmup::thundra_wait(event) {
        return Some(wait);
    }
    let beside = context.client_context.as_ref().and_then(|client| client.custom.get("source"));
    let source = trigger::detect(event, config, Trust::Full).source;
    let is_ping = match beside {
        Some(beside) if warmup::is_plugin(beside) => source.faas_trigger != FaasTrigger::Http,
        _ => source.name == warmup::NAME,
    };
    is_ping.then_some(Duration::ZERO)
}

/// Records the number of pings before this invocation. An unsampled invocation leaves the number to the next one.
pub(super) fn report(invocation: ScopeRef) {
    if ANSWERED.load(Ordering::Relaxed) > 0 && invocation.sampled() {
        invocation.set_attribute(semconv::THUNDRA_WARMUP_PINGS, ANSWERED.swap(0, Ordering::Relaxed));
    }
}
