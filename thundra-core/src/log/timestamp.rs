//! Timestamps of log lines: RFC 3339, in UTC.

/// Appends a time such as `2026-11-26T11:44:58.123456Z`.
pub(super) fn rfc3339(out: &mut Vec<u8>, unix_nano: u64) {
    let (seconds, micros) = (unix_nano / 1_000_000_000, unix_nano % 1_000_000_000 / 1000);
    let (year, month, day) = date(seconds / 86_400);
    let second = seconds % 86_400;
    let [y1, y2] = [year / 100, year % 100].map(digits);
    let [month, day] = [month, day].map(digits);
    let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60].map(digits);
    let [m1, m2, m3] = [micros / 10_000, micros / 100 % 100, micros % 100].map(digits);
    out.extend_from_slice(&[
        y1[0], y1[1], y2[0], y2[1], b'-', month[0], month[1], b'-', day[0], day[1], b'T', hour[0], hour[1], b':',
        minute[0], minute[1], b':', second[0], second[1], b'.', m1[0], m1[1], m2[0], m2[1], m3[0], m3[1], b'Z',
    ]);
}

/// Returns the two digits of a number below 100.
const fn digits(number: u64) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// Returns the year, the month and the day of a day after 1970-01-01, by the [algorithm] `civil_from_days`.
///
/// [algorithm]: https://howardhinnant.github.io/date_algorithms.html
const fn date(days: u64) -> (u64, u64, u64) {
    // Years begin in March, and the leap day comes last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, after_new_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + after_new_year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(unix_nano: u64) -> String {
        let mut out = Vec::new();
        rfc3339(&mut out, unix_nano);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_timestamp_is_rfc_3339_to_the_microsecond() {
        for (seconds, nanos, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400, 1_000, "2000-02-29T00:00:00.000001Z"),
            (951_868_800, 999, "2000-03-01T00:00:00.000000Z"),
            (1_795_693_498, 123_456_789, "2026-11-26T11:44:58.123456Z"),
            (4_107_542_399, 0, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(text(seconds * 1_000_000_000 + nanos), expected);
        }
    }

    proptest! {
        #[test]
        fn later_times_have_later_texts(one in any::<u64>(), other in any::<u64>()) {
            let (one, other) = (one / 1000 * 1000, other / 1000 * 1000);
            prop_assert_eq!(one.cmp(&other), text(one).cmp(&text(other)));
        }
    }
}
