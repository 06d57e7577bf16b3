//! The context of Datadog's tracers, read and never written.
//!
//! | carrier | form |
//! |---|---|
//! | attribute `_datadog` of SQS and SNS, header `_datadog` | a JSON map as text, or in base64 |
//! | member `_datadog` of a payload, of a detail or of an input | a JSON map |
//! | headers of HTTP and Kafka | each entry of the map is a header |
//!
//! The map has `traceparent` and `tracestate` if the tracer propagates W3C Trace Context. Otherwise the `traceparent`
//! is made of Datadog's ids: 64 bits of the trace in `x-datadog-trace-id`, the other 64 in the tag `_dd.p.tid`, and the
//! span in `x-datadog-parent-id`. In a task of Step Functions, the map may be the context object of the execution, and
//! the ids are [computed](super::datadog_execution).

use std::borrow::Cow;

use super::attributes;
use super::carrier::Carrier;
#[cfg(feature = "span-pointers")]
use super::datadog_execution::ComputedIds;
use crate::payload;

/// The name of the attribute, header or member with the map.
pub(super) const DATADOG: &str = "_datadog";
const TRACE_ID: &str = "x-datadog-trace-id";
const PARENT_ID: &str = "x-datadog-parent-id";
const PRIORITY: &str = "x-datadog-sampling-priority";
const TAGS: &str = "x-datadog-tags";
const W3C: [&str; 3] = ["traceparent", "tracestate", "baggage"];

/// Returns the W3C headers of the context of Datadog in a carrier. Empty for a carrier without a context.
pub(super) fn w3c(carrier: &(impl Carrier + ?Sized)) -> Vec<(Cow<'static, str>, String)> {
    let (mut ids, mut map) = (Ids::default(), Vec::new());
    carrier.each(&is_key, &mut |key, value| {
        if !key.eq_ignore_ascii_case(DATADOG) {
            ids.take(key, value);
        } else if map.is_empty() {
            map = of_map(value);
        }
    });
    if map.is_empty() { Vec::from_iter(ids.header()) } else { map }
}

/// Returns `true` for a key of a context of Datadog. Few keys of a carrier begin with `x-datadog-`.
fn is_key(key: &str) -> bool {
    key.eq_ignore_ascii_case(DATADOG) || key.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("x-datadog-"))
}

fn of_map(value: &str) -> Vec<(Cow<'static, str>, String)> {
    let decoded = if value.starts_with('{') { None } else { attributes::decoded(value) };
    let pairs = payload::pairs(decoded.as_deref().unwrap_or(value));
    if pairs.iter().any(|(key, _)| key.eq_ignore_ascii_case("traceparent")) {
        let w3c = pairs.into_iter().filter(|(key, _)| W3C.iter().any(|name| name.eq_ignore_ascii_case(key)));
        return w3c.map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect();
    }
    let mut ids = Ids::default();
    pairs.iter().for_each(|(key, value)| ids.take(key, value));
    #[cfg(feature = "span-pointers")]
    if let Some(computed) = ComputedIds::of(decoded.as_deref().unwrap_or(value)) {
        ids.compute(&computed);
    }
    Vec::from_iter(ids.header())
}

/// The ids of a context.
#[derive(Default)]
struct Ids {
    trace: Option<u64>,
    parent: Option<u64>,
    priority: Option<i64>,
    /// The upper half of the id of the trace.
    upper: Option<u64>,
}

impl Ids {
    fn take(&mut self, key: &str, value: &str) {
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        let id = || value.trim().parse().ok().filter(|id| *id != 0);
        if is(TRACE_ID) {
            self.trace = self.trace.or_else(id);
        } else if is(PARENT_ID) {
            self.parent = self.parent.or_else(id);
        } else if is(PRIORITY) {
            self.priority = self.priority.or_else(|| value.trim().parse().ok());
        } else if is(TAGS) {
            let upper = value.split(',').find_map(|tag| tag.trim().strip_prefix("_dd.p.tid="));
            self.upper = upper.filter(|tid| tid.len() == 16).and_then(|tid| u64::from_str_radix(tid, 16).ok());
        }
    }

