//! The pause requested by a collector: [`Retry-After`].
//!
//! [`Retry-After`]: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The longest pause at the request of a collector.
const MAX: Duration = Duration::from_secs(300);

/// Reads the number of seconds, or the date, from the headers of a response. A date is compared with the collector's
/// clock, where the response has a `Date` header. `None` without a readable value, and zero for a past date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let date = |text| httpdate::parse_http_date(text).ok();
    let value = text(RETRY_AFTER)?;
    let pause = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let sent = text(DATE).and_then(date).unwrap_or(now);
        date(value)?.duration_since(sent).unwrap_or_default()
    };
    Some(pause.min(MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_number_or_a_date() {
        const NINE: &str = "Thu, 26 Nov 2026 09:00:00 GMT";
        let now = httpdate::parse_http_date(NINE).unwrap();
        for (value, date, expected, why) in [
            ("7", None, Some(7), "seconds"),
            (" 7 ", None, Some(7), "white space"),
            ("0", None, Some(0), "at once"),
            ("3600", None, Some(300), "more than the longest pause"),
            ("99999999999999999999999", None, Some(300), "more than a number holds"),
            ("Thu, 26 Nov 2026 09:00:20 GMT", None, Some(20), "a date, by our clock"),
            ("Thu, 26 Nov 2026 10:00:20 GMT", Some("Thu, 26 Nov 2026 10:00:00 GMT"), Some(20), "a clock that is ahead"),
            ("Thu, 26 Nov 2026 08:00:20 GMT", Some("Thu, 26 Nov 2026 08:00:00 GMT"), Some(20), "a clock that is late"),
            ("Thu, 26 Nov 2026 09:00:20 GMT", Some("yesterday"), Some(20), "a time that is none"),
            ("Thursday, 26-Nov-26 09:00:20 GMT", None, Some(20), "the form of RFC 850"),
            ("Thu Nov 26 09:00:20 2026", None, Some(20), "the form of asctime"),
            ("Thu, 26 Nov 2026 08:59:59 GMT", None, Some(0), "a past date"),
            ("Thu, 01 Jan 1970 00:00:00 GMT", None, Some(0), "the beginning of time"),
            ("Fri, 26 Nov 2027 09:00:00 GMT", None, Some(300), "a year"),
            ("-1", None, None, "a negative number"),
            ("1.5", None, None, "a fraction"),
            ("+1", None, None, "a sign"),
            ("", None, None, "nothing"),
            ("soon", None, None, "a word"),
            ("Thu, 26 Nov 2026 25:00:00 GMT", None, None, "no such hour"),
        ] {
            let mut headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{why}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
