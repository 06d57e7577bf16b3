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

fn is_member(member: &str) -> bool {
    let printable = member.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
    printable && member.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty())
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
