//! W3C `tracestate`: <https://www.w3.org/TR/trace-context-2/#tracestate-header>.

use std::sync::Arc;

use super::ows;

/// The key of the list.
pub(super) const TRACESTATE: &str = "tracestate";
/// The most members of a list: <https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values>.
const MAX_MEMBERS: usize = 32;
/// The most bytes of a list, to keep untrusted callers from filling our requests.
const MAX_BYTES: usize = 2048;
/// The most bytes of a key, and of a value.
const MAX_TEXT: usize = 256;

/// A list during extraction. Several headers make one list.
#[derive(Debug, Default)]
pub(super) struct TraceState {
    /// The members, without surrounding white space. Of a repeated key, the first and latest member stays.
    kept: String,
    members: usize,
    malformed: bool,
}

impl TraceState {
    /// Reads one header. One malformed member makes the whole list malformed, as the specification demands.
    pub(super) fn push(&mut self, header: &str) {
        for member in header.split(',').map(ows::trim).filter(|member| !member.is_empty()) {
            self.malformed = self.malformed || !self.take(member);
            if self.malformed {
                return;
            }
        }
    }

    /// Adds a member. Returns `false` for a malformed member, and over a limit.
    fn take(&mut self, member: &str) -> bool {
        let Some((key, value)) = member.split_once('=') else { return false };
        self.members += 1;
        if self.members > MAX_MEMBERS || !is_key(key) || !is_value(value) {
            return false;
        }
        let known = |member: &str| member.split_once('=').is_some_and(|(known, _)| known == key);
        if self.kept.split(',').any(known) {
            return true;
        }
        let comma = if self.kept.is_empty() { "" } else { "," };
        self.kept.extend([comma, member]);
        self.kept.len() <= MAX_BYTES
    }

    pub(super) fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// Returns the list to forward; `None` for a malformed, too long or empty list.
    pub(super) fn finish(self) -> Option<Arc<str>> {
        (!self.malformed && !self.kept.is_empty()).then(|| self.kept.into())
    }
}

/// Removes the sampling threshold `th` from the [member of OpenTelemetry]. After a new sampling decision, `th` would
/// describe the old decision.
///
/// [member of OpenTelemetry]: https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
pub(crate) fn without_threshold(state: &Arc<str>) -> Option<Arc<str>> {
    if !state.contains("th:") {
        return Some(state.clone());
    }
    let mut kept = String::with_capacity(state.len());
    for member in state.split(',') {
        let comma = if kept.is_empty() { "" } else { "," };
        let Some(fields) = member.strip_prefix("ot=") else {
            kept.extend([comma, member]);
            continue;
        };
        let fields: Vec<_> = fields.split(';').filter(|field| !field.starts_with("th:")).collect();
        if !fields.is_empty() {
            kept.extend([comma, "ot=", &fields.join(";")]);
        }
    }
    (!kept.is_empty()).then(|| kept.into())
}

fn is_key(key: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@');
    key.len() <= MAX_TEXT
        && key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.bytes().all(legal)
}

