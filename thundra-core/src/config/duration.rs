//! Times with a unit, as in `500ms`.

use std::time::Duration;

/// The units, with their nanoseconds. The longer of two names with the same end stands first.
const UNITS: [(&str, f64); 4] = [("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9)];

/// A day, in nanoseconds.
const MAX_NANOS: f64 = 86_400e9;

/// Reads a number with a unit: `us`, `ms`, `s` or `m`. Only zero needs no unit. `None` for any other text, and for a
/// time of more than a day.
#[doc(hidden)]
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim().to_ascii_lowercase();
    let (number, nanos) =
        UNITS.iter().find_map(|(unit, nanos)| Some((text.strip_suffix(unit)?, *nanos))).unwrap_or((&text, 0.0));
    let number = number.trim_end();
    // `parse` takes signs, exponents and words such as `inf` as well.
    let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = number.parse::<f64>().ok().filter(|_| is_plain)?;
    let total = number * nanos;
    ((nanos > 0.0 || number == 0.0) && total <= MAX_NANOS).then(|| Duration::from_nanos(total.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        let ms = |ms| Some(Duration::from_millis(ms));
        for (text, time, why) in [
            ("500ms", ms(500), "milliseconds"),
            (" 500 MS ", ms(500), "spaces, upper case"),
            ("2s", ms(2_000), "seconds"),
            ("1.5s", ms(1_500), "a fraction"),
            ("1m", ms(60_000), "a minute"),
            ("250us", Some(Duration::from_micros(250)), "microseconds"),
            ("0", ms(0), "zero is the same in every unit"),
            ("0s", ms(0), "zero with a unit"),
            ("500", None, "no unit"),
            ("1h", None, "no such unit"),
            ("ms", None, "no number"),
            ("", None, "nothing"),
            (".", None, "no digit"),
            ("-1s", None, "a time before"),
            ("+1s", None, "a sign"),
            ("1e3ms", None, "an exponent"),
            ("infs", None, "no end"),
            ("nans", None, "no number"),
            ("1,5s", None, "a comma"),
            ("٣s", None, "other digits"),
            ("99999999999999999999s", None, "more than a day"),
        ] {
            assert_eq!(duration(text), time, "{text:?}: {why}");
        }
    }
}
