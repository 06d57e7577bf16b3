//! Units: from OpenTelemetry's, which are units of [UCUM], to the [units] of CloudWatch.
//!
//! [UCUM]: https://ucum.org/ucum
//! [units]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html

use thundra_core::metrics::InstrumentKind as Kind;

/// The units of CloudWatch, with the equivalent units of OpenTelemetry. CloudWatch does not say if prefixes are decimal
/// or binary, so both are taken.
const UNITS: [(&str, &[&str]); 26] = [
    ("Seconds", &["s"]),
    ("Microseconds", &["us", "µs", "μs"]),
    ("Milliseconds", &["ms"]),
    ("Bytes", &["By"]),
    ("Kilobytes", &["kBy", "KiBy"]),
    ("Megabytes", &["MBy", "MiBy"]),
    ("Gigabytes", &["GBy", "GiBy"]),
    ("Terabytes", &["TBy", "TiBy"]),
    ("Bits", &["bit"]),
    ("Kilobits", &["kbit", "Kibit"]),
    ("Megabits", &["Mbit", "Mibit"]),
    ("Gigabits", &["Gbit", "Gibit"]),
    ("Terabits", &["Tbit", "Tibit"]),
    ("Percent", &["%"]),
    ("Count", &[]),
    ("Bytes/Second", &["By/s"]),
    ("Kilobytes/Second", &["kBy/s", "KiBy/s"]),
    ("Megabytes/Second", &["MBy/s", "MiBy/s"]),
    ("Gigabytes/Second", &["GBy/s", "GiBy/s"]),
    ("Terabytes/Second", &["TBy/s", "TiBy/s"]),
    ("Bits/Second", &["bit/s"]),
    ("Kilobits/Second", &["kbit/s", "Kibit/s"]),
    ("Megabits/Second", &["Mbit/s", "Mibit/s"]),
    ("Gigabits/Second", &["Gbit/s", "Gibit/s"]),
    ("Terabits/Second", &["Tbit/s", "Tibit/s"]),
    ("Count/Second", &["1/s"]),
];

/// Returns CloudWatch's unit. `None` for a unit unknown to CloudWatch: metrics with the unit are stored without one.
///
/// A counter without a unit counts. The dimensionless `1` of a gauge is a ratio, as of a utilization.
pub(super) fn of(unit: &str, kind: Kind) -> Option<&'static str> {
    match unit.trim() {
        "" | "1" if matches!(kind, Kind::Counter | Kind::UpDownCounter) => Some("Count"),
        "1" if kind == Kind::Histogram => Some("Count"),
        unit if is_annotation(unit) => Some("Count"),
        unit if unit.strip_suffix("/s").is_some_and(is_annotation) => Some("Count/Second"),
        // The names of CloudWatch itself may have any case.
        unit => UNITS
            .iter()
            .find(|(name, same)| same.contains(&unit) || name.eq_ignore_ascii_case(unit))
            .map(|(name, _)| *name),
    }
}

/// Returns `true` for a count of things, such as `{request}`.
fn is_annotation(unit: &str) -> bool {
    let inner = unit.strip_prefix('{').and_then(|unit| unit.strip_suffix('}'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_cloudwatchs_where_cloudwatch_has_it() {
        for (unit, kind, expected, why) in [
            ("ms", Kind::Histogram, Some("Milliseconds"), "a duration"),
            ("s", Kind::Histogram, Some("Seconds"), "the base unit of OpenTelemetry"),
            ("us", Kind::Gauge, Some("Microseconds"), "ASCII"),
            ("µs", Kind::Gauge, Some("Microseconds"), "the micro sign"),
            ("μs", Kind::Gauge, Some("Microseconds"), "the Greek letter"),
            ("ns", Kind::Histogram, None, "CloudWatch has none"),
            ("By", Kind::Counter, Some("Bytes"), "bytes"),
            ("MiBy", Kind::Gauge, Some("Megabytes"), "a binary prefix"),
            ("kBy/s", Kind::Gauge, Some("Kilobytes/Second"), "a rate"),
            ("bit", Kind::Gauge, Some("Bits"), "bits"),
            ("%", Kind::Gauge, Some("Percent"), "a percentage"),
            ("1", Kind::Gauge, None, "a ratio"),
            ("1", Kind::Counter, Some("Count"), "a number of times"),
            ("1", Kind::Histogram, Some("Count"), "a number of things each"),
            ("", Kind::Counter, Some("Count"), "a counter counts"),
            ("", Kind::UpDownCounter, Some("Count"), "up and down"),
            ("", Kind::Gauge, None, "nobody knows"),
            ("", Kind::Histogram, None, "nobody knows"),
            ("{request}", Kind::Gauge, Some("Count"), "an annotation"),
            ("{request}/s", Kind::Gauge, Some("Count/Second"), "a rate of an annotation"),
            ("{}", Kind::Gauge, None, "no annotation"),
            ("1/s", Kind::Gauge, Some("Count/Second"), "a rate"),
            ("Milliseconds", Kind::Gauge, Some("Milliseconds"), "CloudWatch's own name"),
            ("count", Kind::Gauge, Some("Count"), "in lower case"),
            ("MS", Kind::Gauge, None, "UCUM has case"),
            ("EUR", Kind::Counter, None, "money"),
            (" s ", Kind::Gauge, Some("Seconds"), "space around"),
        ] {
            assert_eq!(of(unit, kind), expected, "{unit:?} of {kind:?}: {why}");
        }
    }

    #[test]
    fn no_unit_is_listed_twice() {
        let all: Vec<_> = UNITS.iter().flat_map(|(name, same)| same.iter().chain([name])).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len());
    }
}
