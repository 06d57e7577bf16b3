//! The formats of times in events.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The English names of the months, as abbreviated by Java.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Converts seconds since 1970, with a fraction.
pub(crate) fn from_seconds(seconds: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Converts milliseconds since 1970.
pub(crate) fn from_millis(millis: f64) -> Option<SystemTime> {
    from_seconds(millis / 1e3)
}

/// Parses a time of RFC 3339 in UTC, as written by AWS: `2015-08-18T18:02:32.111Z`, with an optional fraction.
pub(crate) fn from_rfc3339(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, b'-')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, b':')?;
    from_parts([year, month, day], [hour, minute, second])?.checked_add(Duration::from_nanos(nanos(fraction)?))
}

/// Parses the digits after the point of a second.
fn nanos(fraction: &str) -> Option<u64> {
    let digits = fraction.bytes().map(|digit| digit.is_ascii_digit().then(|| u64::from(digit - b'0')));
    let mut first = digits.clone().chain(std::iter::repeat(Some(0))).take(9);
    let nanos = first.try_fold(0, |nanos, digit| Some(nanos * 10 + digit?));
    nanos.filter(|_| digits.skip(9).all(|digit| digit.is_some()))
}

/// Parses a time in Java's English form, with or without the second comma: `Jan 1, 2026, 12:33:41 AM`. The zone of
/// AWS's services is UTC. `None` for times before 2000, because no clock shows a year before 2000.
pub(crate) fn from_english(text: &str) -> Option<SystemTime> {
    let mut words = text.split([',', ' ', '\u{202f}']).filter(|word| !word.is_empty());
    let mut word = || words.next();
    let ([month, day, year, time, half], None) = ([word()?, word()?, word()?, word()?, word()?], word()) else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let ([day], [year], [hour, minute, second]) = (numbers(day, b':')?, numbers(year, b':')?, numbers(time, b':')?);
    let noon = match half {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    let is_hour = (1..=12).contains(&hour) && year >= 2000;
    is_hour.then(|| from_parts([year, month, day], [hour % 12 + noon, minute, second]))?
}

fn from_parts([year, month, day]: [u64; 3], [hour, minute, second]: [u64; 3]) -> Option<SystemTime> {
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).filter(|_| in_range)
}

/// Returns the days since 1970. See [days_from_civil].
///
/// [days_from_civil]: https://howardhinnant.github.io/date_algorithms.html#days_from_civil
fn days(year: u64, month: u64, day: u64) -> u64 {
    // The computation begins each year in March, so a leap day is the last day of the year.
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    (year * 365 + year / 4 - year / 100 + year / 400 + day_of_year).saturating_sub(719_468)
}

/// Returns numbers of one to four digits between separators.
fn numbers<const N: usize>(text: &str, separator: u8) -> Option<[u64; N]> {
    let (mut numbers, mut parts) = ([0; N], text.as_bytes().split(|byte| *byte == separator));
    for number in &mut numbers {
        let digits = parts.next().filter(|digits| (1..=4).contains(&digits.len()))?;
        let add = |number, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'));
        *number = digits.iter().try_fold(0, add)?;
    }
    parts.next().is_none().then_some(numbers)
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

    #[test]
    fn times_are_read_as_java_writes_them() {
        for (text, seconds, why) in [
            ("Feb 29, 2024, 12:00:05 AM", Some(1_709_164_805), "midnight"),
            ("Feb 29, 2024 12:00:05 PM", Some(1_709_208_005), "noon, of an earlier Java"),
            ("Feb 29, 2024, 1:02:03\u{202f}PM", Some(1_709_211_723), "of a later Java"),
            ("Jan 1, 1970, 12:33:41 AM", None, "a number that is no time"),
            ("Feb 29, 2024, 13:00:05 PM", None, "no such hour"),
            ("Feb 29, 2024, 0:00:05 AM", None, "no such hour either"),
            ("févr. 29, 2024, 1:00:05 PM", None, "another language"),
            ("Feb 29, 55873, 1:00:05 PM", None, "milliseconds taken for seconds"),
            ("Feb 29, 2024, 1:00:05 PM UTC", None, "more"),
            ("", None, "nothing"),
        ] {
            let read = from_english(text).map(|t| t.duration_since(UNIX_EPOCH).unwrap().as_secs());
            assert_eq!(read, seconds, "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[0-9:TZ.-]{0,30}|(Jan )?[0-9,: APM]{0,30}|\\PC*") {
            let _ = (from_rfc3339(&text), from_english(&text));
        }
    }
}
