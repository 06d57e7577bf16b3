//! Pings that keep a function warm. With `THUNDRA_WARMUP=on`, pings are answered without the handler and without a
//! trace.

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
pub(crate) fn answer(event: &[u8], context: &Context, config: &Config) -> Option<Answer> {
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
    let trigger = trigger::detect(event, config, Trust::Full);
    let is_ping = match beside {
        // Lambda takes `null` for the failure of a durable execution.
        Some(beside) if warmup::is_plugin(beside) => {
            trigger.faas_trigger != FaasTrigger::Http && trigger.execution().is_none()
        }
        _ => trigger.source.name == warmup::NAME,
    };
    is_ping.then_some(Duration::ZERO)
}

/// Records the number of pings before the invocation. An unsampled invocation leaves the number to the next invocation.
pub(super) fn report(invocation: ScopeRef) {
    if ANSWERED.load(Ordering::Relaxed) > 0 && invocation.sampled() {
        invocation.set_attribute(semconv::THUNDRA_WARMUP_PINGS, ANSWERED.swap(0, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use thundra_core::Env;

    use super::*;

    /// Returns the context of an invoke with the given source in the client context.
    fn invoked_by(source: &str) -> Context {
        let mut headers = http::HeaderMap::new();
        headers.insert("lambda-runtime-deadline-ms", 0.into());
        let client = format!(r#"{{"custom":{{"source":"{source}"}}}}"#);
        headers.insert("lambda-runtime-client-context", client.parse().unwrap());
        Context::new("", Default::default(), &headers).unwrap()
    }

    #[test]
    fn a_ping_is_known_by_its_event_or_its_client_context() {
        const REQUEST: &str = r#"{"httpMethod":"GET","path":"/","headers":{},"requestContext":{"elb":{}}}"#;
        const DURABLE: &str = r#"{"DurableExecutionArn":"arn:aws:lambda:eu-west-1:1:function:f:1/durable-execution/a/b",
            "CheckpointToken":"t","InitialExecutionState":{"Operations":[]}}"#;
        let long = format!(r#"{{"warmup":true,"note":"{}"}}"#, "a".repeat(MAX_BYTES));
        for (event, source, is_ping, why) in [
            (r#"{"warmup":true}"#, "orders", true, "its event"),
            (r##""#warmup""##, "orders", true, "its text"),
            ("{}", "serverless-plugin-warmup", true, "its client context"),
            (r#"{"order":7}"#, "serverless-plugin-warmup", true, "with a payload of the user's"),
            (REQUEST, "serverless-plugin-warmup", false, "a request is no ping"),
            (DURABLE, "serverless-plugin-warmup", false, "a durable execution needs an answer of its own"),
            ("{}", "orders", false, "neither"),
            (long.as_str(), "orders", false, "too long for a ping"),
        ] {
            for (value, is_on) in [("on", true), ("off", false)] {
                let mut config = Config::from_env(&Env::from_pairs([("THUNDRA_WARMUP", value)]));
                config.read_section::<Settings>();
                let answer = answer(event.as_bytes(), &invoked_by(source), &config);
                assert_eq!(answer.is_some(), is_ping && is_on, "{value}: {why}");
            }
        }
    }
}
