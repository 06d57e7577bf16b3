//! W3C Baggage: <https://www.w3.org/TR/baggage/>.

use std::sync::Arc;

use super::ows;

/// The key of the list.
pub(super) const BAGGAGE: &str = "baggage";
/// <https://www.w3.org/TR/baggage/#limits>.
const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8192;

/// A list during extraction: the well-formed members, up to 64 and up to 8192 bytes. Several headers make one list.
#[derive(Debug, Default)]
pub(super) struct Baggage {
    kept: String,
    members: usize,
    /// The number of malformed members, and of members beyond the limits.
    pub(super) dropped: u32,
}

impl Baggage {
    /// Reads one header.
    pub(super) fn push(&mut self, header: &str) {
        for member in header.split(',').map(ows::trim).filter(|member| !member.is_empty()) {
            let comma = if self.kept.is_empty() { "" } else { "," };
            let fits = self.members < MAX_MEMBERS && self.kept.len() + comma.len() + member.len() <= MAX_BYTES;
            if !fits || !is_member(member) {
                self.dropped = self.dropped.saturating_add(1);
                continue;
            }
            self.members += 1;
            self.kept.push_str(comma);
            // The specification allows tabs, and some carriers refuse them.
            self.kept.extend(member.chars().map(|sign| if sign == '\t' { ' ' } else { sign }));
        }
    }

    /// Returns the list to forward; `None` for an empty list.
    pub(super) fn finish(self) -> Option<Arc<str>> {
        (!self.kept.is_empty()).then(|| self.kept.into())
    }
}

/// Returns `true` for `key=value` followed by properties, with white space around the parts. A property is a key or a
/// pair.
fn is_member(member: &str) -> bool {
    let mut parts = member.split(';').map(ows::trim);
    let is_pair = |(key, value): (&str, &str)| is_token(ows::trim(key)) && ows::trim(value).bytes().all(is_octet);
    parts.next().and_then(|pair| pair.split_once('=')).is_some_and(is_pair)
        && parts.all(|property| property.split_once('=').map_or_else(|| is_token(property), is_pair))
}

fn is_token(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Returns `true` for a byte allowed in values. Quotes would break filter policies of SNS, and spaces are not allowed.
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(headers: &[&str]) -> (Option<Arc<str>>, u32) {
        let mut baggage = Baggage::default();
        headers.iter().for_each(|header| baggage.push(header));
        let dropped = baggage.dropped;
        (baggage.finish(), dropped)
    }

    #[test]
    fn members_are_bounded_and_the_malformed_left_out() {
        let many = (0..70).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
        for (value, kept, dropped, why) in [
            ("a=1, b=2;p=q ,c", Some("a=1,b=2;p=q"), 1, "a member needs a key and a value"),
            ("=1,\u{1}=2", None, 2, "nothing of the header's form"),
            ("a=\"x\"", None, 1, "quotes would break SNS filter policies, and are not allowed"),
            ("", None, 0, "nothing"),
            ("a=1; p ;q = 2;r=", Some("a=1; p ;q = 2;r="), 0, "properties, with spaces around them"),
            ("a = 1%20=2,b=", Some("a = 1%20=2,b="), 0, "a value may hold an equals sign, or nothing"),
            ("a(b=1,a b=2,é=3,c=4", Some("c=4"), 3, "keys are tokens"),
            ("a=1 2,b=\\,c=é,d=4", Some("d=4"), 3, "spaces, backslashes and what is no ASCII are encoded in values"),
            ("a=1;,b=1;p q,c=1;=2,d=4;p", Some("d=4;p"), 3, "properties have keys of the same form"),
            ("\ta\t=\t1;\tp,b=2\t", Some("a = 1; p,b=2"), 0, "tabs are white space"),
            ("a\tb=1,c=1\t2", None, 2, "but no part of a key or value"),
        ] {
            assert_eq!(read(&[value]), (kept.map(Arc::from), dropped), "{why}");
        }
        let (kept, dropped) = read(&[&many]);
        assert_eq!((kept.map(|kept| kept.split(',').count()), dropped), (Some(64), 6));
        let sized = |bytes: usize| format!("b={}", "x".repeat(bytes - 2));
        for (value, bytes, why) in [
            (sized(8192), 8192, "at the limit"),
            (sized(8193), 0, "over it"),
            (format!("a=1,{}", sized(8188)), 8192, "at the limit with its comma"),
            (format!("a=1,{}", sized(8189)), 3, "over it: the first member stays"),
        ] {
            assert_eq!(read(&[&value]).0.map_or(0, |kept| kept.len()), bytes, "{why}");
        }
    }

    #[test]
    fn only_spaces_and_tabs_are_white_space() {
        for space in ["\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{2003}", "\u{2028}", "\u{3000}", "\u{feff}"]
        {
            for member in [
                format!("k{space}=v"),
                format!("k={space}v"),
                format!("{space}k=v"),
                format!("k=v{space}"),
                format!("k=v;{space}p"),
                format!("k=v;p{space}=1"),
            ] {
                let list = format!("a=1,{member},b=2");
                assert_eq!(read(&[&list]), (Some("a=1,b=2".into()), 1), "{list:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_can_be_sent(headers in prop::collection::vec("\\PC{0,4}([a-z= \t;,%\u{3000}\n]{0,40})", 0..4)) {
            let headers: Vec<_> = headers.iter().map(String::as_str).collect();
            if let (Some(kept), _) = read(&headers) {
                prop_assert!(kept.bytes().all(|b| (b' '..=b'~').contains(&b)), "{:?}", kept);
                prop_assert_eq!(read(&[&kept]), (Some(kept), 0));
            }
        }
    }
}
