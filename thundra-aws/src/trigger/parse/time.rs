//! The formats of times in events.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Converts seconds since 1970, with a fraction.
pub(crate) fn from_seconds(seconds: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Converts milliseconds since 1970.
pub(crate) fn from_millis(millis: f64) -> Option<SystemTime> {
    from_seconds(millis / 1e3)
}

/// Parses a time of RFC 3339 in UTC, as AWS writes it: `2015-08-18T18:02:32.111Z`, with an optional fraction.
pub(crate) fn from_rfc3339(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':')?;
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    in_range.then(|| from_seconds(seconds as f64))?.and_then(|time| time.checked_add(Duration::from_secs_f64(fraction)))
}

/// Returns the days since 1970. See [days_from_civil].
///
/// [days_from_civil]: https://howardhinnant.github.io/date_algorithms.html#days_from_civil
fn days(year: u64, month: u64, day: u64) -> u64 {
    // The year begins in March here, so that a leap day is its last.
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    (year * 365 + year / 4 - year / 100 + year / 400 + day_of_year).saturating_sub(719_468)
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[u64; N]> {
    let digits = |part: &str| part.len() <= 4 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<u64> =
        text.split(separator).map(|part| part.parse().ok().filter(|_| digits(part))).collect::<Option<_>>()?;
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_as_aws_writes_them() {
        for (text, millis, why) in [
            ("2015-08-18T18:02:32.111Z", Some(1_439_920_952_111), "SNS"),
            ("2015-10-08T16:53:06Z", Some(1_444_323_186_000), "EventBridge, without a fraction"),
            ("1970-01-01T00:00:00.123Z", Some(123), "the beginning"),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800_000), "a leap day"),
            ("2015-13-08T16:53:06Z", None, "no such month"),
            ("2015-10-08T16:53:06+01:00", None, "another zone"),
            ("2015-10-08", None, "no time"),
            ("", None, "nothing"),
        ] {
            let read = from_rfc3339(text).map(|t| t.duration_since(UNIX_EPOCH).unwrap().as_millis());
            assert_eq!(read, millis, "{why}");
        }
        assert_eq!((from_seconds(-1.0), from_seconds(f64::NAN), from_millis(1e300)), (None, None, None));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[0-9:TZ.-]{0,30}|\\PC*") {
            let _ = from_rfc3339(&text);
        }
    }
}
