//! Our context as members of a JSON object, the most important first, up to a size.

use std::borrow::Cow;

use thundra_core::propagation::CORRELATION_TRACEPARENT;

/// The members of a context.
#[derive(Debug)]
pub(crate) struct Members {
    all: Vec<Member>,
    /// Text with all members, for nearly every message.
    full: Text,
}

#[derive(Debug)]
struct Member {
    key: String,
    /// `"key":value`
    json: String,
}

/// The text of some members, without the braces.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) json: String,
    pub(crate) count: usize,
    /// `true` if the members name the span of the call.
    pub(crate) own_context: bool,
}

impl Members {
    /// Creates members from keys and JSON values, the most important first.
    pub(crate) fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let member = |(key, value): (&str, String)| Member { key: key.to_owned(), json: format!("\"{key}\":{value}") };
        let all: Vec<_> = pairs.into_iter().map(member).collect();
        let full = within(&all, usize::MAX);
        Members { all, full }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.all.iter().any(|member| member.key.eq_ignore_ascii_case(key))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the length of the text with all members.
    pub(crate) fn longest(&self) -> usize {
        self.full.json.len()
    }

    /// Returns members for up to `room` bytes, or `None` if no member fits.
    pub(crate) fn within(&self, room: usize) -> Option<Cow<'_, Text>> {
        let text =
            if self.full.json.len() <= room { Cow::Borrowed(&self.full) } else { Cow::Owned(within(&self.all, room)) };
        (text.count > 0).then_some(text)
    }

    /// Returns `true` if the text has all members.
    pub(crate) fn are_all_in(&self, text: &Text) -> bool {
        text.count == self.full.count
    }
}

fn within(members: &[Member], room: usize) -> Text {
    let mut text = Text::default();
    let mut traced = false;
    for Member { key, json } in members {
        let comma = if text.count > 0 { "," } else { "" };
        // A trace state belongs to one trace parent.
        let orphan = key == "tracestate" && !traced;
        if orphan || text.json.len() + comma.len() + json.len() > room {
            continue;
        }
        text.json.extend([comma, json]);
        text.count += 1;
        traced |= key == "traceparent";
        text.own_context |= key == "traceparent" || key == CORRELATION_TRACEPARENT;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(pairs: &[(&'static str, &str)]) -> Members {
        Members::new(pairs.iter().map(|(key, json)| (*key, (*json).to_owned())))
    }

    #[test]
    fn the_first_members_that_fit_go_in() {
        let members = members(&[("id", r#""1""#), ("traceparent", r#""t""#), ("z", "2")]);
        for (room, expected, own_context, why) in [
            (1000, Some(r#""id":"1","traceparent":"t","z":2"#), true, "all"),
            (32, Some(r#""id":"1","traceparent":"t","z":2"#), true, "all, to the byte"),
            (31, Some(r#""id":"1","traceparent":"t""#), true, "one byte less"),
            (25, Some(r#""id":"1","z":2"#), false, "a member that is too large is skipped"),
            (8, Some(r#""id":"1""#), false, "one"),
            (7, Some(r#""z":2"#), false, "the last one alone"),
            (4, None, false, "none"),
            (0, None, false, "no room"),
        ] {
            let text = members.within(room);
            assert_eq!(text.as_ref().map(|text| text.json.as_str()), expected, "{why}");
            let complete = text.as_ref().is_some_and(|text| members.are_all_in(text));
            assert_eq!((complete, text.is_some_and(|text| text.own_context)), (room >= 32, own_context), "{why}");
        }
    }

    #[test]
    fn a_trace_state_needs_its_parent() {
        let all = members(&[("x", "1"), ("traceparent", r#""0123456789""#), ("tracestate", r#""a=1""#)]);
        assert_eq!(all.within(25).unwrap().json, r#""x":1"#);
        assert!(all.within(1000).unwrap().json.ends_with(r#","tracestate":"a=1""#));
        assert!(members(&[("tracestate", "1")]).within(1000).is_none(), "the caller's own parent is there");
        assert!(members(&[]).is_empty());
    }
}
