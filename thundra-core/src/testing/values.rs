//! Placeholders for values that differ between runs: the names of the kinds of values.

use std::collections::HashSet;

/// Replaces ids, addresses, ports of the local machine and times in a text: `<uuid>`, `<id>`, `<address>`, `<port>`,
/// `<time>`.
///
/// An id is a run of 16 or 32 hexadecimal digits in lower case, such as the id of a span or of a trace. One id in 2,000
/// has no letter and looks like a number: such an id is recognised if `known`, and in a `traceparent` or an X-Ray
/// header. The trace id of X-Ray is an id, too.
pub(super) fn stable(text: &str, known: &HashSet<String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let before = out.chars().next_back();
        let starts_word = !before.is_some_and(|before| before.is_ascii_alphanumeric());
        let found = if starts_word { found(rest, before, &out, known) } else { None };
        let (length, shown) = found.unwrap_or((first.len_utf8(), ""));
        let (this, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.push_str(if found.is_some() { shown } else { this });
        rest = others;
    }
    out
}

/// Returns the length and the replacement of a value at the start of a text.
fn found(text: &str, before: Option<char>, all_before: &str, known: &HashSet<String>) -> Option<(usize, &'static str)> {
    if let Some(length) = fits(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
        return Some((length, "<uuid>"));
    }
    if let Some(length) = fits(text, "1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx") {
        return Some((length, "<id>"));
    }
    if let Some(length) = time(text) {
        return Some((length, "<time>"));
    }
    if let Some(digits) = text.strip_prefix("0x").map(run_of_hex)
        && digits >= 6
    {
        return Some((2 + digits, "<address>"));
    }
    let is_loopback = ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|host| all_before.ends_with(host));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if before == Some(':') && is_loopback && digits > 0 {
        return Some((digits, "<port>"));
    }
    let hex = run_of_hex(text);
    let id = text.get(..hex).filter(|id| matches!(id.len(), 16 | 32))?;
    let is_mixed = id.bytes().any(|byte| byte.is_ascii_digit()) && id.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_certain = || known.contains(id) || is_in_header(text, all_before);
    let ends = !text.as_bytes().get(hex).is_some_and(u8::is_ascii_alphanumeric);
    let is_upper = id.bytes().any(|byte| byte.is_ascii_uppercase());
    (ends && !is_upper && (is_mixed || is_certain())).then_some((hex, "<id>"))
}

/// Returns `true` for an id in a `traceparent` or an X-Ray header.
fn is_in_header(text: &str, all_before: &str) -> bool {
    let is_of_trace = fits(text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx").is_some();
    is_of_trace && all_before.ends_with("00-") || all_before.ends_with("00-<id>-") || all_before.ends_with("Parent=")
}

fn run_of_hex(text: &str) -> usize {
    text.bytes().take(33).take_while(u8::is_ascii_hexdigit).count()
}

/// Returns the length of a time by RFC 3339, with a fraction of any length, and in UTC or with an offset.
fn time(text: &str) -> Option<usize> {
    let length = fits(text, "dddd-dd-ddTdd:dd:dd").or_else(|| fits(text, "dddd-dd-dd dd:dd:dd"))?;
    let rest = text.get(length..)?;
    let fraction = match rest.strip_prefix('.') {
        Some(digits) => 1 + digits.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    let zone = rest.get(fraction..)?;
    let zone =
        if zone.starts_with('Z') { 1 } else { fits(zone, "+dd:dd").or_else(|| fits(zone, "-dd:dd")).unwrap_or(0) };
    Some(length + fraction + zone)
}

/// Returns the length of a pattern that a text begins with: `d` is a digit, `x` a hexadecimal digit.
fn fits(text: &str, pattern: &str) -> Option<usize> {
    let start = text.as_bytes().get(..pattern.len())?;
    let fits = start.iter().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        other => *byte == other,
    });
    fits.then_some(pattern.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_a_run_are_replaced_and_words_are_not() {
        let known = HashSet::from(["1111111111111111".to_owned()]);
        for (text, expected) in [
            ("order 7 of 12", "order 7 of 12"),
            ("req-0b2c4a1e-5f6d-4c3b-9a8e-1d2c3b4a5f6e!", "req-<uuid>!"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-<id>-<id>-01"),
            (
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
                "Root=<id>;Parent=<id>;Sampled=1",
            ),
            ("http://127.0.0.1:34567/orders?at=2026-11-26T12:58:09.285Z", "http://127.0.0.1:<port>/orders?at=<time>"),
            ("localhost:80, [::1]:9, example.com:443", "localhost:<port>, [::1]:<port>, example.com:443"),
            ("Job(0x7ffd1234abcd), 0xff", "Job(<address>), 0xff"),
            ("2026-11-26 12:58:09+01:00 later", "<time> later"),
            ("2026-11-26", "2026-11-26"),
            ("1234567890123456 deadbeefdeadbeef", "1234567890123456 deadbeefdeadbeef"),
            ("00-12345678901234567890123456789012-1234567890123456-01", "00-<id>-<id>-01"),
            ("Root=1-57599888-123456789012345678901234;Parent=1234567890123456", "Root=<id>;Parent=<id>"),
            ("span 1111111111111111, order 2222222222222222", "span <id>, order 2222222222222222"),
            ("é\u{1f600}", "é\u{1f600}"),
        ] {
            assert_eq!(stable(text, &known), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}") {
            let _ = stable(&text, &HashSet::new());
        }
    }
}
