//! Times in the lines of loggers, in nanoseconds since 1970.

use chrono::{DateTime, NaiveDateTime};
use serde_json::Value as Json;

/// The form of the Powertools for Python.
const PYTHON: &str = "%Y-%m-%d %H:%M:%S,%3f%z";

/// The form of `aws logs tail --format short`: UTC, without a zone.
const SHORT: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// The length of the shortest time as text: up to seconds, without a zone.
const MIN_LEN: usize = 19;

/// Reads a time as text, in nanoseconds since 1970: RFC 3339, the form of Python's Powertools, or that of
/// `aws logs tail`.
pub fn nanoseconds(text: &str) -> Option<u64> {
    // Most words of a line are no times.
    if text.len() < MIN_LEN || !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let zoned = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, PYTHON));
    let time = match zoned {
        Ok(time) => time.to_utc(),
        Err(_) => NaiveDateTime::parse_from_str(text, SHORT).ok()?.and_utc(),
    };
    u64::try_from(time.timestamp_nanos_opt()?).ok()
}

/// Reads a time as text or as a number, in nanoseconds since 1970.
pub(crate) fn time(json: &Json) -> Option<u64> {
    match json {
        Json::String(text) => nanoseconds(text),
        // The size tells the unit: 10^11 ms, 10^14 µs and 10^17 ns were in 1973. Lambda and Node write milliseconds.
        Json::Number(number) => {
            let nanos = match number.as_f64().filter(|number| *number > 0.0)? {
                number if number < 1e11 => number * 1e9,
                number if number < 1e14 => number * 1e6,
                number if number < 1e17 => number * 1e3,
                number => number,
            };
            // Times after the year 2262 are refused, as in text.
            Some(nanos as u64).filter(|nanos| i64::try_from(*nanos).is_ok())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time_is_read() {
        const SECOND: u64 = 1_764_115_200_000_000_000;
        for (text, expected, why) in [
            ("2025-11-26T00:00:00Z", Some(SECOND), "RFC 3339"),
            ("2025-11-26T01:00:00.5+01:00", Some(SECOND + 500_000_000), "with a zone"),
            ("2025-11-26 00:00:00,250+0000", Some(SECOND + 250_000_000), "Python's Powertools"),
            ("2025-11-26T00:00:00", Some(SECOND), "aws logs tail --format short"),
            ("2025-11-26T00:00:00.5", Some(SECOND + 500_000_000), "with a fraction"),
            ("1969-12-31T00:00:00Z", None, "before 1970"),
            ("2263-01-01T00:00:00Z", None, "after the last nanosecond"),
            ("2025-11-26", None, "a day"),
            ("8f507cfc-a72f-4b3f-9d7d-9ac4f4a3a1c4", None, "a request id"),
            ("", None, "nothing"),
        ] {
            assert_eq!(nanoseconds(text), expected, "{why}");
        }
    }
}