/// Returns `true` for a legal value. The caller has split at commas and removed trailing spaces.
fn is_value(value: &str) -> bool {
    (1..=MAX_TEXT).contains(&value.len()) && value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(headers: &[&str]) -> Option<Arc<str>> {
        let mut state = TraceState::default();
        headers.iter().for_each(|header| state.push(header));
        state.finish()
    }

    #[test]
    fn a_list_is_bounded() {
        let members = |n: usize| (0..n).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
        assert!(read(&[&members(32)]).is_some());
        assert!(read(&[&members(33)]).is_none());
        assert!(read(&[&members(32), "k0=v"]).is_none(), "a repeated key is a member too");
        let long = |bytes: usize| (0..8).map(|n| format!("k{n}={}", "x".repeat(bytes))).collect::<Vec<_>>().join(",");
        let full = format!("{},a=", long(251));
        assert_eq!(read(&[&format!("{full}{}", "x".repeat(2048 - full.len()))]).map(|list| list.len()), Some(2048));
        assert_eq!(read(&[&format!("{full}{}", "x".repeat(2049 - full.len()))]), None, "one byte more");
    }

    #[test]
    fn a_list_has_the_form_of_the_specification() {
        let (long, longer) = ("x".repeat(256), "x".repeat(257));
        for (value, kept, why) in [
            ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "the example"),
            ("\trojo=1 \t,\t congo=2 ,", "rojo=1,congo=2", "white space around members, and an empty one"),
            ("0a_-*/@tenant=:;!x<>~ y", "0a_-*/@tenant=:;!x<>~ y", "every sign of a key, and some of a value"),
            ("rojo= 1", "rojo= 1", "a space before a value is a part of it"),
            (&format!("{long}=v"), &format!("{long}=v"), "as long as a key may be"),
            (&format!("{longer}=v"), "", "one too long"),
            (&format!("a={long}"), &format!("a={long}"), "as long as a value may be"),
            (&format!("a={longer}"), "", "one too long"),
            ("rojo=1,congo=2,rojo=3", "rojo=1,congo=2", "a key twice: the first is the latest"),
            ("Rojo=1", "", "upper case in a key"),
            ("ro jo=1", "", "a space in a key"),
            ("rojo =1", "", "a space behind a key"),
            ("_rojo=1", "", "a key that begins with a sign"),
            ("rojo.x=1", "", "a dot in a key"),
            ("=1", "", "no key"),
            ("rojo", "", "no value"),
            ("rojo=", "", "an empty value"),
            ("rojo= ", "", "an empty value, and a space"),
            ("rojo=1=2", "", "a second equals sign"),
            ("rojo=\u{7f}", "", "a control character"),
            ("rojo=1\t2", "", "a tab in a value"),
            ("rojo=é", "", "no ASCII"),
            ("rojo=1,ro.jo=2", "", "one malformed member takes all"),
            (" , ", "", "nothing"),
        ] {
            assert_eq!(read(&[value]).as_deref(), Some(kept).filter(|kept| !kept.is_empty()), "{why}");
        }
    }

    #[test]
    fn only_spaces_and_tabs_are_white_space() {
        for space in ["\n", "\r", "\u{b}", "\u{c}", "\u{a0}", "\u{2003}", "\u{2028}", "\u{3000}", "\u{feff}"] {
            for list in [format!("a=1{space}"), format!("{space}a=1"), format!("a=1,{space}b=2"), format!("a{space}=1")]
            {
                assert_eq!(read(&[&list]), None, "{list:?}");
            }
        }
    }

    #[test]
    fn a_new_sampling_decision_removes_the_threshold() {
        for (state, expected) in [
            ("ot=th:8;rv:9b8233f7e3a151,a=1", Some("ot=rv:9b8233f7e3a151,a=1")),
            ("a=th:8,ot=rv:9b8233f7e3a151;th:8;x:y", Some("a=th:8,ot=rv:9b8233f7e3a151;x:y")),
            ("a=1,ot=th:0", Some("a=1")),
            ("ot=th:0", None),
            ("ot=xth:0", Some("ot=xth:0")),
            ("not=th:0", Some("not=th:0")),
            ("a=1", Some("a=1")),
        ] {
            assert_eq!(without_threshold(&state.into()).as_deref(), expected, "{state}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept_again(headers in prop::collection::vec("([a-z@ \t]{0,3}[=,;\u{3000}]?){0,12}", 0..4)) {
            let headers: Vec<_> = headers.iter().map(String::as_str).collect();
            if let Some(kept) = read(&headers) {
                prop_assert!(kept.bytes().all(|b| (b' '..=b'~').contains(&b)), "{}", kept);
                prop_assert_eq!(read(&[&kept]), Some(kept));
            }
        }
    }
}
