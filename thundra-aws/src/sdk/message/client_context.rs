//! The `ClientContext` of an invocation: base64 of a JSON object, with strings in `custom`.
//!
//! A function gets the client context beside the payload, and only if the caller waits for the response. The bytes of
//! the caller stay. Our values replace received values. A client context of another form does not change.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use thundra_core::propagation::Outbound;

use super::members::Members;
use super::{Injected, Skipped};
use crate::payload::splice::InsertionPoint;

/// Largest JSON text. Lambda takes 3,583 bytes of base64, a text of groups of four.
const MAX_BYTES: usize = 3583 / 4 * 3;

/// The members of an object.
type Object<V> = BTreeMap<String, V>;

pub(crate) fn inject(client_context: &mut Option<String>, outbound: &Outbound) -> Injected {
    let mut injected = Injected::default();
    if let Err(why) = merge(client_context, &outbound.pairs(), outbound) {
        injected.skip(why);
    }
    injected
}

/// Adds absent pairs up to the limit, and replaces received values. The error is the reason for a missing pair.
fn merge(client_context: &mut Option<String>, pairs: &[(&str, String)], outbound: &Outbound) -> Result<(), Skipped> {
    let json = client_context.as_ref().map_or_else(|| Some("{}".to_owned()), |encoded| decode(encoded));
    let theirs = json.ok_or(Skipped::Data)?;
    let (json, replaced) = with_ours(&theirs, pairs, outbound).ok_or(Skipped::Data)?;
    if replaced {
        *client_context = Some(BASE64_STANDARD.encode(json.as_bytes()));
    }
    let (point, present) = place(&json).ok_or(Skipped::Data)?;
    let absent = pairs.iter().filter(|(key, _)| !present.keys().any(|present| present.eq_ignore_ascii_case(key)));
    let members = Members::new(absent.map(|(key, value)| (*key, text(value))));
    if members.is_empty() {
        return Ok(());
    }
    let text = members.within(MAX_BYTES.saturating_sub(point.len())).ok_or(Skipped::Size)?;
    *client_context = Some(BASE64_STANDARD.encode(point.fill(&text.json)));
    if members.are_all_in(&text) { Ok(()) } else { Err(Skipped::Size) }
}

/// Returns the JSON string of a text.
fn text(value: &str) -> String {
    Value::from(value).to_string()
}

/// Returns the client context with our values in the place of received values, and `true` for a change. A change beyond
/// the largest size is not made.
fn with_ours<'j>(json: &'j str, pairs: &[(&str, String)], outbound: &Outbound) -> Option<(Cow<'j, str>, bool)> {
    let members: Object<&RawValue> = serde_json::from_str(json).ok()?;
    let Some(custom) = members.get("custom") else { return Some((json.into(), false)) };
    let custom: Object<&RawValue> = serde_json::from_str(custom.get()).ok()?;
    let is_forwarded = |key: &str, value: &str| {
        serde_json::from_str::<String>(value).is_ok_and(|value| outbound.is_forwarded(key, &value))
    };
    let traced = custom.iter().find(|(key, _)| key.eq_ignore_ascii_case("traceparent"));
    let traced_by_us = traced.is_none_or(|(key, value)| is_forwarded(key, value.get()));
    let own = |key: &str| match pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
        Some((known, _)) if *known == "tracestate" && !traced_by_us => None,
        Some((_, value)) => Some(text(value)),
        // A trace state belongs to one trace parent. An empty one counts as none.
        None => (key.eq_ignore_ascii_case("tracestate") && traced_by_us && !pairs.is_empty()).then(|| text("")),
    };
    let mut changes: Vec<_> = custom
        .iter()
        .filter(|(key, value)| is_forwarded(key, value.get()))
        .filter_map(|(key, value)| Some((offset(json, value.get())?, value.get().len(), own(key)?)))
        .collect();
    changes.sort_unstable();
    let mut written = String::with_capacity(json.len());
    let mut at = 0;
    for (start, len, own) in &changes {
        written.extend([json.get(at..*start)?, own]);
        at = start + len;
    }
    written.push_str(json.get(at..)?);
    let fits = written.len() <= MAX_BYTES.max(json.len());
    Some(if changes.is_empty() || !fits { (json.into(), false) } else { (written.into(), true) })
}

fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
}

