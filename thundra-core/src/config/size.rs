//! Sizes with a unit, as in `64KiB`.

/// The units, with their bytes. The longer of two names with the same end stands first.
const UNITS: [(&str, u64); 5] = [("kib", 1 << 10), ("mib", 1 << 20), ("kb", 1_000), ("mb", 1_000_000), ("b", 1)];

/// Reads a whole number of bytes, with or without a unit: `B`, `KiB`, `MiB`, `KB` or `MB`. `None` for any other text.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, unit) =
        UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes))).unwrap_or((&text, 1));
    let number = number.trim_end();
    // `parse` takes a sign as well.
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| is_plain)?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_of_bytes_or_of_a_unit() {
        for (text, bytes, why) in [
            ("64KiB", Some(65_536), "a unit"),
            (" 64 kib ", Some(65_536), "spaces, lower case"),
            ("1MiB", Some(1_048_576), "a larger unit"),
            ("64KB", Some(64_000), "thousands"),
            ("2MB", Some(2_000_000), "millions"),
            ("700B", Some(700), "bytes"),
            ("700", Some(700), "bytes have no unit"),
            ("0", Some(0), "nothing"),
            ("0KiB", Some(0), "nothing with a unit"),
            ("64K", None, "which one?"),
            ("1GiB", None, "no such unit"),
            ("KiB", None, "no number"),
            ("", None, "no text"),
            ("1.5MiB", None, "a fraction"),
            ("-1", None, "less than nothing"),
            ("+1", None, "a sign"),
            ("1_000", None, "a separator"),
            ("٣KiB", None, "other digits"),
            ("18446744073709551615MiB", None, "more than there are"),
        ] {
            assert_eq!(size(text), bytes, "{text:?}: {why}");
        }
    }
}
