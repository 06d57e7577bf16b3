//! W3C Baggage: <https://www.w3.org/TR/baggage/>.

/// <https://www.w3.org/TR/baggage/#limits>.
const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8192;

/// Baggage worth handing on: the members of the header's form, at most 64 and 8192 bytes of them.
/// `None` when nothing is left.
pub(super) fn valid_baggage(value: &str) -> Option<String> {
    let mut kept = String::new();
    let members = value.split(',').map(str::trim).filter(|member| is_member(member)).take(MAX_MEMBERS);
    for member in members {
        let comma = if kept.is_empty() { "" } else { "," };
        if kept.len() + comma.len() + member.len() > MAX_BYTES {
            break;
        }
        kept.push_str(comma);
        kept.push_str(member);
    }
    (!kept.is_empty()).then_some(kept)
}

/// `key=value`, then properties: each a key, or a pair of its own. Spaces may surround each part.
fn is_member(member: &str) -> bool {
    let mut parts = member.split(';').map(str::trim);
    let is_pair = |(key, value): (&str, &str)| is_token(key.trim()) && value.trim().bytes().all(is_octet);
    parts.next().and_then(|pair| pair.split_once('=')).is_some_and(is_pair)
        && parts.all(|property| property.split_once('=').map_or_else(|| is_token(property), is_pair))
        // A tab may stand where a space may, but not everywhere where it is sent on.
        && !member.contains('\t')
}

fn is_token(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// What a value is made of: no quotes, which would break filter policies of SNS, and no space.
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_bounded_and_the_malformed_left_out() {
        let many = (0..70).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
        for (value, kept, why) in [
            ("a=1, b=2;p=q ,c", Some("a=1,b=2;p=q"), "a member needs a key and a value"),
            ("=1,\u{1}=2", None, "nothing of the header's form"),
            ("a=\"x\"", None, "quotes would break SNS filter policies, and are not allowed"),
            ("", None, "nothing"),
            ("a=1; p ;q = 2;r=", Some("a=1; p ;q = 2;r="), "properties, with spaces around them"),
            ("a = 1%20=2,b=", Some("a = 1%20=2,b="), "a value may hold an equals sign, or nothing"),
            ("a(b=1,a b=2,é=3,c=4", Some("c=4"), "keys are tokens"),
            ("a=1 2,b=\\,c=é,d=4", Some("d=4"), "spaces, backslashes and what is no ASCII are encoded in values"),
            ("a=1;,b=1;p q,c=1;=2,d=4;p", Some("d=4;p"), "properties have keys of the same form"),
            ("a=1;\tp,b=2", Some("b=2"), "a tab"),
        ] {
            assert_eq!(valid_baggage(value).as_deref(), kept, "{why}");
        }
        assert_eq!(valid_baggage(&many).map(|kept| kept.split(',').count()), Some(64));
        let sized = |bytes: usize| format!("b={}", "x".repeat(bytes - 2));
        for (value, bytes, why) in [
            (sized(8192), 8192, "at the limit"),
            (sized(8193), 0, "over it"),
            (format!("a=1,{}", sized(8188)), 8192, "at the limit with its comma"),
            (format!("a=1,{}", sized(8189)), 3, "over it: the first member stays"),
        ] {
            assert_eq!(valid_baggage(&value).map_or(0, |kept| kept.len()), bytes, "{why}");
        }
    }
}
