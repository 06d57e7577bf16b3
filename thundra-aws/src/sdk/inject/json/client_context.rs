//! The `ClientContext` of an invoked function: base64 of a JSON object, whose `custom` has text for each key.
//!
//! A function gets it beside its payload, and only where the caller waits for the answer. What the caller wrote in
//! it stays as it is, to the byte; one that is not of this form is left alone.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use thundra_core::propagation::Outbound;

use super::members::Members;
use crate::gap::Gap;
use crate::sdk::inject::{Injected, Skipped};

/// Lambda takes 3,583 bytes of base64: so much in whole groups of four.
const MAX_BYTES: usize = 3583 / 4 * 3;

/// The members of an object.
type Object<V> = BTreeMap<String, V>;

pub(crate) fn inject(client_context: &mut Option<String>, outbound: &Outbound) -> Injected {
    let mut injected = Injected::default();
    if let Err(why) = merge(client_context, &outbound.pairs()) {
        injected.skip(why);
    }
    injected
}

/// Adds what fits of the pairs that the caller did not set. The error says why something was left out.
fn merge(client_context: &mut Option<String>, pairs: &[(&str, String)]) -> Result<(), Skipped> {
    let json = client_context.as_ref().map_or_else(|| Some("{}".to_owned()), |encoded| decode(encoded));
    let json = json.ok_or(Skipped::Data)?;
    let (gap, present) = place(&json).ok_or(Skipped::Data)?;
    let absent = pairs.iter().filter(|(key, _)| !present.keys().any(|present| present.eq_ignore_ascii_case(key)));
    let members = Members::new(absent.map(|(key, value)| (*key, Value::from(value.as_str()).to_string())));
    if members.is_empty() {
        return Ok(());
    }
    let text = members.within(MAX_BYTES.saturating_sub(gap.len())).ok_or(Skipped::Size)?;
    *client_context = Some(BASE64_STANDARD.encode(gap.fill(&text.json)));
    if members.are_all_in(&text) { Ok(()) } else { Err(Skipped::Size) }
}

fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
}

/// The place before the members of `custom`, and what these are.
fn place(json: &str) -> Option<(Gap<'_>, Object<IgnoredAny>)> {
    let members: Object<&RawValue> = serde_json::from_str(json).ok()?;
    let Some(custom) = members.get("custom").map(|custom| custom.get()) else {
        let contents = json.find('{')? + 1;
        return Some((Gap::first(json, contents, "\"custom\":{", ["}", "},"])?, Object::new()));
    };
    let present = serde_json::from_str(custom).ok()?;
    // Both are the same text: the distance is where the object begins.
    let contents = (custom.as_ptr() as usize).checked_sub(json.as_ptr() as usize)? + 1;
    Some((Gap::first(json, contents, "", ["", ","])?, present))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn merged(caller: &str, pairs: &[(&str, &str)]) -> (Result<(), Skipped>, String) {
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let mut client_context = Some(BASE64_STANDARD.encode(caller));
        let result = merge(&mut client_context, &pairs);
        (result, decode(&client_context.unwrap()).unwrap())
    }

    #[test]
    fn ours_goes_beside_what_the_caller_wrote() {
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
    fn what_is_of_another_form_is_left_alone() {
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
            assert_eq!(merge(&mut client_context, &[("a", "1".to_owned())]), Err(Skipped::Data));
            assert_eq!(client_context.as_deref(), Some(encoded));
        }
    }

    #[test]
    fn the_size_is_kept_to_the_byte() {
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

    #[test]
    fn nothing_to_say_makes_no_client_context() {
        let mut client_context = None;
        assert_eq!(merge(&mut client_context, &[]), Ok(()));
        assert_eq!(client_context, None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(
            text in "(\\{\"custom\":)?[{}\\[\\]\",:a0-9 \\\\]{0,24}|\\PC{0,24}", plain in any::<bool>(),
        ) {
            let caller = if plain { text } else { BASE64_STANDARD.encode(text) };
            let mut client_context = Some(caller.clone());
            let result = merge(&mut client_context, &[("a", "1".to_owned())]);
            prop_assert_eq!(result.is_err(), client_context == Some(caller));
        }
    }
}
