//! A finished span between the parent and the root span of a scope.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::clock::unix_nano;
use crate::recorder::scope_state::ScopeState;
use crate::value::Attributes;
use crate::{SpanId, SpanKind, Value};

/// A span between the parent and a scope, for example the wait of a message: see [`ScopeBuilder::preceded_by`].
///
/// [`ScopeBuilder::preceded_by`]: super::ScopeBuilder::preceded_by
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Preceding {
    name: Cow<'static, str>,
    kind: SpanKind,
    start_time: SystemTime,
    attributes: Attributes,
}

impl Preceding {
    /// Describes a span from `start_time` to the begin of the scope.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: SpanKind, start_time: SystemTime) -> Self {
        Preceding { name: name.into(), kind, start_time, attributes: Attributes::new() }
    }

    /// Sets attributes of the span.
    #[must_use]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        self.attributes.extend(attributes.into_iter().map(|(key, value)| (key.into(), value)));
        self
    }

    /// Records the span up to the start of the root span, and returns the id of the span; `None` over the limit of
    /// spans.
    #[cold]
    pub(super) fn record(
        &self,
        state: &mut ScopeState,
        parent: Option<SpanId>,
        is_remote: bool,
        end_unix_nano: u64,
    ) -> Option<SpanId> {
        let (trace_id, limits, id) = (state.trace_id, state.limits, SpanId::random());
        let (index, span) = state.open(0, false)?;
        // With a clock ahead of ours, the span starts at the end, not after the end.
        span.start(trace_id, id, parent, &self.name, unix_nano(self.start_time).min(end_unix_nano));
        span.kind = self.kind;
        span.parent_is_remote = is_remote;
        self.attributes.iter().for_each(|(key, value)| span.set_attribute(key, value, &limits));
        state.close(index, end_unix_nano);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::carrier::{Inbound, Propagators, Trust};
    use crate::{Config, Env, Scope, SpanData};

    const PARENT: &str = "b7ad6b7169203331";

    /// Returns the spans of a scope with a span before it, the root span last.
    fn recorded(variables: &[(&str, &str)], traceparent: &str, start_time: SystemTime) -> Vec<SpanData> {
        let config = Config::from_env(&Env::from_pairs(variables.iter().copied()));
        let inbound = Inbound::extract([("traceparent", traceparent)], Propagators::default(), Trust::Full);
        let before = Preceding::new("queue orders", SpanKind::Consumer, start_time).attributes([("a", 1.into())]);
        let scope = Scope::builder("process orders").parent(inbound).preceded_by(before).begin_with(&config);
        scope.finish().spans().collect()
    }

    #[test]
    fn the_span_stands_between_the_parent_and_the_root_span() {
        let sampled = format!("00-0af7651916cd43dd8448eb211c80319c-{PARENT}-01");
        let earlier = SystemTime::now() - Duration::from_secs(7);
        for (traceparent, start_time, parent, why) in [
            (sampled.as_str(), earlier, Some(PARENT), "below a parent"),
            ("", earlier, None, "at the top of a new trace"),
            (&sampled, SystemTime::now() + Duration::from_secs(3600), Some(PARENT), "by a clock ahead"),
        ] {
            let spans = recorded(&[], traceparent, start_time);
            let [before, root] = spans.as_slice() else { panic!("{why}: {spans:?}") };
            assert_eq!(before.parent_span_id.map(|id| id.to_string()).as_deref(), parent, "{why}");
            assert_eq!(root.parent_span_id, Some(before.context.span_id), "{why}");
            assert_eq!(root.context.trace_id, before.context.trace_id, "{why}");
            assert_eq!(before.end_time, root.start_time, "{why}");
            assert_eq!(before.start_time, start_time.min(root.start_time), "{why}");
            assert_eq!((before.name.as_str(), before.kind), ("queue orders", SpanKind::Consumer), "{why}");
            assert_eq!(before.attribute("a"), Some(&1.into()), "{why}");
            assert_eq!((before.parent_is_remote, root.parent_is_remote), (parent.is_some(), false), "{why}");
        }
    }

    #[test]
    fn the_span_shares_the_fate_of_its_trace() {
        let of = |flags| format!("00-0af7651916cd43dd8448eb211c80319c-{PARENT}-{flags}");
        for (variables, flags, spans, why) in [
            (&[][..], "00", 0, "an unsampled trace"),
            (&[("OTEL_SDK_DISABLED", "true")], "01", 0, "a disabled program"),
            (&[("THUNDRA_MAX_SPANS", "1")], "01", 1, "the root span is the only one"),
            (&[("THUNDRA_KEEP", "slow:0ms")], "00", 2, "a kept trace"),
        ] {
            let recorded = recorded(variables, &of(flags), SystemTime::UNIX_EPOCH);
            assert_eq!(recorded.len(), spans, "{why}");
            if let [root] = recorded.as_slice() {
                assert_eq!(root.parent_span_id.map(|id| id.to_string()).as_deref(), Some(PARENT), "{why}");
                assert_eq!(root.attribute("thundra.dropped_spans"), Some(&1.into()), "{why}");
            }
        }
    }
}
