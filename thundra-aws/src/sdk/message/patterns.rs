//! `THUNDRA_INJECT_PAYLOAD`: into which payloads the context may be written.
//!
//! A list of patterns, `service` or `service:target`, where `*` stands for any text and a leading `!` excludes.
//! The last pattern that matches decides, so exceptions follow their rule: `kinesis,!kinesis:lake-*`. What none
//! matches is left alone, unless the list begins with an exclusion, which is one from everything.

use thundra_core::config;

use crate::sdk::message::Skipped;

/// Why the payloads of this service and target may not be written, if they may not.
pub(crate) fn excluded(service: &str, target: &str) -> Option<Skipped> {
    (!allowed(&config().inject_payload, service, target)).then_some(Skipped::Excluded)
}

/// Whether the payloads of this service and target may be written.
fn allowed(patterns: &[String], service: &str, target: &str) -> bool {
    let all = patterns.first().is_some_and(|first| first.starts_with('!'));
    patterns.iter().fold(all, |allowed, pattern| {
        let (verdict, pattern) = pattern.strip_prefix('!').map_or((true, pattern.as_str()), |rest| (false, rest));
        let (name, targets) = pattern.split_once(':').unwrap_or((pattern, "*"));
        let matches = glob(&name.trim().to_ascii_lowercase(), service) && glob(targets.trim(), target);
        if matches { verdict } else { allowed }
    })
}

/// Whether the text is what the pattern says.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    rest.is_empty() || text.char_indices().any(|(at, _)| text.get(at..).is_some_and(|tail| glob(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_match_decides() {
        for (patterns, target, expected) in [
            ("kinesis,lambda", "orders", true),
            ("lambda", "orders", false),
            ("", "orders", false),
            ("none", "orders", false),
            ("Kinesis", "orders", true),
            ("*", "orders", true),
            ("kinesis:orders-*", "orders-eu", true),
            ("kinesis:orders-*", "lake", false),
            ("kinesis:*-eu", "orders-eu", true),
            ("kinesis:*-eu-*", "orders-eu-1", true),
            ("kinesis:*-eu-*", "orders-us-1", false),
            ("kinesis,!kinesis:lake-*", "lake-raw", false),
            ("kinesis,!kinesis:lake-*", "orders", true),
            ("kinesis,!kinesis:lake-*,kinesis:lake-open", "lake-open", true),
            ("!kinesis:lake-*", "orders", true),
            ("!kinesis:lake-*", "lake-raw", false),
            ("kinesis:orders", "", false),
        ] {
            let list: Vec<_> = patterns.split(',').filter(|p| !p.is_empty()).map(str::to_owned).collect();
            assert_eq!(allowed(&list, "kinesis", target), expected, "{patterns} on {target}");
        }
    }
}