/// Returns the place before the members of `custom`, and the members.
fn place(json: &str) -> Option<(InsertionPoint<'_>, Object<IgnoredAny>)> {
    let members: Object<&RawValue> = serde_json::from_str(json).ok()?;
    let Some(custom) = members.get("custom").map(|custom| custom.get()) else {
        let contents = json.find('{')? + 1;
        return Some((InsertionPoint::first(json, contents, "\"custom\":{", ["}", "},"])?, Object::new()));
    };
    let present = serde_json::from_str(custom).ok()?;
    let contents = offset(json, custom)? + 1;
    Some((InsertionPoint::first(json, contents, "", ["", ","])?, present))
}

/// Returns the offset of a part borrowed from the text.
fn offset(json: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(json.as_ptr() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use thundra_core::Scope;
    use thundra_core::propagation::{Inbound, Propagators, Trust};

    fn merged(caller: &str, pairs: &[(&str, &str)]) -> (Result<(), Skipped>, String) {
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let mut client_context = Some(BASE64_STANDARD.encode(caller));
        let result = merge(&mut client_context, &pairs, &outbound(&[]));
        (result, decode(&client_context.unwrap()).unwrap())
    }

    #[test]
    fn ours_goes_beside_the_members_of_the_caller() {
        for (caller, expected, why) in [
            ("{}", r#"{"custom":{"a":"1","b":"say \"2\""}}"#, "nothing"),
            (r#"{"custom":{}}"#, r#"{"custom":{"a":"1","b":"say \"2\""}}"#, "nothing in it"),
            (
                "{ \"env\" : {\"n\": 1.0}, \"custom\": { \"z\": \"9\" } }\n",
                "{ \"env\" : {\"n\": 1.0}, \"custom\": {\"a\":\"1\",\"b\":\"say \\\"2\\\"\", \"z\": \"9\" } }\n",
                "their bytes stay",
            ),
            (
                r#" {"client":{"custom":{}}}"#,
                r#" {"custom":{"a":"1","b":"say \"2\""},"client":{"custom":{}}}"#,
                "the top level counts",
            ),
            (r#"{"custom":{"A":"mine"}}"#, r#"{"custom":{"b":"say \"2\"","A":"mine"}}"#, "theirs wins, in any case"),
            (r#"{"custom":{"b":"","a":2}}"#, r#"{"custom":{"b":"","a":2}}"#, "all of it is theirs"),
            (
                r#"{"cust\u006fm":{"z":"9"}}"#,
                r#"{"cust\u006fm":{"a":"1","b":"say \"2\"","z":"9"}}"#,
                "the same key in other letters",
            ),
        ] {
            assert_eq!(merged(caller, &[("a", "1"), ("b", "say \"2\"")]), (Ok(()), expected.to_owned()), "{why}");
        }
    }

    #[test]
    fn another_form_does_not_change() {
        for (caller, why) in [
            ("[]", "an array"),
            ("hello", "text"),
            ("", "nothing"),
            (r#"{"custom":null}"#, "no object in it"),
            (r#"{"custom":"x"}"#, "text in it"),
            (r#"{"custom":{}"#, "cut short"),
        ] {
            assert_eq!(merged(caller, &[("a", "1")]), (Err(Skipped::Data), caller.to_owned()), "{why}");
        }
        for encoded in ["no base64!", "eyJ9", "/w=="] {
            let mut client_context = Some(encoded.to_owned());
            assert_eq!(merge(&mut client_context, &[("a", "1".to_owned())], &outbound(&[])), Err(Skipped::Data));
            assert_eq!(client_context.as_deref(), Some(encoded));
        }
    }

    #[test]
    fn the_size_is_exact_to_the_byte() {
        // `"a":"1"` is 7 bytes, `"b":"2",` 8.
        let caller = |bytes: usize| format!(r#"{{"custom":{{"z":"{}"}}}}"#, "x".repeat(bytes - 19));
        for (bytes, grown, result, why) in [
            (MAX_BYTES - 17, 16, Ok(()), "one byte under"),
            (MAX_BYTES - 16, 16, Ok(()), "at the limit"),
            (MAX_BYTES - 15, 8, Err(Skipped::Size), "one byte over"),
            (MAX_BYTES - 8, 8, Err(Skipped::Size), "room for one to the byte"),
            (MAX_BYTES - 7, 0, Err(Skipped::Size), "room for none"),
            (MAX_BYTES + 100, 0, Err(Skipped::Size), "over it already"),
        ] {
            let caller = caller(bytes);
            assert_eq!(caller.len(), bytes);
            let (said, after) = merged(&caller, &[("a", "1"), ("b", "2")]);
            assert_eq!((said, after.len() - caller.len()), (result, grown), "{why}");
            assert!(grown == 0 || BASE64_STANDARD.encode(after).len() <= 3583, "{why}");
        }
    }

    /// Returns the outbound context of a scope with these received pairs.
    fn outbound(pairs: &[(&str, &str)]) -> Outbound {
        let inbound = Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Full);
        let scope = Scope::builder("test").parent(inbound).begin();
        scope.enter(|| thundra_core::outbound(&tracing::Span::none())).unwrap()
    }

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// Merges into a client context, after receiving [`PARENT`], `a=1` and a chain of 9.
    fn forwarded(caller: &str, pairs: &[(&str, &str)]) -> (Result<(), Skipped>, String) {
        let received = [("traceparent", PARENT), ("tracestate", "a=1"), ("call-chain-length", "9")];
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let mut client_context = Some(BASE64_STANDARD.encode(caller));
        let result = merge(&mut client_context, &pairs, &outbound(&received));
        (result, decode(&client_context.unwrap()).unwrap())
    }

    #[test]
    fn received_values_are_replaced() {
        let ours = [("call-chain-length", "10"), ("traceparent", "ours"), ("tracestate", "b=2")];
        for (caller, ours, expected, why) in [
            (
                r#"{"custom":{"tracestate":"a=1", "z": "9","call-chain-length":"9","traceparent":"PARENT"},"env":{"n":1.0}}"#,
                &ours[..],
                r#"{"custom":{"tracestate":"b=2", "z": "9","call-chain-length":"10","traceparent":"ours"},"env":{"n":1.0}}"#,
                "all of it, and no other byte",
            ),
            (
                r#"{"custom":{"TraceParent":"PARENT"}}"#,
                &ours[..2],
                r#"{"custom":{"call-chain-length":"10","TraceParent":"ours"}}"#,
                "any case, and absent pairs go beside it",
            ),
            (
                r#"{"custom":{"traceparent":"PARENT","tracestate":"a=1"}}"#,
                &ours[1..2],
                r#"{"custom":{"traceparent":"ours","tracestate":""}}"#,
                "a state of another parent goes",
            ),
            (
                r#"{"custom":{"traceparent":"mine","tracestate":"a=1"}}"#,
                &ours[1..],
                r#"{"custom":{"traceparent":"mine","tracestate":"a=1"}}"#,
                "beside the caller's own parent it stays",
            ),
            (
                r#"{"custom":{"call-chain-length":9,"traceparent":"9"}}"#,
                &ours[..2],
                r#"{"custom":{"call-chain-length":9,"traceparent":"9"}}"#,
                "a number, and the value of another key",
            ),
            (
                r#"{"env":{"traceparent":"PARENT"},"custom":{"tracepare\u006et":"PARENT"}}"#,
                &ours[1..2],
                r#"{"env":{"traceparent":"PARENT"},"custom":{"tracepare\u006et":"ours"}}"#,
                "other members stay, and a key may be spelled otherwise",
            ),
        ] {
            let [caller, expected] = [caller, expected].map(|json| json.replace("PARENT", PARENT));
            assert_eq!(forwarded(&caller, ours), (Ok(()), expected), "{why}");
        }
    }

    #[test]
    fn a_replaced_value_keeps_to_the_size() {
        let caller =
            |bytes: usize| format!(r#"{{"custom":{{"call-chain-length":"9","z":"{}"}}}}"#, "x".repeat(bytes - 43));
        for (bytes, length) in [(MAX_BYTES - 1, 10), (MAX_BYTES, 9), (MAX_BYTES + 9, 9)] {
            let before = caller(bytes);
            assert_eq!(before.len(), bytes);
            let (_, after) = forwarded(&before, &[("call-chain-length", "10")]);
            assert_eq!(after, before.replace(r#""9""#, &format!(r#""{length}""#)), "{bytes}");
        }
    }

    #[test]
    fn no_pairs_make_no_client_context() {
        let mut client_context = None;
        assert_eq!(merge(&mut client_context, &[], &outbound(&[])), Ok(()));
        assert_eq!(client_context, None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(
            text in "(\\{\"custom\":)?[{}\\[\\]\",:a0-9 \\\\]{0,24}|\\PC{0,24}", plain in any::<bool>(),
        ) {
            let caller = if plain { text } else { BASE64_STANDARD.encode(text) };
            let mut client_context = Some(caller.clone());
            let result = merge(&mut client_context, &[("a", "1".to_owned())], &outbound(&[]));
            prop_assert_eq!(result.is_err(), client_context == Some(caller));
        }
    }
}