    /// Takes the computed ids of the state of an execution. The state is the parent, and no span that came before it.
    #[cfg(feature = "span-pointers")]
    fn compute(&mut self, computed: &ComputedIds) {
        self.parent = Some(computed.parent);
        if self.trace.is_none() {
            (self.trace, self.upper) = (Some(computed.trace.0), Some(computed.trace.1));
        }
    }

    fn header(&self) -> Option<(Cow<'static, str>, String)> {
        Some((Cow::Borrowed("traceparent"), self.traceparent()?))
    }

    /// Returns the ids as a `traceparent`. Without a priority, Datadog leaves the decision to the receiver, and a
    /// `traceparent` cannot express a deferred decision. The flag is set, so a parent-based sampler keeps the trace.
    fn traceparent(&self) -> Option<String> {
        let flags = u8::from(self.priority.is_none_or(|priority| priority > 0));
        let (trace, parent) = (self.trace?, self.parent?);
        Some(format!("00-{:016x}{trace:016x}-{parent:016x}-{flags:02x}", self.upper.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TRACEPARENT: &str = "00-640cfd8d00000000abcdef01234567cd-000000000000002a-01";

    #[test]
    fn a_context_is_read_in_each_form() {
        let own = json!({"traceparent": TRACEPARENT, "tracestate": "dd=s:1", "x-datadog-trace-id": "7", "x-datadog-parent-id": "8"});
        let ids = json!({"x-datadog-trace-id": "12379813738877118413", "x-datadog-parent-id": "42",
            "x-datadog-sampling-priority": "2", "x-datadog-tags": "_dd.p.dm=-0,_dd.p.tid=640cfd8d00000000"});
        let numbers = json!({"x-datadog-trace-id": 7, "x-datadog-parent-id": 42, "x-datadog-sampling-priority": -1});
        let short = "00-00000000000000000000000000000007-000000000000002a-00";
        for (map, traceparent, why) in [
            (own.to_string(), Some(TRACEPARENT), "W3C inside"),
            (BASE64_STANDARD.encode(own.to_string()), Some(TRACEPARENT), "in base64"),
            (ids.to_string(), Some(TRACEPARENT), "128 bits"),
            (numbers.to_string(), Some(short), "64 bits, unsampled, as numbers"),
            (json!({"x-datadog-trace-id": "7"}).to_string(), None, "no span"),
            (json!({"x-datadog-trace-id": "0", "x-datadog-parent-id": "8"}).to_string(), None, "no trace"),
            (json!({"x-datadog-trace-id": "7f", "x-datadog-parent-id": "8"}).to_string(), None, "no number"),
            ("{}".to_owned(), None, "nothing"),
            ("no map".to_owned(), None, "no map"),
        ] {
            let pairs = w3c(&[("tenant", "7"), ("_datadog", &map)]);
            assert_eq!(pairs.first().map(|(_, value)| value.as_str()), traceparent, "{why}");
        }
        let headers =
            [("X-Datadog-Trace-Id", "7"), ("x-datadog-parent-id", "42"), ("x-datadog-sampling-priority", "0")];
        assert_eq!(w3c(&headers), [("traceparent".into(), short.to_owned())]);
        assert_eq!(w3c(&[("_datadog", own.to_string().as_str())]).len(), 2, "the state too, and no foreign id");
    }

    proptest! {
        #[test]
        fn any_carrier_is_read_without_panic(
            pairs in prop::collection::vec(("(_datadog|[xX]-datadog-(trace-id|parent-id|tags|sampling-priority)|\\PC*)", "([0-9]{0,24}|_dd.p.tid=\\PC{0,16}|\\{\\PC*|\\PC*)"), 0..8)
        ) {
            let w3c = w3c(&pairs);
            if let [(name, value)] = w3c.as_slice() && name == "traceparent" && value.len() == 55 {
                prop_assert!(value.is_ascii());
            }
        }
    }
}
