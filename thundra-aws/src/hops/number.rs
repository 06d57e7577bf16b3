//! The numbers of DynamoDB. DynamoDB keeps values and not texts: `1.50` comes back as `1.5`, and `5E+2` as `500`.

use std::borrow::Cow;

/// The bounds of exponents, beyond the bounds of DynamoDB. DynamoDB refuses larger numbers.
const MAX_EXPONENT: i32 = 200;

/// Returns a number in DynamoDB's form. A text other than a number stays unchanged.
pub(crate) fn as_written(number: Cow<'_, str>) -> Cow<'_, str> {
    match plain(&number) {
        Some(plain) if plain != number => Cow::Owned(plain),
        _ => number,
    }
}

/// Returns a number without an exponent and without needless zeros.
fn plain(number: &str) -> Option<String> {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= MAX_EXPONENT)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = all.trim_start_matches('0');
    let leading_zeros = all.len() - digits.len();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    // The position of the decimal point among the digits.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) - i64::try_from(leading_zeros).ok()?;
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    Some(match usize::try_from(point).ok().filter(|point| *point > 0) {
        None => format!("{sign}0.{}{digits}", zeros(-point)),
        Some(point) => match digits.split_at_checked(point) {
            Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits}{}", "0".repeat(point.saturating_sub(digits.len()))),
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_has_one_text() {
        for (number, written) in [
            ("7", "7"),
            ("1.5", "1.5"),
            ("1.50", "1.5"),
            ("1.0", "1"),
            ("007", "7"),
            ("+7", "7"),
            ("-7.0", "-7"),
            ("0", "0"),
            ("-0.00", "0"),
            ("0e7", "0"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0.0050", "0.005"),
            ("100", "100"),
            ("1200.0", "1200"),
            ("5E+2", "500"),
            ("1.25e1", "12.5"),
            ("1.25e2", "125"),
            ("12e-1", "1.2"),
            ("-12e-4", "-0.0012"),
            ("1.00000000000000007629769841092E+50", "100000000000000007629769841092000000000000000000000"),
            ("1760000000000", "1760000000000"),
            ("", ""),
            ("-", "-"),
            (".", "."),
            ("1e", "1e"),
            ("1e999999999", "1e999999999"),
            ("1.2.3", "1.2.3"),
            ("seven", "seven"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(as_written(number.into()), written, "{number}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_without_panic(text in "[+-]?[0-9]{0,40}\\.?[0-9]{0,40}([eE][+-]?[0-9]{0,4})?|\\PC*") {
            let written = as_written(text.as_str().into()).into_owned();
            prop_assert_eq!(as_written(written.as_str().into()), written.as_str(), "written once");
            if let (Ok(before), Ok(after)) = (text.parse::<f64>(), written.parse::<f64>()) {
                prop_assert!(before == after || before.is_nan());
            }
        }
    }
}
