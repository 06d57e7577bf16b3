//! From an event to the scope of its invocation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lambda_runtime::Context;
use thundra_core::propagation::{Inbound, Propagators, Trust, XRayHeader};
use thundra_core::{Env, ParentSource, Scope, SpanKind, config, semconv};

use super::init;
use crate::trigger::{self, Message, Source, Trigger};
use crate::{marks, payload};

/// What is left of the time for our own end: the process must ask for the next event before the deadline.
const MARGIN: Duration = Duration::from_millis(100);

/// Begins the scope of an invocation. `body` loses the context that was sent inside it.
pub(super) fn begin(body: &mut Bytes, context: &Context) -> Scope {
    let config = config();
    let trigger = trigger::detect(body, config);
    let name = trigger.span_name.clone().unwrap_or_else(|| function_name(context));
    let mut builder = Scope::builder(name).kind(SpanKind::Server).attribute(semconv::FAAS_COLDSTART, is_cold());
    for (key, value) in trigger.attributes.iter().cloned().chain(function(context)) {
        builder = builder.attribute(key, value);
    }
    let linked = trigger.messages.iter().filter(|message| trigger.batch || is_redrive(message));
    for message in linked {
        if let Some(parent) = message.inbound.parent.clone() {
            let attributes = message.attributes.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            builder = builder.link(parent, attributes.collect());
        }
    }
    if let [only] = trigger.messages.as_slice()
        && let Some(received) = only.received_context.clone()
    {
        builder = builder.received_context(received);
    }
    let default_id = trigger.default_correlation_id.clone().unwrap_or_else(|| context.request_id.clone());
    if !default_id.is_empty() {
        builder = builder.default_correlation_id(default_id);
    }
    let scope = builder.parent(parent(&trigger, context)).begin();
    // The link waits for an invocation that is recorded.
    if scope.recorded()
        && let Some(initialised) = init::take()
    {
        scope.add_link(&initialised, &[]);
    }
    if trigger.faas_trigger == "http" {
        scope.mark(marks::HTTP | thundra_http::IS_REQUEST);
    }
    if trigger.batch && matches!(trigger.source, Source::Sqs | Source::Kinesis) {
        scope.mark(marks::BATCH);
    }
    if let Some(member) = trigger.context_member.as_ref().filter(|_| config.propagators != Propagators::NONE) {
        *body = payload::strip_bytes(std::mem::take(body), member);
    }
    scope
}

/// When the work for this invocation must be done. `None` without a deadline.
pub(super) fn flush_deadline(context: &Context) -> Option<Instant> {
    let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(context.deadline)).filter(|_| context.deadline > 0)?;
    // A deadline in the past leaves no time: what there is to send waits for the next invocation.
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    Some(Instant::now() + left.saturating_sub(MARGIN))
}

/// Who called: the one message's producer, the caller's client context, else the X-Ray header of the
/// environment.
fn parent(trigger: &Trigger, context: &Context) -> Inbound {
    let formats = config().propagators;
    let mut inbound = match trigger.messages.as_slice() {
        [message] => message.inbound.clone(),
        _ => Inbound::default(),
    };
    if let Some(client) = context.client_context.as_ref().filter(|client| !client.custom.is_empty()) {
        let pairs = client.custom.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        inbound = Inbound::extract(pairs, formats, Trust::Full).or(inbound);
    }
    let header = context.xray_trace_id.as_deref().filter(|_| formats.xray).and_then(XRayHeader::parse);
    if trigger.batch {
        inbound.source = ParentSource::Batch;
    } else if inbound.parent.is_some() && trigger.messages.iter().any(is_redrive) {
        inbound.parent = None;
        inbound.source = ParentSource::Redrive;
    } else if let (None, Some(header)) = (&inbound.parent, &header) {
        let ignored = if formats.xray_lambda { header.parent_context() } else { None };
        inbound.parent = header.context().or(ignored);
        inbound.untrusted &= inbound.parent.is_none();
        inbound.source = match inbound.parent {
            Some(_) => ParentSource::XRay,
            None => ParentSource::XRayIgnored,
        };
    }
    inbound.xray = header.or(inbound.xray);
    inbound
}

/// Whether a message was taken from a dead-letter queue. Outside Lambda it was kept in a file.
fn is_redrive(message: &Message) -> bool {
    trigger::is_old(message.sent_at) && init::in_lambda()
}

/// What is said of the function with each invocation.
fn function(context: &Context) -> Vec<(&'static str, thundra_core::Value)> {
    let mut attributes = vec![(semconv::FAAS_INVOCATION_ID, context.request_id.clone().into())];
    // lambda_runtime puts a sentence here when the header is missing.
    let arn = context.invoked_function_arn.as_str();
    if arn.starts_with("arn:") {
        attributes.push((semconv::AWS_LAMBDA_INVOKED_ARN, arn.to_owned().into()));
        attributes.push((semconv::CLOUD_RESOURCE_ID, resource_id(arn, &context.env_config.version).into()));
        if let Some(account) = arn.split(':').nth(4).filter(|account| !account.is_empty()) {
            attributes.push((semconv::CLOUD_ACCOUNT_ID, account.to_owned().into()));
        }
    }
    attributes
}

/// The ARN with its alias replaced by the version that ran, as the [conventions] ask.
///
/// [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/faas/aws-lambda.md
fn resource_id(arn: &str, version: &str) -> String {
    match arn.match_indices(':').nth(6) {
        Some((at, _)) if !version.is_empty() => format!("{}:{version}", arn.get(..at).unwrap_or(arn)),
        _ => arn.to_owned(),
    }
}

fn function_name(context: &Context) -> String {
    match context.env_config.function_name.as_str() {
        "" => config().resource.service_name().to_owned(),
        name => name.to_owned(),
    }
}

/// True for the first invocation of a process that Lambda started for it.
fn is_cold() -> bool {
    static WARM: AtomicBool = AtomicBool::new(false);
    let first = !WARM.swap(true, Ordering::Relaxed);
    first && Env::process().get("AWS_LAMBDA_INITIALIZATION_TYPE").is_none_or(|kind| kind == "on-demand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_gives_way_to_the_version() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        for (invoked, id) in [(arn.to_owned(), arn.to_owned()), (format!("{arn}:live"), format!("{arn}:7"))] {
            assert_eq!(resource_id(&invoked, "7"), id);
        }
    }

    #[test]
    fn the_flush_ends_before_the_deadline() {
        let at = |deadline| {
            let mut context = Context::default();
            context.deadline = deadline;
            flush_deadline(&context)
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        assert!(at(0).is_none());
        let left = at(now + 3_000).unwrap().duration_since(Instant::now());
        assert!((Duration::from_millis(2_500)..=Duration::from_millis(2_900)).contains(&left), "{left:?}");
        assert!(at(now - 3_000).unwrap() <= Instant::now());
    }
}
